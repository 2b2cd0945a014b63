import { AttributeReader, LITTLE_ENDIAN } from '../netlink/attributes.js';
import { readRequest } from '../netlink/requests.js';
import { mplsText } from '../netlink/text.js';
import * as uapi from '../netlink/uapi.js';
import type { Route } from '../proto/gen/types.js';
import type { Ifindex } from '../proto/identifiers.js';
import { defineTable, selectsIp } from './contract.js';
import { addressLength, addressText } from './shared/address.js';
import { AttributeDecoder, volatile } from './shared/attribute-table.js';
import { shortHeader } from './shared/header.js';
import {
  bitNames,
  encapsulationName,
  familyName,
  ROUTE_FLAG_NAMES,
  routeProtocolName,
  routerPreferenceName,
  routeTypeName,
  scopeName,
} from './shared/names.js';
import { hasAttribute } from './shared/has-attribute.js';
import { inAttribute } from './shared/names-interface.js';
import { readMetrics, readNextHops, readVia } from './shared/next-hops.js';
import type { RouteRecord } from './shared/records.js';
import type { Decoded } from './shared/result.js';

/** Ticks of a second in rta_cacheinfo: USER_HZ. // asm/param.h */
const USER_HZ = 100;

/**
 * Decodes the payload of one RTM_NEWROUTE (or RTM_DELROUTE) in bytes [start, end): struct rtmsg and attributes.
 * // fib_dump_info() net/ipv4/fib_semantics.c, rt6_fill_node() net/ipv6/route.c, mpls_dump_route() net/mpls/af_mpls.c
 */
export function decodeRoute(view: DataView, start: number, end: number): Decoded<RouteRecord> {
  const short = shortHeader('RTM_NEWROUTE', start, end, uapi.SIZEOF_RTMSG);
  if (short !== undefined) return short;
  const family = view.getUint8(start);
  const route: RouteRecord = {
    family: familyName(family),
    // The low 8 bits, or RT_TABLE_COMPAT; RTA_TABLE has the full number.
    table: view.getUint8(start + 4),
    dst: 'default',
    type: routeTypeName(view.getUint8(start + 7)),
    scope: scopeName(view.getUint8(start + 6)),
    protocol: routeProtocolName(view.getUint8(start + 5)),
    flags: bitNames(ROUTE_FLAG_NAMES, view.getUint32(start + 8, LITTLE_ENDIAN)),
    nextHops: [],
    metrics: {},
  };
  const tos = view.getUint8(start + 3);
  if (tos !== 0) route.tos = tos;
  const dstLength = view.getUint8(start + 1);
  const srcLength = view.getUint8(start + 2);
  // A prefix of some length without an attribute is of the address zero; it does not become "default".
  if (dstLength !== 0) route.dst = prefix(zeroText(family), dstLength, family);
  if (srcLength !== 0) route.src = prefix(zeroText(family), srcLength, family);
  const attributes = new AttributeReader(view, start + uapi.SIZEOF_RTMSG, end, 'RTM_NEWROUTE');
  ROUTE.read({ route, family, dstLength, srcLength }, attributes);
  return attributes.error ?? route;
}

/** A route while its attributes are walked. */
interface Draft {
  readonly route: RouteRecord;
  /** AF_* or RTNL_FAMILY_*. */
  readonly family: number;
  /** Bits. */
  readonly dstLength: number;
  readonly srcLength: number;
}

const ROUTE = new AttributeDecoder<Draft>({
  [uapi.RTA_DST]: ({ route, family, dstLength }, attribute) => {
    if (dstLength !== 0) route.dst = prefix(routeAddress(attribute, family), dstLength, family);
  },
  [uapi.RTA_SRC]: ({ route, family, srcLength }, attribute) => {
    if (srcLength !== 0) route.src = prefix(routeAddress(attribute, family), srcLength, family);
  },
  [uapi.RTA_GATEWAY]: ({ route, family }, attribute) => {
    route.gateway = routeAddress(attribute, family);
  },
  [uapi.RTA_PREFSRC]: ({ route, family }, attribute) => {
    route.prefsrc = routeAddress(attribute, family);
  },
  [uapi.RTA_MULTIPATH]: ({ route, family }, attribute) => {
    readNextHops(route, attribute, family);
  },
  [uapi.RTA_TABLE]: ({ route }, attribute) => {
    route.table = attribute.u32();
  },
  [uapi.RTA_OIF]: ({ route }, attribute) => {
    route.ifindex = attribute.u32() as Ifindex;
  },
  [uapi.RTA_IIF]: ({ route }, attribute) => {
    route.inputIfindex = attribute.u32() as Ifindex;
  },
  [uapi.RTA_PRIORITY]: ({ route }, attribute) => {
    route.metric = attribute.u32();
  },
  [uapi.RTA_VIA]: ({ route }, attribute) => {
    route.gateway = readVia(attribute);
  },
  [uapi.RTA_METRICS]: ({ route }, attribute) => {
    readMetrics(route, attribute);
  },
  [uapi.RTA_CACHEINFO]: volatile(({ route, family }, attribute) => {
    readExpiry(route, attribute, family);
  }),
  [uapi.RTA_PREF]: ({ route }, attribute) => {
    route.preference = routerPreferenceName(attribute.u8());
  },
  [uapi.RTA_NH_ID]: ({ route }, attribute) => {
    route.nexthopId = attribute.u32();
  },
  [uapi.RTA_ENCAP_TYPE]: ({ route }, attribute) => {
    route.encapsulation = encapsulationName(attribute.u16());
  },
});

