import assert from 'node:assert/strict';
import t from 'tap';
import type { RouteRecord } from '../../../src/tables/shared/records.js';
import { decodeRoute } from '../../../src/tables/routes.js';
import { DecodeError } from '../../../src/netlink/error.js';
import * as uapi from '../../../src/netlink/uapi.js';
import { viewOf } from '../../support/fixture.js';
import { attribute, hex, join, rtmsg, text, u8, u16, u32 } from '../../support/message-builder.js';

function decode(...parts: Uint8Array[]): RouteRecord | DecodeError {
  const payload = join(...parts);
  return decodeRoute(viewOf(payload), 0, payload.length);
}

function route(...parts: Uint8Array[]): RouteRecord {
  const decoded = decode(...parts);
  if (decoded instanceof DecodeError) assert.fail(decoded.message);
  return decoded;
}

function refused(...parts: Uint8Array[]): string {
  const decoded = decode(...parts);
  assert.ok(decoded instanceof DecodeError);
  return decoded.message;
}

/** One struct rtnexthop with attributes. */
function hop(ifindex: number, weight: number, flags: number, ...attributes: Uint8Array[]): Uint8Array {
  const body = join(...attributes);
  return join(u16(8 + body.length), u8(flags), u8(weight - 1), u32(ifindex), body);
}

const GATEWAY = attribute(uapi.RTA_GATEWAY, hex('0a0001fe'));

