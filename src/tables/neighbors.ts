import { AttributeReader, LITTLE_ENDIAN } from '../netlink/attributes.js';
import { readRequest } from '../netlink/requests.js';
import { ipText } from '../netlink/text.js';
import * as uapi from '../netlink/uapi.js';
import type { Neighbor } from '../proto/gen/types.js';
import type { Ifindex } from '../proto/identifiers.js';
import { defineTable, IFINDEX_AT, selectsIp, selectsMac } from './contract.js';
import { AttributeDecoder, volatile } from './shared/attribute-table.js';
import { shortHeader } from './shared/header.js';
import { neighFlags, neighState, routeProtocolName } from './shared/names.js';
import { type Draft, readAges, wrongFamily } from './shared/neigh.js';
import type { NeighborRecord } from './shared/records.js';
import type { Decoded } from './shared/result.js';

/**
 * Decodes the payload of one RTM_NEWNEIGH of another family in bytes [start, end): a row of the ARP or ND table, or of
 * their proxies. // neigh_fill_info(), pneigh_fill_info(), net/core/neighbour.c
 */
export function decodeNeighbor(view: DataView, start: number, end: number): Decoded<NeighborRecord> {
  const short = shortHeader('RTM_NEWNEIGH', start, end, uapi.SIZEOF_NDMSG);
  if (short !== undefined) return short;
  const family = view.getUint8(start);
  if (family === uapi.AF_BRIDGE) return wrongFamily(start, 'another family than AF_BRIDGE', family);
  const rawState = view.getUint16(start + 8, LITTLE_ENDIAN);
  const row: NeighborRecord = {
    ifindex: view.getInt32(start + 4, LITTLE_ENDIAN) as Ifindex,
    ip: '',
    state: neighState(rawState),
    rawState,
    flags: [],
  };
  const draft: Draft<NeighborRecord> = { row, extended: 0 };
  const attributes = new AttributeReader(view, start + uapi.SIZEOF_NDMSG, end, 'RTM_NEWNEIGH');
  NEIGHBOR.read(draft, attributes);
  row.flags = neighFlags(view.getUint8(start + 10), draft.extended);
  if (row.ip === '') attributes.fail(start, 'NDA_DST', 'none');
  return attributes.error ?? row;
}

const NEIGHBOR = new AttributeDecoder<Draft<NeighborRecord>>({
  [uapi.NDA_DST]: ({ row }, { view, offset, length }) => {
    row.ip = ipText(view, offset, length);
  },
  [uapi.NDA_LLADDR]: ({ row }, { view, offset, length }) => {
    // Without the link's type: the only addresses of 4 or 16 bytes that have neighbours are those of IP tunnels.
    if (length > 0) row.mac = ipText(view, offset, length);
  },
  [uapi.NDA_PROBES]: volatile(({ row }, attribute) => {
    row.probes = attribute.u32();
  }),
  [uapi.NDA_PROTOCOL]: ({ row }, attribute) => {
    row.protocol = routeProtocolName(attribute.u8());
  },
  [uapi.NDA_FLAGS_EXT]: (draft, attribute) => {
    draft.extended = attribute.u32();
  },
  [uapi.NDA_CACHEINFO]: volatile(({ row }, attribute) => {
    row.confirmedSeconds = readAges(row, attribute);
  }),
});

/**
 * Dump of the ARP and ND tables, without proxy rows: the kernel gives either the ones or the others. Only the rows of one interface where it is
 * named, which spares bytes and no time: the kernel walks all neighbours of the machine, and says nothing when the interface is gone.
 * // neigh_valid_dump_req() (ndm_ifindex has to be 0, NDA_IFINDEX filters), neigh_dump_info(), net/core/neighbour.c
 */
export function dumpNeighbors(ifindex?: number): Uint8Array {
  const attributes = ifindex === undefined ? [] : [[uapi.NDA_IFINDEX, ifindex] as const];
  return readRequest({ type: uapi.RTM_GETNEIGH, headerBytes: uapi.SIZEOF_NDMSG, attributes });
}