/**
 * Dump of the routes of all families and tables. With strict checking and no RTM_F_CLONED in rtm_flags the kernel leaves
 * cached routes (exceptions) out. // rtnl_dump_all(), ip_valid_fib_dump_req(), inet_dump_fib(), inet6_dump_fib()
 */
export function dumpRoutes(): Uint8Array {
  return readRequest({ type: uapi.RTM_GETROUTE, headerBytes: uapi.SIZEOF_RTMSG });
}

/** Routes of all tables and families. What is remembered is all that is decoded but expiry. */
export const table = defineTable<Route>()({
  name: 'ROUTES',
  section: 'routes',
  counted: { noun: 'route', title: 'Routes', metric: 'routes', heading: 'ROUTES' },
  format: { headerBytes: uapi.SIZEOF_RTMSG, filter: ROUTE.filter, ordered: true },
  events: [
    {
      groups: [uapi.RTNLGRP_IPV4_ROUTE, uapi.RTNLGRP_IPV6_ROUTE, uapi.RTNLGRP_MPLS_ROUTE],
      types: [uapi.RTM_NEWROUTE, uapi.RTM_DELROUTE],
    },
  ],
  requests: [dumpRoutes()],
  decode: decodeRoute,
  // A dump of all families also lists the jobs of the CAN gateway, with a header of their own. // cgw_dump_jobs(), net/can/gw.c
  isHidden: (view, start) => view.getUint8(start) === uapi.AF_CAN,
  complete: (row, { nameOf }) => {
    for (const hop of row.nextHops) {
      const ifname = nameOf(hop.ifindex);
      if (ifname !== undefined) hop.ifname = ifname;
    }
  },
  // The legs of a multipath route are not looked into.
  namesInterface: inAttribute(uapi.SIZEOF_RTMSG, uapi.RTA_OIF, uapi.RTA_MULTIPATH),
  identity: ({ family, table: of, dst, tos, metric, type, src }) => `${family} ${of} ${dst} ${tos} ${metric} ${type} ${src}`,
  selects: (row, selector) => selectsIp([row.dst, row.gateway, row.prefsrc], selector),
  address: 'dst',
  distinct: ['dst', 'prefsrc'],
  // RTNH_F_LINKDOWN changes with the interface and has no event. // fib_sync_down_dev(), net/ipv4/fib_semantics.c
  // IPv4 routes go, or get other legs, with the next hop that they name, without an event. Its own event is sent before, but both under the lock that
  // a dump of all families takes, too. // remove_nexthop(), __remove_nexthop_fib(), net/ipv4/nexthop.c; rtnl_dump_all(), net/core/rtnetlink.c
  follows: [{ table: 'LINKS' }, { table: 'NEXTHOPS', where: hasAttribute(uapi.SIZEOF_RTMSG, uapi.RTA_NH_ID) }],
});

/** Of MPLS it is a stack of labels. */
function routeAddress(attribute: AttributeReader, family: number): string {
  const { view, offset, length } = attribute;
  return family === uapi.AF_MPLS ? mplsText(view, offset, length) : addressText(attribute, family);
}

function zeroText(family: number): string {
  return addressLength(family) === 16 ? '::' : addressLength(family) === 4 ? '0.0.0.0' : '0';
}

/** CIDR notation; an MPLS label is no prefix, it consists of 20 bits. */
function prefix(address: string, length: number, family: number): string {
  return family === uapi.AF_MPLS ? address : `${address}/${length}`;
}

/**
 * struct rta_cacheinfo, of which rta_expires (s32 at byte 8) is when the route goes; 0 is never. Elsewhere than in inet6
 * routes it only comes with cached ones. // rtnl_put_cacheinfo(), net/core/rtnetlink.c
 */
function readExpiry(route: RouteRecord, attribute: AttributeReader, family: number): void {
  const { view, offset, length } = attribute;
  if (length < uapi.SIZEOF_RTA_CACHEINFO) {
    attribute.fail(offset, `${uapi.SIZEOF_RTA_CACHEINFO} bytes of rta_cacheinfo`, `${length} bytes`);
    return;
  }
  const expires = view.getInt32(offset + 8, LITTLE_ENDIAN);
  if (expires !== 0 && (family === uapi.AF_INET || family === uapi.AF_INET6)) {
    route.expiresSeconds = Math.max(0, Math.trunc(expires / USER_HZ));
  }
}
