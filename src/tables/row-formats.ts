// What the native reader remembers of each table: the attributes that the decoders read, less what changes by itself. As data, so that
// native code knows no attribute and no kind. The filters are made of the decoders' own tables (attribute-table.ts).
import type { AttributeTable } from '../kinds/contract.js';
import { KINDS } from '../kinds/registry.gen.js';
import type { EventRule, RowFormat } from '../native/types.js';
import * as uapi from '../netlink/uapi.js';
import { ADDRESS_FILTER } from './addresses.js';
import { LINK_FILTER } from './links/link.js';
import { FDB_FILTER, NEIGHBOR_FILTER } from './shared/neigh.js';
import { ROUTE_FILTER } from './routes.js';

/** A table of rows that is remembered. */
export type RowTable = 'LINKS' | 'ADDRESSES' | 'FDB' | 'NEIGHBORS' | 'ROUTES';

/** The tables in the order in which they are read; a format's position in it is its number. */
export const ROW_TABLES: readonly RowTable[] = ['LINKS', 'ADDRESSES', 'FDB', 'NEIGHBORS', 'ROUTES'];

/** Where ifinfomsg, ifaddrmsg and ndmsg have the ifindex: behind four bytes. */
const IFINDEX_AT = 4;

/**
 * How each table is remembered. A remembered row is decoded by the same functions as a whole message: decodeLink, decodeAddress, decodeFdb,
 * decodeNeighbor, decodeRoute, over its bytes [start, end). What comes out is the record less what stripVolatile() leaves out.
 */
export const ROW_FORMATS: Readonly<Record<RowTable, RowFormat>> = {
  LINKS: { headerBytes: uapi.SIZEOF_IFINFOMSG, filter: LINK_FILTER, ordered: false, ifindexAt: IFINDEX_AT },
  ADDRESSES: { headerBytes: uapi.SIZEOF_IFADDRMSG, filter: ADDRESS_FILTER, ordered: true, ifindexAt: IFINDEX_AT },
  FDB: { headerBytes: uapi.SIZEOF_NDMSG, filter: FDB_FILTER, ordered: false, ifindexAt: IFINDEX_AT },
  NEIGHBORS: { headerBytes: uapi.SIZEOF_NDMSG, filter: NEIGHBOR_FILTER, ordered: false, ifindexAt: IFINDEX_AT },
  ROUTES: { headerBytes: uapi.SIZEOF_RTMSG, filter: ROUTE_FILTER, ordered: true },
};

/** Tables that events speak of: a rule's number is the position here. */
export const EVENT_TABLES = [...ROW_TABLES, 'NSIDS'] as const;

export type EventTable = (typeof EVENT_TABLES)[number];

const numberOf = (table: EventTable): number => EVENT_TABLES.indexOf(table);

/**
 * The end of what the kernel resolves a multicast address to: made without an event, for every router solicitation of every interface, and
 * nothing that is shown. ndisc_constructor(), net/ipv6/ndisc.c; arp_constructor(), net/ipv4/arp.c; linux/neighbour.h struct ndmsg
 */
const MULTICAST_END = [
  { at: 8, bytes: 2, equals: uapi.NUD_NOARP },
  { at: 11, bytes: 1, equals: uapi.RTN_MULTICAST },
] as const;

