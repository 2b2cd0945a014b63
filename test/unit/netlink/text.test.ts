import assert from 'node:assert/strict';
import { SocketAddress } from 'node:net';
import fc from 'fast-check';
import t from 'tap';
import * as text from '../../../src/netlink/text.js';
import { ARPHRD_IP6GRE, ARPHRD_IPGRE, ARPHRD_SIT, ARPHRD_TUNNEL, ARPHRD_TUNNEL6 } from '../../../src/netlink/uapi.js';
import { viewOf } from '../../support/fixture.js';
import { hex } from '../../support/message-builder.js';

function ipv6(bytes: Uint8Array): string {
  return text.ipv6Text(viewOf(bytes), 0);
}

/** What inet_ntop() says; node hands the address through it. */
function inetNtop(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, group) =>
    viewOf(bytes)
      .getUint16(group * 2)
      .toString(16),
  );
  return new SocketAddress({ address: groups.join(':'), family: 'ipv6' }).address;
}

t.test('ipv6Text', async (t) => {
  for (const [digits, expected] of [
    ['00000000 00000000 00000000 00000000', '::'],
    ['00000000 00000000 00000000 00000001', '::1'],
    ['20010db8 00000000 00000000 00000001', '2001:db8::1'],
    ['20010db8 00000000 00010000 00000001', '2001:db8::1:0:0:1'],
    ['20010db8 00010001 00010001 00010000', '2001:db8:1:1:1:1:1:0'],
    ['20010db8 00000001 00010001 00010001', '2001:db8:0:1:1:1:1:1'],
    ['00010000 00000000 00000000 00000000', '1::'],
    ['00000000 00000000 0000ffff c0000209', '::ffff:192.0.2.9'],
    ['00000000 00000000 00000000 c0000209', '::192.0.2.9'],
    ['00000000 00000000 00000000 00010002', '::0.1.0.2'],
    ['00000000 00000000 00000000 0000abcd', '::abcd'],
    ['00000000 00000000 ffff0000 c0000209', '::ffff:0:c000:209'],
    ['fe800000 00000000 00000000 00000000', 'fe80::'],
    ['0064ff9b 00000000 00000000 c0000209', '64:ff9b::c000:209'],
    ['00000001 00020003 00040005 00060007', '0:1:2:3:4:5:6:7'],
  ] as const) {
    t.test(`prints ${expected}`, async (t) => {
      t.equal(ipv6(hex(digits)), expected);
      t.equal(inetNtop(hex(digits)), expected);
    });
  }

  t.test('is inet_ntop() for any address, those with many zeros above all', async () => {
    const group = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.constantFrom(1, 0xffff, 0xabc), fc.nat(0xffff));
    const property = fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
      const bytes = new Uint8Array(16);
      for (const [at, value] of groups.entries()) viewOf(bytes).setUint16(at * 2, value);
      assert.equal(ipv6(bytes), inetNtop(bytes));
    });
    fc.assert(property, { numRuns: 1000, seed: 20261121 });
  });
});

t.test('addresses', async (t) => {
  const show = (digits: string, type: number): string => {
    const bytes = hex(digits);
    return text.linkAddressText(viewOf(bytes), 0, bytes.length, type);
  };

  t.test('of links of any length are pairs of digits', async (t) => {
    t.equal(show('0242ac110002', 1), '02:42:ac:11:00:02');
    t.equal(show('8000 0048 fe80 0000 0000 0000 0002 c903 0012 3456', 32).length, 59);
    t.equal(show('00', 7), '00');
  });

  t.test('of tunnels are IP addresses, as in iproute2', async (t) => {
    for (const type of [ARPHRD_TUNNEL, ARPHRD_SIT, ARPHRD_IPGRE]) t.equal(show('c0000201', type), '192.0.2.1');
    for (const type of [ARPHRD_TUNNEL6, ARPHRD_IP6GRE]) t.equal(show('20010db8000000000000000000000001', type), '2001:db8::1');
    t.equal(show('c0000201', 1), 'c0:00:02:01');
  });

  t.test('of another length than IPv4 and IPv6 are bytes', async (t) => t.equal(text.ipText(viewOf(hex('0a0b')), 0, 2), '0a:0b'));

  t.test('of MPLS are labels', async (t) => t.equal(text.mplsText(viewOf(hex('00064040 000c8140')), 0, 8), '100/200'));
});

t.test('texts that are met again', async (t) => {
  t.test('are never taken for others of the same hash', async () => {
    const ascii = fc.string({ unit: fc.constantFrom('a', 'b', '-', '~'), maxLength: 40 });
    const property = fc.property(fc.array(ascii, { maxLength: 20 }), fc.nat(3), (texts, hash) => {
      for (const value of [...texts, ...texts]) {
        const bytes = new TextEncoder().encode(value);
        assert.equal(text.asciiText(viewOf(bytes), 0, bytes.length, hash), value);
      }
    });
    fc.assert(property, { numRuns: 300, seed: 20261121 });
  });
});

t.test('macText', async (t) => {
  t.test('prints each byte with two digits, whatever the length', async (t) => {
    const byte = fc.oneof(fc.constantFrom(0, 0xff, 9, 10), fc.nat(255));
    const property = fc.property(
      fc.oneof(fc.array(byte, { maxLength: 32 }), fc.array(byte, { minLength: 6, maxLength: 6 })),
      (bytes) => {
        const expected = bytes.map((each) => each.toString(16).padStart(2, '0')).join(':');
        assert.equal(text.macText(viewOf(Uint8Array.from(bytes)), 0, bytes.length), expected);
      },
    );
    fc.assert(property, { numRuns: 1000, seed: 20261121 });
    for (const same of [0, 0xff]) t.match(text.macText(viewOf(new Uint8Array(6).fill(same)), 0, 6), /^(00|ff)(:(00|ff)){5}$/);
  });
});
