import type { RowBase } from '../tables/contract.js';
import { type AnyRowTable, eachSection, type Row, tableOf } from '../tables/index.js';
import { netnsName } from './ids.js';
import {
  type LinkTest,
  selectsHost,
  selectsInterface,
  selectsLink,
  selectsNetns,
  selectsRow,
  type Selector,
  speaksOfLinks,
} from './select.js';
import type {
  FdbEntry,
  Gap,
  HostSnapshot,
  Interface,
  Listing,
  Netns,
  Section,
  SectionRows,
  Table,
  VethPair,
  VxlanRow,
} from './types.js';
import { vethPairBatches } from './veth-pairs.js';
import { type HostView, type NetnsView, viewOf } from './views.js';

/** One list: which tables it needs and how it is built. */
export interface ListDefinition<Item> {
  /** The tables that it needs. */
  readonly tables: readonly Table[];
  /** The list of a complete snapshot. */
  list(snapshot: HostSnapshot, selector: Selector): Listing<Item>;
  /** The items, built on demand. Between two batches, many of which may be empty, at most one part is processed. */
  batches(host: HostView, selector: Selector): Iterable<readonly Item[]>;
}

/** The item of every list that the command line and the agent offer, by the command's word. Each section of rows is a list. */
export interface ListItems extends SectionRows {
  netns: Netns;
  interfaces: Interface;
  vxlans: VxlanRow;
  veths: VethPair;
}

/** The lists by name. */
export type Lists = { readonly [Name in keyof ListItems]: ListDefinition<ListItems[Name]> };

/** A list's name: the word of the command. */
export type ListName = keyof Lists;

/** The lists. Pure: the same snapshot and selector give the same answer, on the host, in the agent and from a file. */
export const LISTS: Lists = {
  netns: define(
    ['LINKS'],
    eachNetns(function* ({ head }, _selector, place) {
      yield [{ ...head, ...place }];
    }),
  ),
  interfaces: define(
    ['LINKS', 'ADDRESSES', 'NSIDS'],
    eachNetns(function* (netns, selector, place) {
      for (const { interfaces } of netns.take(['LINKS', 'ADDRESSES', 'NSIDS']))
        yield interfaces.filter((link) => selectsInterface(link, selector)).map((link) => placed(link, place));
    }),
  ),
  vxlans: define(['LINKS', 'ADDRESSES', 'FDB'], eachNetns(vxlanRows)),
  veths: define(['LINKS', 'ADDRESSES', 'NSIDS'], vethPairBatches),
  // Each list's rows are those of its table, which the compiler cannot follow through an iteration over all of them.
  ...(eachSection((section) => rowList(tableOf(section))) as unknown as Pick<Lists, Section>),
};

type Batches<Item> = (host: HostView, selector: Selector) => Iterable<readonly Item[]>;

function define<Item>(tables: readonly Table[], batches: Batches<Item>): ListDefinition<Item> {
  return {
    tables,
    batches,
    list: (snapshot, selector) => {
      if (!selectsHost(snapshot.host, selector)) return { items: [], gaps: [] };
      const left = snapshot.namespaces.filter((netns) => !selectsNetns(netns, selector)).map((netns) => netns.id);
      const items: Item[] = [];
      for (const batch of batches(viewOf(snapshot), selector)) for (const item of batch) items.push(item);
      return { items, gaps: relevantGaps(snapshot.gaps, { hostId: snapshot.host.id, left: new Set(left), tables }) };
    },
  };
}

/** Where a row comes from, in every list. */
interface Place {
  readonly host: string;
  readonly netnsName: string;
}

/** In place: copies are slow to make and slower to read (complete.ts). */
function placed<Item extends { host?: string; netnsName?: string }>(row: Item, { host, netnsName }: Place): Item {
  row.host = host;
  row.netnsName = netnsName;
  return row;
}

/** A list to which each selected namespace adds its items. */
function eachNetns<Item>(
  itemsOf: (netns: NetnsView, selector: Selector, place: Place) => Iterable<readonly Item[]>,
): Batches<Item> {
  return function* (host, selector) {
    for (const netns of host.namespaces()) {
      if (selectsNetns(netns.head, selector))
        yield* itemsOf(netns, selector, { host: host.hostId, netnsName: netnsName(netns.head) });
      else yield [];
    }
  };
}

/** Gaps that have a bearing on a list: of its tables, of the namespaces that were not `left` out, and all that are of neither. */
export function relevantGaps(
  gaps: readonly Gap[],
  { hostId, left, tables }: { readonly hostId: string; readonly left: ReadonlySet<string>; readonly tables: readonly Table[] },
): Gap[] {
  return gaps
    .filter((gap) => gap.table === undefined || tables.includes(gap.table))
    .filter((gap) => gap.netnsId === undefined || !left.has(gap.netnsId))
    .map((gap) => ({ ...gap, host: hostId }));
}