t.test('decodeRoute', async (t) => {
  t.test('takes the table from the attribute when there is one', async (t) => {
    t.equal(route(rtmsg({ family: 2, table: 252 }), attribute(uapi.RTA_TABLE, u32(4097))).table, 4097);
    t.equal(route(rtmsg({ family: 2, table: 254 })).table, 254);
  });

  t.test('calls a prefix of length 0 the default, with or without an address', async (t) => {
    t.equal(route(rtmsg({ family: 2 })).dst, 'default');
    t.equal(route(rtmsg({ family: 10 }), attribute(uapi.RTA_DST, new Uint8Array(16))).dst, 'default');
  });

  t.test('does not take half of all addresses for the default', async (t) => {
    t.equal(route(rtmsg({ family: 2, dstLength: 1 })).dst, '0.0.0.0/1');
    t.equal(route(rtmsg({ family: 10, dstLength: 1, srcLength: 1 })).dst, '::/1');
    t.equal(route(rtmsg({ family: 10, dstLength: 1, srcLength: 1 })).src, '::/1');
  });

  t.test('prints MPLS labels, and gateways of another family', async (t) => {
    // Not captured: this kernel has no CONFIG_MPLS_ROUTING.
    const via = attribute(uapi.RTA_VIA, u16(10), hex('20010db8000000000000000000000001'));
    const mpls = route(
      rtmsg({ family: 28, dstLength: 20 }),
      attribute(uapi.RTA_DST, hex('00064100')),
      via,
      attribute(uapi.RTA_OIF, u32(3)),
    );
    t.strictSame([mpls.family, mpls.dst, mpls.gateway, mpls.ifindex], ['mpls', '100', '2001:db8::1', 3]);
  });

  t.test('reads the legs of a multipath route', async (t) => {
    const encap = attribute(uapi.RTA_ENCAP_TYPE, u16(5));
    const via = attribute(uapi.RTA_VIA, u16(10), hex('20010db8000000000000000000000001'));
    const legs = attribute(uapi.RTA_MULTIPATH, hop(3, 1, 0, GATEWAY), hop(4, 256, 0x15, via, encap), hop(5, 2, 0));
    t.strictSame(route(rtmsg({ family: 2 }), legs).nextHops, [
      { ifindex: 3, weight: 1, flags: [], gateway: '10.0.1.254' },
      { ifindex: 4, weight: 256, flags: ['DEAD', 'ONLINK', 'LINKDOWN'], gateway: '2001:db8::1', encapsulation: 'seg6' },
      { ifindex: 5, weight: 2, flags: [] },
    ]);
  });

  t.test('does not let a leg out of its attribute', async (t) => {
    for (const length of [0, 7, 9, 24, 0xffff]) {
      const leg = hop(3, 1, 0);
      viewOf(leg).setUint16(0, length, true);
      const decoded = decode(
        rtmsg({ family: 2 }),
        attribute(uapi.RTA_MULTIPATH, leg),
        attribute(uapi.RTA_PRIORITY, u32(1)),
        GATEWAY,
      );
      assert.ok(decoded instanceof DecodeError, `length ${length}`);
      t.match(decoded.message, /an rtnexthop of 8 to 8 bytes/);
    }
    const inner = attribute(uapi.RTA_MULTIPATH, hop(3, 1, 0, hex('0c000500')), GATEWAY);
    t.match(refused(rtmsg({ family: 2 }), inner), /RTM_NEWROUTE\/RTA_MULTIPATH at byte/);
  });

  t.test('keeps metrics as numbers, with those that have no name', async (t) => {
    const metrics = attribute(
      uapi.RTA_METRICS,
      attribute(2, u32(1400)),
      attribute(4, u32(800)),
      attribute(16, text('bbr')),
      attribute(63, u32(9)),
    );
    const decoded = route(rtmsg({ family: 2 }), metrics);
    t.strictSame(decoded.metrics, { mtu: 1400, rtt: 800, '0x3f': 9 });
    t.equal(decoded.congestionControl, 'bbr');
  });

  t.test('reads when a route goes, and takes a date of 0 for never', async (t) => {
    const cache = (expires: number): Uint8Array =>
      attribute(uapi.RTA_CACHEINFO, u32(0), u32(0), u32(expires), new Uint8Array(20));
    t.equal(route(rtmsg({ family: 10 }), cache(59_999)).expiresSeconds, 599);
    t.equal(route(rtmsg({ family: 10 }), cache(-5)).expiresSeconds, 0);
    t.equal('expiresSeconds' in route(rtmsg({ family: 10 }), cache(0)), false);
  });

  t.test('names flags of next hops and of routes, and keeps those without a name', async (t) => {
    const flags = 0x4000 | 0x20000000 | 0x4 | 0x80 | 0x10000;
    t.strictSame(route(rtmsg({ family: 2, flags })).flags, ['ONLINK', '0x80', 'RT_OFFLOAD', '0x10000', 'RT_OFFLOAD_FAILED']);
  });

  t.test('reads the rest', async (t) => {
    const decoded = route(
      rtmsg({ family: 10, dstLength: 64, type: 7 }),
      attribute(uapi.RTA_DST, hex('20010db8000000000000000000000000')),
      attribute(uapi.RTA_IIF, u32(8)),
      attribute(uapi.RTA_PREF, u8(3)),
      attribute(uapi.RTA_NH_ID, u32(7)),
      attribute(uapi.RTA_ENCAP_TYPE, u16(77)),
      attribute(uapi.RTA_PREFSRC, hex('20010db8000000000000000000000001')),
      attribute(uapi.RTA_PRIORITY, u32(0xffffffff)),
    );
    t.strictSame(decoded, {
      family: 'inet6',
      table: 254,
      dst: '2001:db8::/64',
      type: 'unreachable',
      scope: 'global',
      protocol: 'boot',
      flags: [],
      nextHops: [],
      metrics: {},
      inputIfindex: 8,
      preference: 'low',
      nexthopId: 7,
      encapsulation: '0x4d',
      prefsrc: '2001:db8::1',
      metric: 0xffffffff,
    });
  });

  t.test('refuses addresses that are not as long as their family’s', async (t) => {
    t.match(refused(rtmsg({ family: 10 }), GATEWAY), /wanted 16 bytes of address, got 4 bytes/);
    t.match(
      refused(rtmsg({ family: 2 }), attribute(uapi.RTA_MULTIPATH, hop(1, 1, 0, attribute(5, u16(1))))),
      /wanted 4 bytes of address/,
    );
    t.match(refused(rtmsg({ family: 2 }), attribute(uapi.RTA_VIA, u16(2), u8(1))), /an rtvia/);
    t.match(refused(rtmsg({ family: 2 }), attribute(uapi.RTA_VIA, u8(1))), /an rtvia/);
  });
});
