import assert from 'node:assert/strict';
import t from 'tap';
import { ipv4Network, sameNetwork } from '../../../src/model/networks.js';

t.test('a network is an address without its host bits', async (t) => {
  t.strictSame(ipv4Network('10.0.9.21', 24), { base: 0x0a000900, prefixLength: 24 });
  t.strictSame(ipv4Network('192.168.1.129', 25), { base: 0xc0a80180, prefixLength: 25 });
  t.strictSame(ipv4Network('255.255.255.255', 32), { base: 0xffffffff, prefixLength: 32 });
  t.strictSame(ipv4Network('10.0.0.1', 0), { base: 0, prefixLength: 0 });
});

t.test('what is no IPv4 address has none', async (t) => {
  for (const text of ['fd00::1', '', '10.0.0', 'a.b.c.d', '::ffff:10.0.0.1']) t.equal(ipv4Network(text, 24), undefined, text);
});

t.test('networks of different lengths are different', async (t) => {
  const [wide, narrow, other] = [ipv4Network('10.0.0.1', 16), ipv4Network('10.0.0.9', 24), ipv4Network('10.0.0.200', 24)];
  assert.ok(wide && narrow && other);
  assert.equal(sameNetwork(wide, narrow), false);
  t.equal(sameNetwork(narrow, other), true);
});
