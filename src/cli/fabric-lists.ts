import { endpointList, FABRIC_TABLES, type Fabric, fabricHostOf, finish, joinFabric, overlayList } from '../fabric/index.js';
import { LISTS, relevantGaps } from '../model/lists.js';
import { isFailure } from '../model/gaps.js';
import { rowCounts } from '../model/row-counts.js';
import { selectsHost, type Selector } from '../model/select.js';
import type { HostEntry, HostSnapshot, Netns, Table } from '../model/types.js';
import type { ListDocument } from '../outputs/contract.js';
import { ALL_TABLES } from '../tables/index.js';
import { FABRIC_RPCS, type FabricListName, type ListedName } from '../wire/messages.js';

/** A host that a command reads without a collector. */
export interface KnownHost {
  readonly snapshot: HostSnapshot;
  /** As in HostEntry; "" if it was read from a file. */
  readonly agent: string;
  readonly source: string;
  /** Age of the snapshot, in milliseconds; absent if it was just read. */
  readonly ageMs?: number;
}

/** Whether a list is built from hosts rather than from one host. */
export function isFabricName(name: ListedName): name is FabricListName {
  return name in FABRIC_RPCS;
}

/** The tables that a list needs. */
export function tablesOfList(name: ListedName): readonly Table[] {
  if (!isFabricName(name)) return LISTS[name].tables;
  return name === 'hosts' ? ALL_TABLES : FABRIC_TABLES;
}

/** A list of the fabric of some hosts, as a collector of them would answer. */
export function fabricList(name: FabricListName, known: readonly KnownHost[], selector: Selector): ListDocument {
  const selected = known.filter(({ snapshot }) => selectsHost(snapshot.host, selector));
  const tables = tablesOfList(name);
  const gaps = selected.flatMap(({ snapshot }) =>
    relevantGaps(snapshot.gaps, { hostId: snapshot.host.id, left: new Set(), tables }),
  );
  // All hosts: a selected host may be described by the others.
  const fabric = (): Fabric => finish(joinFabric(known.map(({ snapshot }) => fabricHostOf(snapshot))));
  switch (name) {
    case 'hosts':
      return { name, listing: { items: selected.map(entryOf), gaps } };
    case 'overlays':
      return { name, listing: { items: [...overlayList(fabric(), selector)].flat(), gaps } };
    case 'endpoints':
      return { name, listing: { items: [...endpointList(fabric(), selector)].flat(), gaps } };
  }
}

/** A host from a file is as old as the file; one that was just read, or whose agent just answered, is live. */
function entryOf({ snapshot: { host, namespaces, gaps }, agent, source, ageMs = host.freshness?.ageMs }: KnownHost): HostEntry {
  const rows = (count: (netns: Netns) => readonly unknown[]): number =>
    namespaces.reduce((sum, netns) => sum + count(netns).length, 0);
  return {
    host: host.id,
    hostName: host.name,
    agent,
    source,
    state: agent === '' ? 'STALE' : 'LIVE',
    ...(agent === '' && { problem: `a snapshot of ${host.readAt}` }),
    ...(ageMs !== undefined && { ageMs }),
    ...(host.freshness !== undefined && { freshness: host.freshness }),
    namespaces: namespaces.length,
    interfaces: rows(({ interfaces }) => interfaces),
    ...rowCounts((section) => rows((netns) => netns[section])),
    gaps: gaps.filter(isFailure).length,
    disconnects: 0,
    resyncs: 0,
    heardAt: host.readAt,
    details: host,
  };
}