/** Which events concern which table. */
export const EVENT_RULES: readonly EventRule[] = [
  { table: numberOf('LINKS'), groups: [uapi.RTNLGRP_LINK], types: [uapi.RTM_NEWLINK, uapi.RTM_DELLINK], ifindexAt: IFINDEX_AT },
  {
    table: numberOf('ADDRESSES'),
    groups: [uapi.RTNLGRP_IPV4_IFADDR, uapi.RTNLGRP_IPV6_IFADDR],
    types: [uapi.RTM_NEWADDR, uapi.RTM_DELADDR],
    ifindexAt: IFINDEX_AT,
  },
  {
    table: numberOf('FDB'),
    groups: [uapi.RTNLGRP_NEIGH],
    types: [uapi.RTM_NEWNEIGH, uapi.RTM_DELNEIGH],
    family: uapi.AF_BRIDGE,
    ifindexAt: IFINDEX_AT,
  },
  // Not RTM_GETNEIGH, which comes in this group when a vxlan misses an address (vxlan_fdb_miss(), drivers/net/vxlan): nothing has changed.
  { table: numberOf('NEIGHBORS'), groups: [uapi.RTNLGRP_NEIGH], types: [uapi.RTM_NEWNEIGH], ifindexAt: IFINDEX_AT },
  {
    table: numberOf('NEIGHBORS'),
    groups: [uapi.RTNLGRP_NEIGH],
    types: [uapi.RTM_DELNEIGH],
    unless: MULTICAST_END,
    ifindexAt: IFINDEX_AT,
  },
  {
    table: numberOf('ROUTES'),
    groups: [uapi.RTNLGRP_IPV4_ROUTE, uapi.RTNLGRP_IPV6_ROUTE, uapi.RTNLGRP_MPLS_ROUTE],
    types: [uapi.RTM_NEWROUTE, uapi.RTM_DELROUTE],
  },
  { table: numberOf('NSIDS'), groups: [uapi.RTNLGRP_NSID], types: [uapi.RTM_NEWNSID, uapi.RTM_DELNSID] },
];

/** Properties of records and of the model that are made of attributes which are not remembered. */
const VOLATILE: ReadonlySet<string> = new Set([
  'counters',
  'validLifetimeSeconds',
  'preferredLifetimeSeconds',
  'probes',
  'confirmedSeconds',
  'usedSeconds',
  'updatedSeconds',
  'expiresSeconds',
]);

/** What is volatile in a kind's table: names of details, and ids under which attributes of an unexpected width are kept. */
interface VolatileAttributes {
  readonly names: ReadonlySet<string>;
  readonly ids: readonly string[];
}

function volatileOf(table: AttributeTable): VolatileAttributes {
  const entries = Object.entries(table).filter(([, [, , change]]) => change === 'volatile');
  return { names: new Set(entries.map(([, [name]]) => name)), ids: entries.map(([id]) => id) };
}

const VOLATILE_DATA = new Map([...KINDS].map(([kind, { data }]) => [kind, volatileOf(data)]));
const VOLATILE_PORT = new Map([...KINDS].map(([kind, { port = {} }]) => [kind, volatileOf(port)]));

/** What stripVolatile() looks at in a link. */
interface LinkFaceOf {
  readonly kind?: string;
  readonly portKind?: string;
}

/**
 * A record, or the same row of the model, without what changes by itself, as it is decoded from a remembered row:
 * - a link without `counters`; without the entries of `attributes`, `portAttributes` and `unknownAttributes` that its kinds' tables call
 *   'volatile' (a bridge's timers, learned addresses and querier, a port's timers, groups and hosts); its `addressDetails` as addresses
 * - an address without lifetimes
 * - an FDB or a neighbour row without ages and probes
 * - a route without expiry
 */
export function stripVolatile<Row extends object>(row: Row): Row {
  const { kind = '', portKind = '' } = row as LinkFaceOf;
  const data = VOLATILE_DATA.get(kind);
  const port = VOLATILE_PORT.get(portKind);
  const rest: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row)) {
    if (VOLATILE.has(name)) continue;
    if (name === 'attributes') rest[name] = without(value as object, (key) => data?.names.has(key) === true);
    else if (name === 'portAttributes') rest[name] = without(value as object, (key) => port?.names.has(key) === true);
    else if (name === 'unknownAttributes') rest[name] = withoutIds(value as object, data, port);
    else if (name === 'addressDetails') rest[name] = (value as object[]).map(stripVolatile);
    else rest[name] = value;
  }
  return rest as Row;
}

function withoutIds(attributes: object, data?: VolatileAttributes, port?: VolatileAttributes): object {
  const left = [...(data?.ids ?? []).map((id) => `data/${id}`), ...(port?.ids ?? []).map((id) => `port/${id}`)];
  return without(attributes, (key) => left.includes(key));
}

function without(object: object, isLeftOut: (key: string) => boolean): object {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !isLeftOut(key)));
}
