import { AttributeReader, LITTLE_ENDIAN } from '../netlink/attributes.js';
import { readRequest } from '../netlink/requests.js';
import { ipText } from '../netlink/text.js';
import * as uapi from '../netlink/uapi.js';
import type { NexthopObject } from '../proto/gen/types.js';
import type { Ifindex } from '../proto/identifiers.js';
import { defineTable, selectsIp } from './contract.js';
import { AttributeDecoder, partly, volatile } from './shared/attribute-table.js';
import { shortHeader } from './shared/header.js';
import { bitNames, encapsulationName, familyName, hex, ROUTE_FLAG_NAMES, routeProtocolName, scopeName } from './shared/names.js';
import { inAttribute } from './shared/names-interface.js';
import type { Decoded } from './shared/result.js';

type NexthopRecord = Omit<NexthopObject, 'netnsId'>;

/** NEXTHOP_GRP_TYPE_*, in iproute2's words. // linux/nexthop.h, v6.12 */
const GROUP_TYPES = ['mpath', 'resilient'];

/** Ticks of a second in a clock_t: USER_HZ. // asm/param.h */
const USER_HZ = 100;

/**
 * Decodes the payload of one RTM_NEWNEXTHOP (or RTM_DELNEXTHOP) in bytes [start, end): struct nhmsg and attributes.
 * // nh_fill_node(), net/ipv4/nexthop.c
 */
export function decodeNexthop(view: DataView, start: number, end: number): Decoded<NexthopRecord> {
  const short = shortHeader('RTM_NEWNEXTHOP', start, end, uapi.SIZEOF_NHMSG);
  if (short !== undefined) return short;
  const family = view.getUint8(start);
  const protocol = view.getUint8(start + 2);
  const nexthop: NexthopRecord = {
    id: 0,
    flags: bitNames(ROUTE_FLAG_NAMES, view.getUint32(start + 4, LITTLE_ENDIAN)),
    blackhole: false,
    fdb: false,
    group: [],
  };
  // A group has neither family nor scope; RT_SCOPE_UNIVERSE is 0 and no scope of a next hop. // rtm_to_nh_config()
  if (family !== uapi.AF_UNSPEC) nexthop.family = familyName(family);
  if (view.getUint8(start + 1) !== 0) nexthop.scope = scopeName(view.getUint8(start + 1));
  if (protocol !== 0) nexthop.protocol = routeProtocolName(protocol);
  const attributes = new AttributeReader(view, start + uapi.SIZEOF_NHMSG, end, 'RTM_NEWNEXTHOP');
  NEXTHOP.read(nexthop, attributes);
  if (nexthop.id === 0) attributes.fail(start, 'NHA_ID', 'none');
  return attributes.error ?? nexthop;
}

/** NHA_RES_GROUP_*: timers are clock_t. // nla_put_nh_group_res(), net/ipv4/nexthop.c */
const RESILIENT = new AttributeDecoder<NexthopRecord>({
  [uapi.NHA_RES_GROUP_BUCKETS]: (nexthop, attribute) => {
    nexthop.buckets = attribute.u16();
  },
  [uapi.NHA_RES_GROUP_IDLE_TIMER]: (nexthop, attribute) => {
    nexthop.idleTimerSeconds = attribute.u32() / USER_HZ;
  },
  [uapi.NHA_RES_GROUP_UNBALANCED_TIMER]: (nexthop, attribute) => {
    nexthop.unbalancedTimerSeconds = attribute.u32() / USER_HZ;
  },
  [uapi.NHA_RES_GROUP_UNBALANCED_TIME]: volatile((nexthop, attribute) => {
    nexthop.unbalancedSeconds = Number(attribute.u64()) / USER_HZ;
  }),
});

const NEXTHOP = new AttributeDecoder<NexthopRecord>({
  [uapi.NHA_ID]: (nexthop, attribute) => {
    nexthop.id = attribute.u32();
  },
  [uapi.NHA_GROUP]: readGroup,
  [uapi.NHA_GROUP_TYPE]: (nexthop, attribute) => {
    const type = attribute.u16();
    nexthop.groupType = GROUP_TYPES[type] ?? hex(type);
  },
  [uapi.NHA_BLACKHOLE]: (nexthop, attribute) => {
    nexthop.blackhole = attribute.flag();
  },
  [uapi.NHA_OIF]: (nexthop, attribute) => {
    nexthop.ifindex = attribute.u32() as Ifindex;
  },
  [uapi.NHA_GATEWAY]: (nexthop, { view, offset, length }) => {
    nexthop.gateway = ipText(view, offset, length);
  },
  [uapi.NHA_ENCAP_TYPE]: (nexthop, attribute) => {
    nexthop.encapsulation = encapsulationName(attribute.u16());
  },
  [uapi.NHA_FDB]: (nexthop, attribute) => {
    nexthop.fdb = attribute.flag();
  },
  [uapi.NHA_RES_GROUP]: partly(RESILIENT.filter, (nexthop, attribute) => {
    RESILIENT.read(nexthop, attribute.nested('NHA_RES_GROUP'));
  }),
});

/** NHA_GROUP: a row of struct nexthop_grp {id u32, weight u8, weight_high u8 (Linux 6.12), resvd2 u16}; weights are less one.
 * 65536 is refused. // nh_check_attr_group(), net/ipv4/nexthop.c */
function readGroup(nexthop: NexthopRecord, attribute: AttributeReader): void {
  const { view, offset, length } = attribute;
  if (length % uapi.SIZEOF_NEXTHOP_GRP !== 0) {
    attribute.fail(offset, `a multiple of ${uapi.SIZEOF_NEXTHOP_GRP} bytes`, `${length} bytes`);
    return;
  }
  for (let at = offset; at < offset + length; at += uapi.SIZEOF_NEXTHOP_GRP)
    nexthop.group.push({
      id: view.getUint32(at, LITTLE_ENDIAN),
      weight: view.getUint8(at + 4) + (view.getUint8(at + 5) << 8) + 1,
    });
}

/** Next hops that routes and forwarding rows refer to by id. What is remembered is all that is decoded but for how long a group is unbalanced. */
export const table = defineTable<NexthopObject>()({
  name: 'NEXTHOPS',
  section: 'nexthops',
  counted: { noun: 'next hop', title: 'Next hop objects', metric: 'nexthops' },
  format: { headerBytes: uapi.SIZEOF_NHMSG, filter: NEXTHOP.filter, ordered: false },
  events: [{ groups: [uapi.RTNLGRP_NEXTHOP], types: [uapi.RTM_NEWNEXTHOP, uapi.RTM_DELNEXTHOP] }],
  // nh_valid_dump_req(), net/ipv4/nexthop.c: all of the header has to be zero but the family.
  requests: [readRequest({ type: uapi.RTM_GETNEXTHOP, headerBytes: uapi.SIZEOF_NHMSG })],
  decode: decodeNexthop,
  namesInterface: inAttribute(uapi.SIZEOF_NHMSG, uapi.NHA_OIF),
  identity: ({ id }) => `${id}`,
  selects: (row, selector) => selectsIp([row.gateway], selector),
  address: 'gateway',
  distinct: ['gateway'],
  // They go with their interface, and are DEAD or LINKDOWN with it, without an event. // nexthop_flush_dev(), nexthop_sync_mtu(), net/ipv4/nexthop.c
  follows: [{ table: 'LINKS' }],
});
