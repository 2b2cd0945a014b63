// A live host that is made up: versioned as the real one is, from snapshots and edits, and changed only by the test.

import {
  eachSection,
  noRemovals,
  noRows,
  removedOf,
  ROW_TABLES,
  type Row,
  type Section,
  SECTIONS,
} from '../../../src/tables/index.js';
import type {
  FdbEntry,
  Feature,
  Freshness,
  Gap,
  Host,
  HostSnapshot,
  Interface,
  Neighbor,
  Netns,
  NetnsChange,
  NetnsRemoved,
  Network,
  Route,
  Table,
} from '../../../src/model/types.js';
import { netnsName } from '../../../src/model/ids.js';
import type { ServedHost } from '../../../src/agent/service.js';
import type { LiveChanges, LiveCounts, LiveHost } from '../../../src/live/types.js';
import { HOST } from './fake-host.js';

interface Versioned<Value> {
  readonly value: Value;
  readonly revision: number;
}

interface Kept {
  readonly key: number;
  readonly createdAt: number;
  head: Netns;
  headChangedAt: number;
  changedAt: number;
  readonly interfaces: Map<number, Versioned<Interface>>;
  readonly rows: Readonly<Record<Section, Map<number, Versioned<Row>>>>;
  readonly ends: { revision: number; section: Section | 'interfaces'; row?: Row; ifindex?: number }[];
}

/** Changes become visible with commit(), which every editing method calls unless told to `hold`. */
export class FakeLive implements ServedHost {
  readonly epoch: string;
  revision = 1;
  /** Interfaces or rows of one part. */
  partRows = 500;
  /** Parts that were made. */
  made = 0;
  readonly leased: Table[][] = [];
  released = 0;
  answer: () => Promise<void> = () => Promise.resolve();
  /** The tables of each read with counters. */
  readonly freshReads: (readonly Table[])[] = [];
  featureList: Feature[] = [];
  #fresh: Freshness = { mode: 'EVENTS', ageMs: 0, rescanMs: 60_000, lostEvents: 0, interruptedDumps: 0 };
  #host: Host | undefined = HOST;
  #networks: Network[] = [];
  #gaps: Gap[] = [];
  readonly #kept = new Map<number, Kept>();
  readonly #removed: { revision: number; key: number; netns: NetnsRemoved }[] = [];
  readonly #changed = { host: 0, networks: 0, gaps: 0, freshness: 0 };
  #forgotten = 0;
  #nextKey = 1;
  #nextRow = 1;
  readonly #listeners = new Set<() => void>();

  constructor(snapshot: Pick<HostSnapshot, 'namespaces'> & Partial<HostSnapshot>, epoch = 'epoch-1') {
    this.epoch = epoch;
    this.#host = snapshot.host ?? HOST;
    this.#gaps = [...(snapshot.gaps ?? [])];
    this.#networks = [...(snapshot.networks ?? [])];
    for (const netns of snapshot.namespaces) this.add(netns, true);
    this.revision++;
  }

  // What a reader asks.

