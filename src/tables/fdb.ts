import { AttributeReader, LITTLE_ENDIAN } from '../netlink/attributes.js';
import { readRequest } from '../netlink/requests.js';
import { ipText, macText } from '../netlink/text.js';
import * as uapi from '../netlink/uapi.js';
import type { FdbEntry } from '../proto/gen/types.js';
import type { Ifindex, Nsid } from '../proto/identifiers.js';
import { defineTable, IFINDEX_AT, selectsIp, selectsMac } from './contract.js';
import { AttributeDecoder, volatile } from './shared/attribute-table.js';
import { shortHeader } from './shared/header.js';
import { hasAttribute } from './shared/has-attribute.js';
import { neighFlags, neighState, routeProtocolName } from './shared/names.js';
import { type Draft, readAges, wrongFamily } from './shared/neigh.js';
import type { FdbRecord } from './shared/records.js';
import type { Decoded } from './shared/result.js';

/**
 * Decodes the payload of one RTM_NEWNEIGH of family AF_BRIDGE in bytes [start, end): a row of a bridge's or a device's
 * forwarding table. // fdb_fill_info() net/bridge/br_fdb.c, vxlan_fdb_info() drivers/net/vxlan, nlmsg_populate_fdb_fill()
 */
export function decodeFdb(view: DataView, start: number, end: number): Decoded<FdbRecord> {
  const short = shortHeader('RTM_NEWNEIGH', start, end, uapi.SIZEOF_NDMSG);
  if (short !== undefined) return short;
  const family = view.getUint8(start);
  if (family !== uapi.AF_BRIDGE) return wrongFamily(start, 'AF_BRIDGE', family);
  const rawState = view.getUint16(start + 8, LITTLE_ENDIAN);
  const row: FdbRecord = {
    ifindex: view.getInt32(start + 4, LITTLE_ENDIAN) as Ifindex,
    state: neighState(rawState),
    rawState,
    flags: [],
  };
  const draft: Draft<FdbRecord> = { row, extended: 0 };
  const attributes = new AttributeReader(view, start + uapi.SIZEOF_NDMSG, end, 'RTM_NEWNEIGH');
  FDB.read(draft, attributes);
  row.flags = neighFlags(view.getUint8(start + 10), draft.extended);
  return attributes.error ?? row;
}

const FDB = new AttributeDecoder<Draft<FdbRecord>>({
  [uapi.NDA_LLADDR]: ({ row }, { view, offset, length }) => {
    row.mac = macText(view, offset, length);
  },
  [uapi.NDA_DST]: ({ row }, { view, offset, length }) => {
    row.dst = ipText(view, offset, length);
  },
  [uapi.NDA_VLAN]: ({ row }, attribute) => {
    row.vlan = attribute.u16();
  },
  [uapi.NDA_MASTER]: ({ row }, attribute) => {
    row.masterIfindex = attribute.u32() as Ifindex;
  },
  [uapi.NDA_FLAGS_EXT]: (draft, attribute) => {
    draft.extended = attribute.u32();
  },
  [uapi.NDA_CACHEINFO]: volatile(({ row }, attribute) => {
    readAges(row, attribute);
  }),
  // What follows only rows of vxlan devices have.
  [uapi.NDA_PORT]: ({ row }, attribute) => {
    row.dstPort = attribute.be16();
  },
  [uapi.NDA_VNI]: ({ row }, attribute) => {
    row.vni = attribute.u32();
  },
  [uapi.NDA_SRC_VNI]: ({ row }, attribute) => {
    row.srcVni = attribute.u32();
  },
  [uapi.NDA_IFINDEX]: ({ row }, attribute) => {
    row.viaIfindex = attribute.u32() as Ifindex;
  },
  [uapi.NDA_LINK_NETNSID]: ({ row }, attribute) => {
    row.linkNsid = attribute.s32() as Nsid;
  },
  [uapi.NDA_NH_ID]: ({ row }, attribute) => {
    row.nexthopId = attribute.u32();
  },
  [uapi.NDA_PROTOCOL]: ({ row }, attribute) => {
    row.protocol = routeProtocolName(attribute.u8());
  },
});

/**
 * Dump of the forwarding tables of all bridges and of all devices that have one; of one interface where it is named (nothing, and no error, when it
 * is gone). // valid_fdb_dump_strict(), rtnl_fdb_dump(), net/core/rtnetlink.c
 */
export function dumpFdb(ifindex = 0): Uint8Array {
  return readRequest({ type: uapi.RTM_GETNEIGH, family: uapi.AF_BRIDGE, headerBytes: uapi.SIZEOF_NDMSG, ifindex });
}

/**
 * Groups are joined some time after an address came, when it is probed for duplicates: that takes a second, and begins within another one.
 * // addrconf_dad_begin(), net/ipv6/addrconf.c; net.ipv6.conf.*.router_solicitation_delay, dad_transmits
 */
const JOINED_AFTER_MS = 2500;

/** Forwarding tables of bridges and VXLANs. What is remembered is all that is decoded but ages. */
export const table = defineTable<FdbEntry>()({
  name: 'FDB',
  section: 'fdb',
  counted: { noun: 'fdb row', title: 'Forwarding rows', metric: 'fdb_entries', heading: 'FDB' },
  format: { headerBytes: uapi.SIZEOF_NDMSG, filter: FDB.filter, ordered: false, ifindexAt: IFINDEX_AT },
  events: [
    {
      groups: [uapi.RTNLGRP_NEIGH],
      types: [uapi.RTM_NEWNEIGH, uapi.RTM_DELNEIGH],
      family: uapi.AF_BRIDGE,
      ifindexAt: IFINDEX_AT,
    },
  ],
  requests: [dumpFdb()],
  partRequest: dumpFdb,
  decode: decodeFdb,
  complete: (row, { nameOf }) => {
    const masterName = row.masterIfindex === undefined ? undefined : nameOf(row.masterIfindex);
    if (masterName !== undefined) row.masterName = masterName;
  },
  identity: ({ ifindex, mac, vlan, vni, srcVni, masterIfindex, flags }) =>
    `${ifindex} ${mac} ${vlan} ${vni} ${srcVni} ${masterIfindex} ${flags.includes('SELF')}`,
  selects: (row, selector) => selectsMac(row.mac, selector) && selectsIp([row.dst], selector),
  address: 'dst',
  distinct: ['mac'],
  // A device's own multicast addresses are forwarding rows, too (ndo_dflt_fdb_dump(), net/core/rtnetlink.c). They have no events of their own
  // but change with the device and its addresses.
  follows: [
    { table: 'LINKS', sameInterface: true, againAfterMs: JOINED_AFTER_MS },
    { table: 'ADDRESSES', sameInterface: true, againAfterMs: JOINED_AFTER_MS },
    // Rows go with the next hop that they name, without an event. // vxlan_fdb_nh_flush(), drivers/net/vxlan/vxlan_core.c
    { table: 'NEXTHOPS', where: hasAttribute(uapi.SIZEOF_NDMSG, uapi.NDA_NH_ID) },
  ],
});