/** Offset of ndm_flags in struct ndmsg. // linux/neighbour.h, v6.12 */
const NDM_FLAGS = 10;

/**
 * Dump of the proxy rows (`ip neigh show proxy`). NTF_PROXY is the one flag that strict checking allows in ndm_flags.
 * // neigh_valid_dump_req(), pneigh_dump_table(), net/core/neighbour.c
 */
export function dumpProxyNeighbors(): Uint8Array {
  const fill = (header: DataView): void => header.setUint8(NDM_FLAGS, uapi.NTF_PROXY);
  return readRequest({ type: uapi.RTM_GETNEIGH, headerBytes: uapi.SIZEOF_NDMSG, fill });
}

/** Offset of ndm_state in struct ndmsg. // linux/neighbour.h, v6.12 */
const NDM_STATE = 8;

/**
 * The end of what the kernel resolves a multicast address to: made without an event, for every router solicitation of every interface, and
 * nothing that is shown. ndisc_constructor(), net/ipv6/ndisc.c; arp_constructor(), net/ipv4/arp.c; linux/neighbour.h struct ndmsg
 */
const MULTICAST_END = [
  { at: NDM_STATE, bytes: 2, equals: uapi.NUD_NOARP },
  { at: 11, bytes: 1, equals: uapi.RTN_MULTICAST },
] as const;

function isProxy(view: DataView, start: number): boolean {
  return (view.getUint8(start + NDM_FLAGS) & uapi.NTF_PROXY) !== 0;
}

/** Proxies go with their interface, and when it is set down, which is reported before. // pneigh_ifdown(), net/core/neighbour.c */
const GONE_AFTER_MS = 500;

/** ARP and ND tables and their proxies. What is remembered is all that is decoded but ages, and probes, which count while there is no answer. */
export const table = defineTable<Neighbor>()({
  name: 'NEIGHBORS',
  section: 'neighbors',
  counted: { noun: 'neighbour', title: 'Neighbours (ARP and ND)', metric: 'neighbors', heading: 'NEIGH' },
  format: {
    headerBytes: uapi.SIZEOF_NDMSG,
    filter: NEIGHBOR.filter,
    ordered: false,
    ifindexAt: IFINDEX_AT,
    apart: { at: NDM_FLAGS, bits: uapi.NTF_PROXY },
  },
  // The first rule that fits counts, and the FDB's comes before these. Not RTM_GETNEIGH, which comes in this group when a vxlan misses an
  // address (vxlan_fdb_miss(), drivers/net/vxlan): nothing has changed.
  events: [
    { groups: [uapi.RTNLGRP_NEIGH], types: [uapi.RTM_NEWNEIGH], ifindexAt: IFINDEX_AT },
    { groups: [uapi.RTNLGRP_NEIGH], types: [uapi.RTM_DELNEIGH], unless: MULTICAST_END, ifindexAt: IFINDEX_AT },
  ],
  requests: [dumpNeighbors(), dumpProxyNeighbors()],
  apartRequest: dumpProxyNeighbors(),
  decode: decodeNeighbor,
  // Made by the kernel for multicast and loopback addresses, without an event, and not shown by `ip neigh` either.
  isHidden: (view, start) => view.getUint16(start + NDM_STATE, LITTLE_ENDIAN) === uapi.NUD_NOARP,
  identity: ({ ifindex, ip, flags }) => `${ifindex} ${ip} ${flags.includes('PROXY')}`,
  selects: (row, selector) => selectsMac(row.mac, selector) && selectsIp([row.ip], selector),
  address: 'ip',
  distinct: ['mac', 'ip'],
  // Events report every change of a neighbour, and a dump of them walks the neighbours of the entire machine. Of proxies there are none, and mostly
  // there are no proxies. // pneigh_create(), pneigh_delete(), net/core/neighbour.c
  rescanEvery: 10,
  follows: [{ table: 'LINKS', apart: true, where: isProxy, againAfterMs: GONE_AFTER_MS }],
});
