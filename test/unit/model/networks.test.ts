import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ipv4Network, sameNetwork } from '../../../src/model/networks.js';

test('a network is an address without its host bits', () => {
  assert.deepEqual(ipv4Network('10.0.9.21', 24), { base: 0x0a000900, prefixLength: 24 });
  assert.deepEqual(ipv4Network('192.168.1.129', 25), { base: 0xc0a80180, prefixLength: 25 });
  assert.deepEqual(ipv4Network('255.255.255.255', 32), { base: 0xffffffff, prefixLength: 32 });
  assert.deepEqual(ipv4Network('10.0.0.1', 0), { base: 0, prefixLength: 0 });
});

test('what is no IPv4 address has none', () => {
  for (const text of ['fd00::1', '', '10.0.0', 'a.b.c.d', '::ffff:10.0.0.1'])
    assert.equal(ipv4Network(text, 24), undefined, text);
});

test('networks of different lengths are different', () => {
  const [wide, narrow, other] = [ipv4Network('10.0.0.1', 16), ipv4Network('10.0.0.9', 24), ipv4Network('10.0.0.200', 24)];
  assert.ok(wide && narrow && other);
  assert.equal(sameNetwork(wide, narrow), false);
  assert.equal(sameNetwork(narrow, other), true);
});