  ready(_tables: readonly Table[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    return this.answer();
  }

  async fresh(tables: readonly Table[], signal: AbortSignal): Promise<LiveHost> {
    await this.ready(tables, signal);
    this.freshReads.push(tables);
    return this;
  }

  features(): Promise<Feature[]> {
    return Promise.resolve(this.featureList);
  }

  lease(tables: readonly Table[]): () => void {
    this.leased.push([...tables]);
    return () => {
      this.released++;
    };
  }

  freshness(): Freshness {
    return this.#fresh;
  }

  host(): Host | undefined {
    return this.#host === undefined ? undefined : { ...this.#host, freshness: this.#fresh };
  }

  networks(): readonly Network[] {
    return this.#networks;
  }

  gaps(): readonly Gap[] {
    return this.#gaps;
  }

  get counts(): LiveCounts {
    const kept = [...this.#kept.values()];
    const sum = (of: (one: Kept) => number): number => kept.reduce((total, one) => total + of(one), 0);
    return {
      namespaces: kept.length,
      interfaces: sum(({ interfaces }) => interfaces.size),
      ...eachSection((section) => sum(({ rows }) => rows[section].size)),
    };
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  keys(): readonly number[] {
    return [...this.#kept.keys()];
  }

  head(key: number): Netns | undefined {
    return this.#kept.get(key)?.head;
  }

  interfaceOf(netnsId: string, ifindex: number): Interface | undefined {
    return this.#byId(netnsId)?.interfaces.get(ifindex)?.value;
  }

  parts(key: number, since: number | undefined, tables: readonly Table[]): Iterable<NetnsChange> {
    const kept = this.#kept.get(key);
    return kept === undefined ? [] : this.#parts(kept, since, { tables, until: this.revision });
  }

  changesAfter(revision: number): LiveChanges | undefined {
    if (revision < this.#forgotten || revision > this.revision) return undefined;
    return {
      changed: [...this.#kept.values()].filter((kept) => kept.changedAt > revision).map(({ key }) => key),
      removed: this.#removed.filter((ended) => ended.revision > revision && ended.revision <= this.revision),
      host: this.#changed.host > revision,
      networks: this.#changed.networks > revision,
      gaps: this.#changed.gaps > revision,
      freshness: this.#changed.freshness > revision,
    };
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  // What the test does.

  commit(): void {
    this.revision++;
    for (const listener of [...this.#listeners]) listener();
  }

  /** Whoever knows less than now has to be told everything. */
  forgetHistory(): void {
    this.#forgotten = this.revision;
  }

  add(netns: Netns, hold = false): void {
    const key = this.#nextKey++;
    const revision = this.revision + 1;
    const rows = eachSection(() => new Map<number, Versioned<Row>>());
    const head = { ...netns, interfaces: [], ...noRows() };
    const kept: Kept = {
      key,
      createdAt: revision,
      head,
      headChangedAt: revision,
      changedAt: revision,
      interfaces: new Map(),
      rows,
      ends: [],
    };
    this.#kept.set(key, kept);
    for (const link of netns.interfaces) kept.interfaces.set(link.ifindex, { value: link, revision });
    for (const section of SECTIONS) for (const row of netns[section]) this.#put(kept, section, row);
    if (!hold) this.commit();
  }

  remove(id: string, hold = false): void {
    const kept = this.#mustHave(id);
    this.#kept.delete(kept.key);
    const { cookie } = kept.head;
    const netns = { id, ...(cookie !== undefined && { cookie }), netnsName: netnsName(kept.head) };
    this.#removed.push({ revision: this.revision + 1, key: kept.key, netns });
    if (!hold) this.commit();
  }

  setHead(id: string, more: Partial<Netns>, hold = false): void {
    const kept = this.#mustHave(id);
    kept.head = { ...kept.head, ...more };
    kept.headChangedAt = this.#touch(kept);
    if (!hold) this.commit();
  }

  setLink(link: Interface, hold = false): void {
    const kept = this.#mustHave(link.netnsId);
    kept.interfaces.set(link.ifindex, { value: link, revision: this.#touch(kept) });
    if (!hold) this.commit();
  }

  dropLink(id: string, ifindex: number, hold = false): void {
    const kept = this.#mustHave(id);
    if (kept.interfaces.delete(ifindex)) kept.ends.push({ revision: this.#touch(kept), section: 'interfaces', ifindex });
    if (!hold) this.commit();
  }

  /** @returns the row's id */
  addRow(section: Section, row: Row, hold = false): number {
    const rowId = this.#put(this.#mustHave(row.netnsId), section, row);
    if (!hold) this.commit();
    return rowId;
  }

  dropRow(section: Section, id: string, rowId: number, hold = false): void {
    const kept = this.#mustHave(id);
    const row = kept.rows[section].get(rowId)?.value;
    if (row !== undefined && kept.rows[section].delete(rowId)) kept.ends.push({ revision: this.#touch(kept), section, row });
    if (!hold) this.commit();
  }

  rowIds(section: Section, id: string): number[] {
    return [...this.#mustHave(id).rows[section].keys()];
  }

  setGaps(gaps: Gap[], hold = false): void {
    this.#gaps = gaps;
    this.#changed.gaps = this.revision + 1;
    if (!hold) this.commit();
  }

  setFreshness(more: Partial<Freshness>, hold = false): void {
    this.#fresh = { ...this.#fresh, ...more };
    this.#changed.freshness = this.revision + 1;
    if (!hold) this.commit();
  }

  /** Everything is as a snapshot has it. */
  replace({ host, namespaces, gaps, networks }: HostSnapshot): void {
    for (const id of this.ids()) this.remove(id, true);
    for (const netns of namespaces) this.add(netns, true);
    this.#networks = [...networks];
    this.setGaps(gaps, true);
    this.setHost(host);
  }

  setHost(host: Host | undefined, hold = false): void {
    this.#host = host;
    this.#changed.host = this.revision + 1;
    if (!hold) this.commit();
  }

  ids(): string[] {
    return [...this.#kept.values()].map(({ head }) => head.id);
  }

  /** As a reader who knows everything has it. */
  snapshot(): HostSnapshot {
    const namespaces = [...this.#kept.values()].map(({ head, interfaces, rows }) => ({
      ...head,
      interfaces: [...interfaces.values()].map(({ value }) => value),
      fdb: [...rows.fdb.values()].map(({ value }) => value as FdbEntry),
      neighbors: [...rows.neighbors.values()].map(({ value }) => value as Neighbor),
      routes: [...rows.routes.values()].map(({ value }) => value as Route),
    }));
    return { host: this.host() ?? HOST, namespaces, gaps: [...this.#gaps], networks: [...this.#networks] };
  }

  #put(kept: Kept, section: Section, row: Row): number {
    const rowId = this.#nextRow++;
    kept.rows[section].set(rowId, { value: { ...row, rowId }, revision: this.#touch(kept) });
    return rowId;
  }

  #touch(kept: Kept): number {
    kept.changedAt = this.revision + 1;
    return kept.changedAt;
  }

  #byId(id: string): Kept | undefined {
    return [...this.#kept.values()].find(({ head }) => head.id === id);
  }

  #mustHave(id: string): Kept {
    const kept = this.#byId(id);
    if (kept === undefined) throw new Error(`the made-up host has no ${id}`);
    return kept;
  }

  *#parts(
    kept: Kept,
    since: number | undefined,
    { tables, until }: { tables: readonly Table[]; until: number },
  ): Generator<NetnsChange> {
    const whole = since === undefined || since < kept.createdAt;
    const from = whole ? -1 : since;
    const isNew = ({ revision }: { revision: number }): boolean => revision > from && revision <= until;
    const empty = (): NetnsChange =>
      emptyChange({ ...kept.head, tables: kept.head.tables.filter(({ table }) => tables.includes(table)) });
    let part = { ...empty(), whole };
    if (!whole) {
      for (const end of kept.ends.filter(isNew)) {
        if (end.ifindex !== undefined && tables.includes('LINKS') && !kept.interfaces.has(end.ifindex))
          part.removedIfindexes.push(end.ifindex);
        for (const { section, name } of ROW_TABLES)
          if (end.section === section && tables.includes(name)) (part[removedOf(section)] as Row[]).push(end.row as Row);
      }
    }
    let told = part.removedIfindexes.length > 0 || SECTIONS.some((section) => part[removedOf(section)].length > 0);
    told ||= whole || kept.headChangedAt > from;
    // As the real one does: which rows is decided at once, what is in them when they are taken.
    const links = tables.includes('LINKS') ? [...kept.interfaces.values()].filter(isNew).map(({ value }) => value.ifindex) : [];
    for (let at = 0; at < links.length; at += this.partRows) {
      part.interfaces = links.slice(at, at + this.partRows).flatMap((ifindex) => kept.interfaces.get(ifindex)?.value ?? []);
      this.made++;
      yield part;
      part = empty();
      told = false;
    }
    for (const { section, name } of ROW_TABLES) {
      const ids = tables.includes(name) ? [...kept.rows[section]].filter(([, row]) => isNew(row)).map(([id]) => id) : [];
      for (let at = 0; at < ids.length; at += this.partRows) {
        // As the real one makes new ones each time.
        const rows = ids.slice(at, at + this.partRows).flatMap((id) => {
          const row = kept.rows[section].get(id)?.value;
          return row === undefined ? [] : [{ ...row }];
        });
        Object.assign(part, { [section]: rows });
        this.made++;
        yield part;
        part = empty();
        told = false;
      }
    }
    if (!told) return;
    this.made++;
    yield part;
  }
}

/** A live host that is read anew whenever somebody asks, each time as `answer` says. */
export class AnsweringHost extends FakeLive {
  /** The tables of each read that was begun. */
  readonly reads: (readonly Table[])[] = [];
  read: (tables: readonly Table[]) => Promise<HostSnapshot> | HostSnapshot;
  #last: HostSnapshot | undefined;

  constructor(read: AnsweringHost['read'], features: Feature[] = []) {
    super({ namespaces: [] });
    this.setHost(undefined);
    this.read = read;
    this.featureList = features;
  }

  override async ready(tables: readonly Table[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.reads.push(tables);
    const cancelled = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    cancelled.catch(() => undefined);
    const snapshot = await Promise.race([Promise.resolve(this.read(tables)), cancelled]);
    if (snapshot !== this.#last) this.replace(snapshot);
    this.#last = snapshot;
  }
}

function emptyChange(netns: Netns): NetnsChange {
  return { netns, whole: false, removedIfindexes: [], interfaces: [], ...noRows(), ...noRemovals() };
}
