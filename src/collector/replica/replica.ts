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
  /** Most memory of this host, in bytes, by estimate; 256 MiB. What goes beyond is left out, and a gap says so. */
  readonly mostBytes?: number;
}

const MOST_BYTES = 256 * 1024 * 1024;
/** Most characters of the id of a namespace: "net:[4294967295]" has 16. */
const MOST_ID = 64;
/** Most characters of a name that are remembered of a namespace that is gone. */
const MOST_NAME = 255;
/** Farther back every namespace is looked at: with so few of them that is no more work. */
const HISTORY = { revisions: 1024, removed: 2000 };

/**
 * A host as its agent tells of it: what the events of Watch make, versioned anew, so that whatever is made of a LiveHost can be made of it.
 * It has its own revisions and row ids, and keeps both when the agent is restarted: what is told again and is the same has not changed for
 * those who read here. Until an agent that begins anew has told everything, the old state stays to be seen.
 *
 * Whoever follows the agent calls heard() for each message and apply() for each event, and then commit(), which makes what was applied
 * visible to readers of changes and calls them; several events may share one commit(), as long as it comes in the same turn.
 * What is handed out is shared and must not be changed.
 */
export class ReplicaHost implements LiveHost {
  readonly epoch: string;
  /** To be given as `after` when connecting to the agent anew. */
  cursor: Cursor | undefined;
  /** Whether everything was told since the agent last began anew. */
  synced = false;
  readonly #now: () => number;
  readonly #mostBytes: number;
  readonly #memory: HostMemory;
  readonly #history = new History(HISTORY);
  readonly #namespaces = new Map<number, ReplicaNetns>();
  readonly #byId = new Map<string, ReplicaNetns>();
  #nextKey = 1;
  #keys: readonly number[] | undefined;
  /** Namespaces of which something is told anew. */
  readonly #retold = new Set<ReplicaNetns>();
  /** Grows with each restart event. */
  #stream = 0;
  #host: Host | undefined;
  #networks: readonly Network[] = [];
  #gaps: readonly Gap[] = [];
  #freshness: Freshness | undefined;
  #heardAt: number;
  /** Whether something was left out, of what is known and of what is being told anew. */
  #leftOut = false;
  #leavesOut = false;
  readonly #counts = { interfaces: 0, ...eachSection(() => 0) };
  readonly #listeners = new Set<() => void>();

  constructor({ epoch, now, mostBytes = MOST_BYTES }: ReplicaOptions) {
    this.epoch = epoch;
    this.#now = now;
    this.#mostBytes = mostBytes;
    this.#heardAt = now();
    const budget = new Budget(mostBytes);
    this.#memory = { budget, shapes: new ShapePool(budget), links: new LinkPool(budget) };
  }

  // What the one who follows the agent tells.

  /** A message of the agent came, whatever was in it. */
  heard(): void {
    this.#heardAt = this.#now();
  }

  /** Applies an event. Whatever is in it, it does not throw; events may be told twice, and ends of what is not known are no harm. */
  apply(event: WatchEvent): void {
    if (event.restart !== undefined) this.#restart();
    if (event.host !== undefined) this.#setHost(event.host);
    if (event.netns !== undefined) this.#applyNetns(event.netns);
    if (event.removed !== undefined) this.#applyRemoved(event.removed);
    if (event.gaps !== undefined) this.#setGaps(event.gaps.gaps);
    if (event.networks !== undefined) this.#setNetworks(event.networks.networks);
    if (event.synced !== undefined) this.#setSynced(event.synced.freshness);
    // Within a first state the cursor stays. Where it moves, what was told of a namespace is whole.
    else if (this.synced && event.cursor.revision !== this.cursor?.revision) this.#settle();
    this.cursor = event.cursor;
  }

  /** Makes what was applied visible to readers of changes, and calls those who listen. */
  commit(): void {
    if (!this.#history.commit()) return;
    for (const listener of [...this.#listeners]) listener();
  }

  // What readers ask.

  get revision(): number {
    return this.#history.revision;
  }

  /** How much is known. */
  get counts(): WatchCounts {
    return { namespaces: this.#namespaces.size, ...this.#counts };
  }

  /** Resolves when the host is known; what is known then may be old, which freshness() tells. @throws signal.reason */
  ready(_tables: readonly Table[], signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        unsubscribe();
        signal.removeEventListener('abort', onAbort);
        settle();
      };
      const onAbort = (): void =>
        end(() => reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason))));
      const check = (): void => {
        if (this.#host !== undefined) end(resolve);
      };
      const unsubscribe = this.subscribe(check);
      if (signal.aborted) onAbort();
      else signal.addEventListener('abort', onAbort, { once: true });
      check();
    });
  }

  /** The agent is asked for the same tables all the time. */
  lease(_tables: readonly Table[]): () => void {
    return () => undefined;
  }

  /** As the agent told it last; undefined before its first mark. */
  get told(): Freshness | undefined {
    return this.#freshness;
  }

  /** The agent's own, older by the time in which nothing was heard of it. */
  freshness(): Freshness {
    const silentMs = Math.max(0, this.#now() - this.#heardAt);
    const last = this.#freshness ?? this.#host?.freshness ?? NOTHING_TOLD;
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
    const fits = netns.apply(change, this.#history.next);
    this.#count(netns, 1);
    if (!fits) this.#leaveOut();
    if (isHost !== (netns.head.role === 'HOST')) this.#keys = undefined;
    if (netns.revision !== before) this.#history.changed(netns.key);
  }

  #netnsFor({ netns: told, whole }: NetnsChange): ReplicaNetns | undefined {
    const known = this.#byId.get(told.id);
    if (known !== undefined && isOther(known.head.cookie, told.cookie)) {
      this.#remove(known);
      return this.#add(told);
    }
    if (known === undefined) return this.#add(told);
    // In a stream that began anew it is told whole, even where that is not said.
    if (whole || known.stream !== this.#stream) {
      known.stream = this.#stream;
      known.retell();
      this.#retold.add(known);
    }
    return known;
  }

  #add(told: Netns): ReplicaNetns | undefined {
    if (told.id.length > MOST_ID) return undefined;
    const context = { memory: this.#memory, revision: this.#history.next, stream: this.#stream };
    const netns = ReplicaNetns.make(this.#nextKey, headOf(told), context);
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
    this.#retold.delete(netns);
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
      // What was not told since the restart is gone.
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

  /** Namespaces that were told anew are told whole by now. */
  #settle(): void {
    for (const netns of this.#retold) {
      const before = netns.revision;
      this.#count(netns, -1);
      netns.settle(this.#history.next);
      this.#count(netns, 1);
      if (netns.revision !== before) this.#history.changed(netns.key);
    }
    this.#retold.clear();
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
    const message = `the collector keeps at most ${most} MiB of what one host tells, and there was more: some of it is left out`;
    return { status: 'FAILED', operation: 'keep', message };
  }
}

/** Before the agent told how well it keeps up. */
const NOTHING_TOLD: Freshness = { mode: 'POLLING', ageMs: 0, rescanMs: 0, lostEvents: 0, interruptedDumps: 0 };

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
