import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { canIdentify, networkOf } from '../../../src/fabric/ip.js';
import { isMulticast } from '../../../src/netlink/text.js';

t.test('the network of an address has its host bits cleared', async (t) => {
  for (const [cidr, network] of [
    ['10.0.1.1/24', '10.0.1.0/24'],
    ['10.0.1.1/20', '10.0.0.0/20'],
    ['192.168.255.255/0', '0.0.0.0/0'],
    ['10.0.1.2/32', '10.0.1.2/32'],
    ['255.255.255.255/31', '255.255.255.254/31'],
    ['fd00:1:2::1/64', 'fd00:1:2::/64'],
    ['fd00::ffff:1/113', 'fd00::ffff:0/113'],
    ['2001:db8:0:1:0:0:2:3/126', '2001:db8:0:1::2:0/126'],
    ['::1/128', '::1/128'],
    ['2001:db8::1/0', '::/0'],
  ] as const) {
    t.equal(networkOf(cidr), network, cidr);
    t.equal(networkOf(network), network);
  }
});

t.test('what is no address with a prefix length is left as it is', async (t) => {
  const odd = [
    '',
    '/',
    '10.0.0.1',
    '10.0.0/24',
    '10.0.0.256/24',
    '010.0.0.1/8',
    '0x0a.0.0.1/8',
    '10.0.0.1/33',
    '10.0.0.1/x',
    '1::2::3/64',
    'fd00::/129',
    'é/8',
    ':::/8',
  ];
  for (const text of odd) t.equal(networkOf(text), text);
  fc.assert(fc.property(fc.string(), (text) => typeof networkOf(text) === 'string'));
});

t.test('networks of IPv6 addresses are spelled the same however they are written', async () => {
  fc.assert(
    fc.property(fc.ipV6(), fc.integer({ min: 0, max: 128 }), (address, length) => {
      fc.pre(!address.includes('.'));
      const network = networkOf(`${address}/${length}`);
      assert.equal(networkOf(network), network);
      const url = new URL(`http://[${network.split('/')[0]!}]/`);
      assert.equal(`[${network.split('/')[0]!}]`, url.hostname);
    }),
  );
});

t.test('loopback, link-local, multicast and unspecified addresses identify no host', async (t) => {
  for (const address of ['127.0.0.1', '169.254.1.1', '224.0.0.1', '0.0.0.0', '', '::', '::1', 'fe80::1', 'febf::1', 'ff02::1'])
    t.equal(canIdentify(address), false, address);
  for (const address of ['10.0.0.1', '172.17.0.1', '192.0.2.1', '1.2.3.4', 'fd00::1', '2001:db8::1', 'fec0::1'])
    t.equal(canIdentify(address), true, address);
  t.strictSame(['239.1.1.1', 'ff05::1', '240.0.0.1', '22.4.0.1'].map(isMulticast), [true, true, false, false]);
});
