import { ALL_TABLES, eachSection, ROW_TABLES, sourceOf, type SourceName } from '../tables/index.js';
import type { FoundNetns } from '../discover/types.js';
import { netnsName } from '../model/ids.js';
import type { Gap, Host, Interface, Netns, NetnsChange, NetnsRemoved, Network, Table } from '../model/types.js';
import { LITTLE_ENDIAN } from '../netlink/attributes.js';
import { DecodeError } from '../netlink/error.js';
import { decodeGap } from './gaps.js';
import { History, type HistoryLimits, type HostPart } from './history.js';
import { updateLinks } from './link-entries.js';
import { LiveNetns, type Ownership } from './live-netns.js';
import { Pairing } from './pairing.js';
import { headOf, interfaceOf, partsOf, type PartsContext, slotsByIfindex } from './parts.js';
import type { LiveChanges, LiveCounts } from './types.js';

/** Sources of gaps that are not of one namespace. */
export type GapSource = 'discovery' | 'engines' | 'owners';

/** Rows of one namespace that came and went in one read. */
export interface RowChanges {
  readonly gone: number[];
  readonly come: number[];
  /** Bytes of the rows that are gone, by slot, where readers who still have them need those. */
  readonly removed: Map<number, Uint8Array>;
  /** Revision under which the first of them came. */
  readonly since: number;
}

/**
 * The versioned state of a host. Changed by the code that reads the kernel, queried by readers; knows no clock, no kernel and
 * no reader. Changes become visible with commit().
 */
export class LiveState {
  readonly history: History;
  readonly namespaces = new Map<number, LiveNetns>();
  readonly pairing: Pairing;
  host: Host | undefined;
  networks: readonly Network[] = [];
  readonly #gaps: Record<GapSource, readonly Gap[]> = { discovery: [], engines: [], owners: [] };
  readonly #byId = new Map<string, LiveNetns>();
  #keys: readonly number[] | undefined;
  readonly #listeners = new Set<() => void>();

  constructor(limits: HistoryLimits = {}) {
    this.history = new History(limits);
    this.pairing = new Pairing(this.namespaces, this.history);
  }

  // What readers ask.

  get revision(): number {
    return this.history.revision;
  }

  get counts(): LiveCounts {
    const counts = { namespaces: this.namespaces.size, interfaces: 0, ...eachSection(() => 0) };
    for (const { links, tables } of this.namespaces.values()) {
      counts.interfaces += links.size;
      for (const { name, section } of ROW_TABLES) counts[section] += tables[name].rows.count;
    }
    return counts;
  }

  keys(): readonly number[] {
    this.#keys ??= [...this.namespaces.values()]
      .sort((a, b) => Number(b.found.isHost) - Number(a.found.isHost) || a.found.ino - b.found.ino)
      .map(({ key }) => key);
    return this.#keys;
  }

  head(key: number): Netns | undefined {
    const netns = this.namespaces.get(key);
    return netns === undefined ? undefined : headOf(netns, ALL_TABLES);
  }

