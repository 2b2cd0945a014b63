// A live host as lists and snapshots are made of it.
import { type ListItems, type ListName, LISTS, relevantGaps } from '../model/lists.js';
import { selectsHost, selectsNetns, type Selector } from '../model/select.js';
import type { Host, HostSnapshot, Listing, Netns, Table, TableStatus } from '../model/types.js';
import type { HostView, NetnsView, Rows } from '../model/views.js';
import { ALL_TABLES, noRows, SECTIONS } from '../tables/index.js';
import { LiveError, type LiveHost } from '../live/types.js';

/** A namespace of a live host. */
export interface LiveNetnsView extends NetnsView {
  /** How reading its tables went, as it is known by now: that rows are malformed is seen when they are taken. */
  statuses(): readonly TableStatus[];
}

/** What is known of a host, by namespace. */
export interface LiveView extends HostView {
  namespaces(): Iterable<LiveNetnsView>;
  /** Ids of the namespaces that were looked at and did not fit the selector. */
  readonly left: ReadonlySet<string>;
}

/** What of a host is looked at. */
export interface LiveViewOptions {
  readonly selector: Selector;
  readonly tables: readonly Table[];
  /** For readers who keep what they made of a namespace: a text that changes when its rows do. */
  readonly revisions?: { keep(keys: readonly number[]): void; of(key: number): string };
}

/** @throws LiveError when nothing is known of the host yet */
export function liveView(live: LiveHost, { selector, tables, revisions }: LiveViewOptions): LiveView {
  const left = new Set<string>();
  return {
    hostId: hostOf(live).id,
    left,
    *namespaces() {
      revisions?.keep(live.keys());
      for (const key of live.keys()) {
        // Before anything of it is read, so that a change in between is seen the next time.
        const revision = live.head(key) === undefined ? undefined : revisions?.of(key);
        const head = live.head(key);
        if (head === undefined) continue;
        if (!selectsNetns(head, selector)) left.add(head.id);
        yield {
          head: onlyStatuses(head, tables),
          ...(revision !== undefined && { revision }),
          statuses: () => onlyStatuses(live.head(key) ?? head, tables).tables,
          take: (wanted) => rowsOf(live, key, wanted),
        };
      }
    },
    interfaceOf: (netnsId, ifindex) => live.interfaceOf(netnsId, ifindex),
  };
}

/** The list of a host that was read. */
export function listHost<Name extends ListName>(name: Name, live: LiveHost, selector: Selector): Listing<ListItems[Name]> {
  if (!selectsHost(hostOf(live), selector)) return { items: [], gaps: [] };
  const list = LISTS[name];
  const { tables } = list;
  const view = liveView(live, { selector, tables });
  const items = [...list.batches(view, selector)].flat();
  return { items, gaps: relevantGaps(live.gaps(), { hostId: view.hostId, left: view.left, tables }) };
}

/** All that is known of a host. */
export function snapshotOf(live: LiveHost, tables: readonly Table[] = ALL_TABLES): HostSnapshot {
  const { freshness: _ofNow, ...host } = hostOf(live);
  const namespaces = live.keys().flatMap((key) => netnsOf(live, key, tables) ?? []);
  return { host, namespaces, gaps: [...live.gaps()], networks: [...live.networks()] };
}

function netnsOf(live: LiveHost, key: number, tables: readonly Table[]): Netns | undefined {
  const rows: Rows = { interfaces: [], ...noRows() };
  for (const part of rowsOf(live, key, tables))
    for (const section of ['interfaces', ...SECTIONS] as const)
      for (const row of part[section]) (rows[section] as unknown[]).push(row);
  // Afterwards: which rows are malformed is seen when they are decoded.
  const head = live.head(key);
  return head === undefined ? undefined : { ...onlyStatuses(head, tables), ...rows };
}

/** The rows of a namespace, part by part. Their ids are for those who watch. */
function* rowsOf(live: LiveHost, key: number, tables: readonly Table[]): Generator<Rows> {
  for (const part of live.parts(key, undefined, tables)) {
    for (const section of SECTIONS) for (const row of part[section] as { rowId?: number | undefined }[]) row.rowId = undefined;
    yield part;
  }
}

/** A namespace with the statuses of some tables: what a client gets must not depend on what others asked for. */
export function onlyStatuses(head: Netns, tables: readonly Table[]): Netns {
  if (head.tables.every(({ table }) => tables.includes(table))) return head;
  return { ...head, tables: head.tables.filter(({ table }) => tables.includes(table)) };
}

/** The host itself. @throws LiveError when it was not read yet */
export function hostOf(live: LiveHost): Host {
  const host = live.host();
  if (host === undefined) throw new LiveError('ERR_NSATLAS_READ', 'this host could not be read yet');
  return host;
}