/** A list of the rows of one table. */
function rowList(table: AnyRowTable): ListDefinition<Row & RowBase> {
  return define(
    ['LINKS', table.name],
    eachNetns(function* (netns, selector, place) {
      const wanted = yield* wantedLinks(netns, selector);
      for (const part of netns.take([table.name]))
        yield (part[table.section] as (Row & RowBase)[])
          .filter((row) => selectsRow(table, row, selector, wanted))
          .map((row) => placed(row, place));
    }),
  );
}

/** Whether rows of an interface are wanted, when the selector speaks of kinds, names or VNIs. */
export function* wantedLinks(netns: NetnsView, selector: Selector): Generator<never[], LinkTest> {
  if (!speaksOfLinks(selector)) return () => true;
  const wanted = new Set<number>();
  for (const { interfaces } of netns.take(['LINKS'])) {
    for (const link of interfaces) if (selectsLink(link, selector)) wanted.add(link.ifindex);
    yield [];
  }
  return (ifindex) => ifindex !== undefined && wanted.has(ifindex);
}

function* vxlanRows(netns: NetnsView, selector: Selector, place: Place): Generator<VxlanRow[]> {
  const links: Interface[] = [];
  const subnets = new Map<number, string[]>();
  for (const { interfaces } of netns.take(['LINKS', 'ADDRESSES'])) {
    for (const link of interfaces) {
      if (link.vxlan !== undefined && selectsInterface(link, selector)) links.push(link);
      const own = subnetsOf(link);
      if (own.length > 0) subnets.set(link.ifindex, own);
    }
    yield [];
  }
  if (links.length === 0) return;
  const entries = netns.head.tables.some(({ table, status }) => table === 'FDB' && status === 'OK')
    ? yield* countFdb(netns)
    : undefined;
  yield links.flatMap((link) => vxlanRow(netns.head, link, { place, subnets, entries }));
}

/** How many rows of each interface lead to a VTEP. */
function* countFdb(netns: NetnsView): Generator<never[], Map<number, number>> {
  const entries = new Map<number, number>();
  for (const { fdb } of netns.take(['FDB'])) {
    for (const row of fdb) if (leadsToVtep(row)) entries.set(row.ifindex, (entries.get(row.ifindex) ?? 0) + 1);
    yield [];
  }
  return entries;
}

/** Whether a forwarding row of a VXLAN leads to a VTEP: to one, or to those of a group of next hops. */
export function leadsToVtep({ dst, nexthopId }: Pick<FdbEntry, 'dst' | 'nexthopId'>): boolean {
  return dst !== undefined || nexthopId !== undefined;
}

/** Networks of an interface's global addresses, as addresses with a prefix length. */
export function subnetsOf(link: Interface): string[] {
  return link.addressDetails
    .filter((address) => address.scope === 'global')
    .map((address) => `${address.address}/${address.prefixLength}`);
}

interface VxlanFacts {
  readonly place: Place;
  /** By ifindex of the bridge. */
  readonly subnets: ReadonlyMap<number, string[]>;
  /** By ifindex of the vxlan; undefined when the table was not read. */
  readonly entries: ReadonlyMap<number, number> | undefined;
}

function vxlanRow(netns: Netns, link: Interface, { place, subnets, entries }: VxlanFacts): VxlanRow[] {
  if (link.vxlan === undefined) return [];
  const { vni, dstPort } = link.vxlan;
  return [
    {
      ...place,
      netnsId: netns.id,
      ifindex: link.ifindex,
      name: link.name,
      ...(vni !== undefined && { vni }),
      ...(dstPort !== undefined && { dstPort }),
      ...(netns.networkId !== undefined && { networkId: netns.networkId }),
      ...(netns.networkName !== undefined && { networkName: netns.networkName }),
      ...(entries !== undefined && { fdbEntries: entries.get(link.ifindex) ?? 0 }),
      role: netns.role,
      ...(link.mtu !== undefined && { mtu: link.mtu }),
      operState: link.operState,
      ...(link.masterIfindex !== undefined && { masterIfindex: link.masterIfindex }),
      ...(link.masterName !== undefined && { masterName: link.masterName }),
      subnets: (link.masterIfindex === undefined ? undefined : subnets.get(link.masterIfindex)) ?? [],
      vxlan: link.vxlan,
      flags: link.flags,
    },
  ];
}
