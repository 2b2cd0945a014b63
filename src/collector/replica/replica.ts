import { netnsName } from '../../model/ids.js';
import { isSame } from '../../model/same.js';
import type {
  Cursor,
  Freshness,
  Gap,
  Host,
  Interface,
  Netns,
  NetnsChange,
  NetnsRemoved,
  Network,
  Table,
  WatchEvent,
} from '../../model/types.js';
import { History } from '../../live/history.js';
import type { LiveChanges, LiveHost } from '../../live/types.js';
import { eachSection, SECTIONS } from '../../tables/index.js';
import type { WatchCounts } from '../../wire/watch-merge.js';
import { Budget } from './budget.js';
import { LinkPool } from './links.js';
import { headOf, type HostMemory, ReplicaNetns } from './netns.js';
import { partsOf } from './parts.js';
import { ShapePool } from './shapes.js';

/** What a replica is made with. */
export interface ReplicaOptions {
  /** Of the collector: random, another one in each process. */
  readonly epoch: string;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
  /** Memory limit of this host, in bytes, estimated; 256 MiB. What does not fit is dropped, and a gap says so. */
  readonly mostBytes?: number;
}

const MOST_BYTES = 256 * 1024 * 1024;
/** Most characters of the id of a namespace: "net:[4294967295]" has 16. */
const MOST_ID = 64;
/** Characters kept of the name of a removed namespace. */
const MOST_NAME = 255;
/** Beyond this, every namespace is checked: with so few of them that is no more work. */
const HISTORY = { revisions: 1024, removed: 2000 };

/**
 * A copy of a host, built from the Watch events of its agent, with versions of its own, so that it serves everything that a LiveHost does.
 * It has its own revisions and row ids, and keeps both when the agent restarts: for its readers, rows that are sent again and are the same
 * have not changed. During a resync the old state stays visible until the agent has sent its full state.
 *
 * The follower of the agent calls received() for each message, apply() for each event, and then commit(), which makes the applied events
 * visible to readers of changes and notifies them; several events may share one commit() in the same turn of the event loop.
 * Returned objects are shared and must not be changed.
 */
export class ReplicaHost implements LiveHost {
  readonly epoch: string;
  /** To be passed as `after` when reconnecting to the agent. */
  cursor: Cursor | undefined;
  /** Whether the agent has sent its full state since its last restart. */
  synced = false;
  readonly #now: () => number;
  readonly #mostBytes: number;
  readonly #memory: HostMemory;
  readonly #history = new History(HISTORY);
  readonly #namespaces = new Map<number, ReplicaNetns>();
  readonly #byId = new Map<string, ReplicaNetns>();
  #nextKey = 1;
  #keys: readonly number[] | undefined;
  /** Namespaces that are being sent again. */
  readonly #resyncing = new Set<ReplicaNetns>();
  /** Grows with each restart event. */
  #stream = 0;
  #host: Host | undefined;
  #networks: readonly Network[] = [];
  #gaps: readonly Gap[] = [];
  #freshness: Freshness | undefined;
  #receivedAt: number;
  /** Whether something was dropped, from the known state and from the one being sent. */
  #leftOut = false;
  #leavesOut = false;
  /** Whether the last event was one of several of a change, and not the last. */
  #isMidway = false;
  readonly #counts = { interfaces: 0, ...eachSection(() => 0) };
  readonly #listeners = new Set<() => void>();

  constructor({ epoch, now, mostBytes = MOST_BYTES }: ReplicaOptions) {
    this.epoch = epoch;
    this.#now = now;
    this.#mostBytes = mostBytes;
    this.#receivedAt = now();
    const budget = new Budget(mostBytes);
    this.#memory = { budget, shapes: new ShapePool(budget), links: new LinkPool(budget) };
  }

  // Called by the follower of the agent.

  /** A message of the agent was received, whatever it contained. */
  received(): void {
    this.#receivedAt = this.#now();
  }

  /**
   * Applies an event, whatever it contains; events may be repeated, and removals of unknown items are ignored.
   * @throws what is a bug of ours: part of the event may have been applied, and the agent has to send its full state
   */
  apply(event: WatchEvent): void {
    try {
      this.#take(event);
    } catch (cause) {
      this.cursor = undefined;
      this.#isMidway = false;
      throw cause;
    }
  }

