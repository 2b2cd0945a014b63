import { isSame } from '../model/same.js';
import type {
  Cursor,
  Freshness,
  Gap,
  Host,
  HostSnapshot,
  Interface,
  Netns,
  NetnsChange,
  Network,
  Section,
  SectionRows,
  Sections,
  WatchEvent,
} from '../model/types.js';
import type { RowBase } from '../tables/contract.js';
import { eachSection, removedOf, type Row as TableRow, SECTIONS, tableOf } from '../tables/index.js';
import { Interner } from './interner.js';

type Row = TableRow & RowBase;

/** The old and the new state of an item: without `old` it was added, without `new` it was removed. */
export interface Difference<Value> {
  readonly old?: Value;
  readonly new?: Value;
}

/** A change of the known state by an event. The removal of a namespace implies its rows. */
export type WatchChange =
  | ({ readonly what: 'host' } & Difference<Host>)
  | ({ readonly what: 'network' } & Difference<Network>)
  | ({ readonly what: 'gap' } & Difference<Gap>)
  | ({ readonly what: 'netns' } & Difference<Netns>)
  | ({ readonly what: 'interface'; readonly netns: Netns } & Difference<Interface>)
  | SectionChange;

/** A row that was added, removed or changed. */
export type SectionChange = {
  [Name in Section]: { readonly what: Name; readonly netns: Netns } & Difference<SectionRows[Name]>;
}[Section];

/** Size of the known state. */
export interface WatchCounts extends Readonly<Record<Section, number>> {
  readonly namespaces: number;
  readonly interfaces: number;
}

/** One namespace: its rows by ifindex and by row id. */
interface State {
  head: Netns;
  readonly interfaces: Map<number, Interface>;
  readonly rows: Readonly<Record<Section, Map<number, Row>>>;
  /** What was removed, or is from before a resync: what is not sent again before the cursor moves is gone. */
  stale: Stale | undefined;
}

interface Stale {
  readonly interfaces: Map<number, Interface>;
  readonly rows: Readonly<Record<Section, Map<string, Row>>>;
}

/**
 * Merges the events of Watch into the state of a host. Events may be repeated, and removals of unknown items are
 * ignored. It keeps the rows of the events, not copies.
 */
export class WatchMerger {
  /** To be passed as `after` when reconnecting. */
  cursor: Cursor | undefined;
  host: Host | undefined;
  freshness: Freshness | undefined;
  /** Whether the full state was received since the last restart. */
  synced = false;
  gaps: readonly Gap[] = [];
  networks: readonly Network[] = [];
  readonly #namespaces = new Map<string, State>();
  readonly #interner = new Interner();
  readonly #changing = new Set<State>();

  /** The namespace of an id, without its rows. */
  netns(id: string): Netns | undefined {
    return this.#namespaces.get(id)?.head;
  }