  parts(key: number, since: number | undefined, tables: readonly Table[]): Iterable<NetnsChange> {
    const netns = this.namespaces.get(key);
    return netns === undefined ? [] : partsOf(netns, since, tables, this.#context());
  }

  interfaceOf(netnsId: string, ifindex: number): Interface | undefined {
    const netns = this.#byId.get(netnsId);
    const link = netns?.links.get(ifindex);
    if (netns === undefined || link === undefined) return undefined;
    return interfaceOf(netns, link, slotsByIfindex(netns).get(ifindex) ?? [], this.#context());
  }

  gaps(): Gap[] {
    const ofNamespaces = [...this.namespaces.values()].flatMap((netns) => [...netns.gaps()]);
    const { discovery, engines, owners } = this.#gaps;
    return [...discovery, ...engines, ...ofNamespaces, ...owners];
  }

  changesAfter(revision: number): LiveChanges | undefined {
    return this.history.changesAfter(revision, this.namespaces);
  }

  subscribe(listener: () => void): () => void {
    // A wrapper, so that a function that subscribes twice is called twice.
    const own = (): void => listener();
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  // Called by the code that reads the kernel.

  add(key: number, found: FoundNetns): LiveNetns {
    const netns = new LiveNetns(key, found, this.history.next);
    this.namespaces.set(key, netns);
    this.#byId.set(netns.id, netns);
    this.#keys = undefined;
    this.history.changed(key);
    return netns;
  }

  remove(netns: LiveNetns): void {
    if (!this.namespaces.delete(netns.key)) return;
    if (this.#byId.get(netns.id) === netns) this.#byId.delete(netns.id);
    this.#keys = undefined;
    const { id, cookie } = netns;
    const removed: NetnsRemoved = { id, ...(cookie !== undefined && { cookie }), netnsName: netnsName(netns.head()) };
    this.history.removed(netns.key, removed);
    this.pairing.netnsRemoved(netns);
    if (netns.gaps().next().done !== true) this.history.partChanged('gaps');
  }

  /** Rows of one table came and went; `changes` has their slots. To be called once for each read of a table that changed something. */
  rowsChanged(netns: LiveNetns, table: SourceName, changes: RowChanges): void {
    const revision = this.history.next;
    netns.tables[table].changedAt = revision;
    netns.revision = revision;
    this.history.changed(netns.key);
    for (const [number, bytes] of changes.removed) netns.remember({ revision, table, number, bytes });
    // Something else was committed while the rows came: readers who are past that revision would miss those that have it.
    if (changes.since !== revision) for (const slot of changes.come) netns.tables[table].rows.touch(slot, revision);
    const { malformed } = netns.tables[table];
    if (malformed !== undefined && changes.gone.some((slot) => malformed.has(slot))) {
      for (const slot of changes.gone) malformed.delete(slot);
      this.headChanged(netns);
      this.history.partChanged('gaps');
    }
    if (table === 'LINKS') {
      const onMalformed = (slot: number, error: DecodeError): void => this.#noteMalformed(netns, table, slot, error);
      updateLinks(netns, changes, { history: this.history, pairing: this.pairing, onMalformed });
    }
  }

  /** Addresses of these interfaces changed. */
  addressesChanged(netns: LiveNetns, ifindexes: ReadonlySet<number>): void {
    for (const ifindex of ifindexes) {
      const link = netns.links.get(ifindex);
      if (link !== undefined) link.revision = this.history.next;
    }
  }

  /** Something about the namespace itself changed: its references, its owner, how reading it went. */
  headChanged(netns: LiveNetns): void {
    netns.headChangedAt = this.history.next;
    netns.revision = this.history.next;
    this.history.changed(netns.key);
  }

  /** Its rows may be wrong: all are forgotten and read again. */
  reset(netns: LiveNetns): void {
    this.pairing.netnsReset(netns);
    netns.reset(this.history.next);
    this.headChanged(netns);
  }

  setOwnership(netns: LiveNetns, ownership: Ownership): void {
    const before = netns.ownership;
    const nobody =
      before.owner === undefined && ownership.owner === undefined && before.joined.length + ownership.joined.length === 0;
    if (nobody && before.network?.id === ownership.network?.id && before.network?.name === ownership.network?.name) return;
    if (sameJson(before, ownership)) return;
    netns.ownership = ownership;
    this.headChanged(netns);
  }

  setGaps(source: GapSource, gaps: readonly Gap[]): void {
    if (sameJson(this.#gaps[source], gaps)) return;
    this.#gaps[source] = gaps;
    this.history.partChanged('gaps');
  }

  setHost(host: Host): void {
    const { readAt: _then, durationMs: _long, freshness: _was, ...before } = this.host ?? ({} as Host);
    const { readAt: _now, durationMs: _took, freshness: _is, ...after } = host;
    this.host = host;
    if (!sameJson(before, after)) this.history.partChanged('host');
  }

  setNetworks(networks: readonly Network[]): void {
    if (sameJson(this.networks, networks)) return;
    this.networks = networks;
    this.history.partChanged('networks');
  }

  partChanged(part: HostPart): void {
    this.history.partChanged(part);
  }

  /** Makes changes visible and notifies listeners. */
  commit(): void {
    if (!this.history.commit()) return;
    for (const listener of [...this.#listeners]) listener();
  }

  #context(): PartsContext {
    return {
      namespaces: this.namespaces,
      until: this.history.revision,
      onMalformed: (netns, table, slot, error) => this.#noteMalformed(netns, table, slot, error),
    };
  }

  /** Says where in the row: where that stands is by chance. */
  #noteMalformed(netns: LiveNetns, table: SourceName, slot: number, { detail }: DecodeError): void {
    const state = netns.tables[table];
    const { rows, malformed = new Map<number, Gap>() } = state;
    if (malformed.has(slot)) return;
    state.malformed = malformed;
    const { ifindexAt } = sourceOf(table).format;
    const [start, length] = [rows.start(slot), rows.end(slot) - rows.start(slot)];
    const isThere = ifindexAt !== undefined && length >= ifindexAt + 4;
    const ifindex = isThere ? rows.view.getInt32(start + ifindexAt, LITTLE_ENDIAN) : 0;
    const error = new DecodeError({ ...detail, offset: detail.offset - start, ...(ifindex > 0 && { ifindex }) });
    malformed.set(slot, decodeGap(netns.found, table, error));
    this.headChanged(netns);
    this.history.partChanged('gaps');
  }
}

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a, exact) === JSON.stringify(b, exact);
}

function exact(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}