  #take(event: WatchEvent): void {
    if (event.restart !== undefined) this.#restart();
    if (event.host !== undefined) this.#setHost(event.host);
    if (event.netns !== undefined) this.#applyNetns(event.netns);
    if (event.removed !== undefined) this.#applyRemoved(event.removed);
    if (event.gaps !== undefined) this.#setGaps(event.gaps.gaps);
    if (event.networks !== undefined) this.#setNetworks(event.networks.networks);
    if (event.synced !== undefined) this.#setSynced(event.synced.freshness);
    // The cursor does not move during the initial state. When it moves, the namespaces sent before are complete.
    else if (this.synced && event.cursor.revision !== this.cursor?.revision) this.#settle();
    this.#isMidway = this.synced && event.synced === undefined && event.cursor.revision === this.cursor?.revision;
    this.cursor = event.cursor;
  }

  /** Makes applied events visible to readers of changes, and notifies them; those of a change of which more is to come, together with its last one. */
  commit(): void {
    if (this.#isMidway || !this.#history.commit()) return;
    for (const listener of [...this.#listeners]) listener();
  }

  // Called by readers.

  get revision(): number {
    return this.#history.revision;
  }

  /** Size of the state. */
  get counts(): WatchCounts {
    return { namespaces: this.#namespaces.size, ...this.#counts };
  }

  /** As last reported by the agent; undefined before its first mark. */
  get reported(): Freshness | undefined {
    return this.#freshness;
  }

  /** The agent's own, plus the time since something was last received from it. */
  freshness(): Freshness {
    const silentMs = Math.max(0, this.#now() - this.#receivedAt);
    const last = this.#freshness ?? this.#host?.freshness ?? NO_FRESHNESS;
    return { ...last, ageMs: last.ageMs + silentMs };
  }

  host(): Host | undefined {
    return this.#host === undefined ? undefined : { ...this.#host, freshness: this.freshness() };
  }

  networks(): readonly Network[] {
    return this.#networks;
  }

  gaps(): readonly Gap[] {
    return this.#leftOut || this.#leavesOut ? [...this.#gaps, this.#leftOutGap()] : this.#gaps;
  }

  keys(): readonly number[] {
    this.#keys ??= [...this.#namespaces.values()].sort(byPlace).map(({ key }) => key);
    return this.#keys;
  }

  head(key: number): Netns | undefined {
    return this.#namespaces.get(key)?.head;
  }

  interfaceOf(netnsId: string, ifindex: number): Interface | undefined {
    return this.#byId.get(netnsId)?.linkOf(ifindex);
  }

  parts(key: number, since: number | undefined, tables: readonly Table[]): Iterable<NetnsChange> {
    const netns = this.#namespaces.get(key);
    return netns === undefined ? [] : partsOf(netns, since, tables);
  }

  changesAfter(revision: number): LiveChanges | undefined {
    return this.#history.changesAfter(revision, this.#namespaces);
  }

  subscribe(listener: () => void): () => void {
    // A wrapper, so that a function that subscribes twice is called twice.
    const own = (): void => listener();
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  #restart(): void {
    this.#stream++;
    this.synced = false;
    this.#leavesOut = false;
  }

  #setHost(host: Host): void {
    const { readAt: _then, durationMs: _long, freshness: _was, ...before } = this.#host ?? ({} as Host);
    const { readAt: _now, durationMs: _took, freshness: _is, ...after } = host;
    this.#host = host;
    if (!isSame(before, after)) this.#history.partChanged('host');
  }

  #applyNetns(change: NetnsChange): void {
    const netns = this.#netnsFor(change);
    if (netns === undefined) {
      this.#leaveOut();
      return;
    }
    const before = netns.revision;
    const isHost = netns.head.role === 'HOST';
    this.#count(netns, -1);
    try {
      if (!netns.apply(change, this.#history.next)) this.#leaveOut();
    } finally {
      // Also of a part of it: counts stay those of what is there, and readers learn of it.
      this.#count(netns, 1);
      if (isHost !== (netns.head.role === 'HOST')) this.#keys = undefined;
      if (netns.revision !== before) this.#history.changed(netns.key);
    }
  }

  #netnsFor({ netns: head, whole }: NetnsChange): ReplicaNetns | undefined {
    const known = this.#byId.get(head.id);
    if (known !== undefined && isOther(known.head.cookie, head.cookie)) {
      this.#remove(known);
      return this.#add(head);
    }
    if (known === undefined) return this.#add(head);
    // After a restart of the stream it is sent in full, even if `whole` is not set.
    if (whole || known.stream !== this.#stream) {
      known.stream = this.#stream;
      known.resync();
      this.#resyncing.add(known);
    }
    return known;
  }

  #add(head: Netns): ReplicaNetns | undefined {
    if (head.id.length > MOST_ID) return undefined;
    const context = { memory: this.#memory, revision: this.#history.next, stream: this.#stream };
    const netns = ReplicaNetns.make(this.#nextKey, headOf(head), context);
    if (netns === undefined) return undefined;
    this.#nextKey++;
    this.#namespaces.set(netns.key, netns);
    this.#byId.set(netns.id, netns);
    this.#keys = undefined;
    this.#history.changed(netns.key);
    return netns;
  }

  #applyRemoved({ id, cookie }: NetnsRemoved): void {
    const netns = this.#byId.get(id);
    // Another one may have the inode already.
    if (netns !== undefined && !isOther(netns.head.cookie, cookie)) this.#remove(netns);
  }

  #remove(netns: ReplicaNetns): void {
    const { key, id, head } = netns;
    this.#count(netns, -1);
    this.#namespaces.delete(key);
    this.#byId.delete(id);
    this.#resyncing.delete(netns);
    this.#keys = undefined;
    const { cookie } = head;
    this.#history.removed(key, {
      id,
      ...(cookie !== undefined && { cookie }),
      netnsName: netnsName(head).slice(0, MOST_NAME),
    });
    netns.clear();
  }

  #setGaps(gaps: readonly Gap[]): void {
    if (isSame(this.#gaps, gaps)) return;
    this.#gaps = gaps;
    this.#history.partChanged('gaps');
  }

  #setNetworks(networks: readonly Network[]): void {
    if (isSame(this.#networks, networks)) return;
    this.#networks = networks;
    this.#history.partChanged('networks');
  }

  #setSynced(freshness: Freshness): void {
    if (!this.synced) {
      // Namespaces that were not sent since the restart are gone.
      for (const netns of this.#namespaces.values()) if (netns.stream !== this.#stream) this.#remove(netns);
      if (this.#leftOut && !this.#leavesOut) this.#history.partChanged('gaps');
      this.#leftOut = this.#leavesOut;
      this.synced = true;
    }
    this.#settle();
    const { ageMs: _was, ...before } = this.#freshness ?? ({} as Freshness);
    const { ageMs: _is, ...after } = freshness;
    this.#freshness = freshness;
    if (!isSame(before, after)) this.#history.partChanged('freshness');
  }

  /** Namespaces that were being sent again are complete by now. */
  #settle(): void {
    for (const netns of this.#resyncing) {
      const before = netns.revision;
      this.#count(netns, -1);
      netns.settle(this.#history.next);
      this.#count(netns, 1);
      if (netns.revision !== before) this.#history.changed(netns.key);
    }
    this.#resyncing.clear();
  }

  #count({ links, rows }: ReplicaNetns, sign: 1 | -1): void {
    this.#counts.interfaces += sign * links.size;
    for (const section of SECTIONS) this.#counts[section] += sign * (rows[section]?.count ?? 0);
  }

  #leaveOut(): void {
    if (!this.#leftOut && !this.#leavesOut) this.#history.partChanged('gaps');
    this.#leavesOut = true;
  }

  #leftOutGap(): Gap {
    const most = Math.round(this.#mostBytes / 1024 / 1024);
    const message = `the collector keeps at most ${most} MiB for one host, and there was more: some of it was dropped`;
    return { status: 'FAILED', operation: 'keep', message };
  }
}

/** Before the agent reported its freshness. */
const NO_FRESHNESS: Freshness = { mode: 'POLLING', ageMs: 0, rescanMs: 0, lostEvents: 0, interruptedDumps: 0 };

/** Whether two cookies are of different namespaces; one that is not known may be of either. */
function isOther(a: bigint | undefined, b: bigint | undefined): boolean {
  return a !== undefined && b !== undefined && a !== b;
}

/** The host's own namespace first, then by inode. */
function byPlace(a: ReplicaNetns, b: ReplicaNetns): number {
  const first = Number(b.head.role === 'HOST') - Number(a.head.role === 'HOST');
  if (first !== 0) return first;
  return a.ino === b.ino ? a.key - b.key : a.ino - b.ino;
}