  get counts(): WatchCounts {
    const counts = { namespaces: this.#namespaces.size, interfaces: 0, ...eachSection(() => 0) };
    for (const { interfaces, rows } of this.#namespaces.values()) {
      counts.interfaces += interfaces.size;
      for (const section of SECTIONS) counts[section] += rows[section].size;
    }
    return counts;
  }

  /** Applies an event. @returns its changes, without what was known already. After a restart everything is new */
  apply(event: WatchEvent): WatchChange[] {
    const changes: WatchChange[] = [];
    if (event.restart !== undefined) this.#forget();
    if (event.host !== undefined) {
      for (const difference of differenceOf(this.host, event.host)) changes.push({ what: 'host', ...difference });
      this.host = event.host;
    }
    if (event.netns !== undefined) this.#applyNetns(event.netns, changes);
    if (event.removed !== undefined) this.#remove(event.removed, changes);
    if (event.gaps !== undefined) {
      changes.push(...replaced('gap', this.gaps, event.gaps.gaps, ({ message }) => message));
      this.gaps = event.gaps.gaps;
    }
    if (event.networks !== undefined) {
      changes.push(...replaced('network', this.networks, event.networks.networks, ({ engine, id }) => `${engine} ${id}`));
      this.networks = event.networks.networks;
    }
    if (event.synced !== undefined) {
      this.freshness = event.synced.freshness;
      this.synced = true;
    }
    if (event.cursor.revision !== this.cursor?.revision || event.synced !== undefined) this.#settle(changes);
    this.cursor = event.cursor;
    return changes;
  }

  /** Everything that is known, the rows shared with it, the freshness that of the last mark; undefined before the host is known. */
  snapshot(): HostSnapshot | undefined {
    if (this.host === undefined) return undefined;
    const namespaces = [...this.#namespaces.values()].map(({ head, interfaces, rows }) => ({
      ...head,
      interfaces: [...interfaces.values()],
      ...(eachSection((section) => [...rows[section].values()]) as unknown as Sections),
    }));
    const host = this.freshness === undefined ? this.host : { ...this.host, freshness: this.freshness };
    return { host, namespaces, gaps: [...this.gaps], networks: [...this.networks] };
  }

  #forget(): void {
    this.#namespaces.clear();
    this.#changing.clear();
    this.gaps = [];
    this.networks = [];
    this.host = undefined;
    this.synced = false;
  }

  #remove({ id, cookie }: { id: string; cookie?: bigint }, changes: WatchChange[]): void {
    const state = this.#namespaces.get(id);
    // Another one may have the inode already.
    if (state === undefined || isOther(state.head.cookie, cookie)) return;
    this.#drop(state, changes);
  }

  #drop(state: State, changes: WatchChange[]): void {
    this.#namespaces.delete(state.head.id);
    this.#changing.delete(state);
    changes.push({ what: 'netns', old: state.head });
  }

  #applyNetns(change: NetnsChange, changes: WatchChange[]): void {
    const { state, old } = this.#stateFor(change, changes);
    for (const difference of differenceOf(old, state.head)) changes.push({ what: 'netns', ...difference });
    this.#applyInterfaces(state, change, changes);
    for (const section of SECTIONS) this.#applyRows(state, section, change, changes);
  }

  #stateFor({ netns, whole }: NetnsChange, changes: WatchChange[]): { state: State; old: Netns | undefined } {
    let known = this.#namespaces.get(netns.id);
    if (known !== undefined && isOther(known.head.cookie, netns.cookie)) {
      this.#drop(known, changes);
      known = undefined;
    }
    const old = known?.head;
    if (known !== undefined && !whole) {
      known.head = netns;
      return { state: known, old };
    }
    const rows = eachSection(() => new Map<number, Row>());
    const state: State = { head: netns, interfaces: new Map(), rows, stale: known === undefined ? undefined : staleOf(known) };
    if (known !== undefined) this.#changing.delete(known);
    if (state.stale !== undefined) this.#changing.add(state);
    this.#namespaces.set(netns.id, state);
    return { state, old };
  }

  #applyInterfaces({ head: netns, interfaces, stale }: State, change: NetnsChange, changes: WatchChange[]): void {
    for (const ifindex of change.removedIfindexes) {
      const old = interfaces.get(ifindex);
      if (old === undefined) continue;
      interfaces.delete(ifindex);
      changes.push({ what: 'interface', netns, old });
    }
    for (const link of change.interfaces) {
      const old = interfaces.get(link.ifindex) ?? stale?.interfaces.get(link.ifindex);
      stale?.interfaces.delete(link.ifindex);
      interfaces.set(link.ifindex, link);
      for (const difference of differenceOf(old, link)) changes.push({ what: 'interface', netns, ...difference });
    }
  }

  #applyRows(state: State, section: Section, change: NetnsChange, changes: WatchChange[]): void {
    const { head: netns, rows } = state;
    const known = rows[section];
    const removed = removedOf(section);
    const { identity: identityOf } = tableOf(section);
    const add = (difference: Difference<Row>): void => {
      // The section and the type of its rows belong together, which the compiler cannot follow.
      changes.push({ what: section, netns, ...difference } as WatchChange);
    };
    for (const { rowId } of change[removed]) {
      const old = rowId === undefined ? undefined : known.get(rowId);
      if (old === undefined || rowId === undefined) continue;
      known.delete(rowId);
      const identity = identityOf(old);
      const gone = this.#staleOf(state).rows[section];
      if (gone.has(identity)) add({ old });
      else gone.set(identity, old);
    }
    const gone = state.stale?.rows[section];
    for (const row of change[section] as Row[]) {
      this.#interner.shrink(section, row, netns.id);
      const identity = gone === undefined || gone.size === 0 ? '' : identityOf(row);
      const old = (row.rowId === undefined ? undefined : known.get(row.rowId)) ?? gone?.get(identity);
      gone?.delete(identity);
      if (row.rowId !== undefined) known.set(row.rowId, row);
      if (old === undefined) add({ new: row });
      else if (!isSameRow(old, row)) add({ old, new: row });
    }
  }

  /** Rows that are removed may be added in a later message of the same change, as which they are one. */
  #staleOf(state: State): Stale {
    this.#changing.add(state);
    return (state.stale ??= noneStale());
  }

  /** Changes are complete by now: what was not sent again is gone. */
  #settle(changes: WatchChange[]): void {
    for (const state of this.#changing) {
      const { head: netns, stale } = state;
      if (stale === undefined) continue;
      for (const old of stale.interfaces.values()) changes.push({ what: 'interface', netns, old });
      for (const section of SECTIONS)
        for (const old of stale.rows[section].values()) changes.push({ what: section, netns, old } as WatchChange);
      state.stale = undefined;
    }
    this.#changing.clear();
  }
}

/** Whether two cookies are of different namespaces; one that is not known may be of either. */
function isOther(a: bigint | undefined, b: bigint | undefined): boolean {
  return a !== undefined && b !== undefined && a !== b;
}

/** Whether two rows are the same except for their ids. */
function isSameRow(a: Row, b: Row): boolean {
  return isSame({ ...a, rowId: 0 }, { ...b, rowId: 0 });
}

function noneStale(): Stale {
  return { interfaces: new Map(), rows: eachSection(() => new Map<string, Row>()) };
}

/** The known state, and what is left of the one before if a resync was interrupted by another. */
function staleOf({ interfaces, rows, stale }: State): Stale {
  const old = stale ?? noneStale();
  for (const [ifindex, link] of interfaces) old.interfaces.set(ifindex, link);
  for (const section of SECTIONS)
    for (const row of rows[section].values()) old.rows[section].set(tableOf(section).identity(row), row);
  return old;
}

/** How an item differs from its old state; nothing if it does not. */
function differenceOf<Value>(old: Value | undefined, now: Value): Difference<Value>[] {
  if (old === undefined) return [{ new: now }];
  return isSame(old, now) ? [] : [{ old, new: now }];
}

/** A list that replaces another, as differences. */
function replaced<What extends string, Item>(
  what: What,
  before: readonly Item[],
  after: readonly Item[],
  keyOf: (item: Item) => string,
): ({ readonly what: What } & Difference<Item>)[] {
  const left = new Map(before.map((item) => [keyOf(item), item]));
  const differences: Difference<Item>[] = [];
  for (const item of after) {
    differences.push(...differenceOf(left.get(keyOf(item)), item));
    left.delete(keyOf(item));
  }
  return [...[...left.values()].map((old) => ({ old })), ...differences].map((difference) => ({ what, ...difference }));
}
