import { randomUUID } from 'node:crypto';
import { SOURCE_NAMES, type SourceName } from '../tables/index.js';
import { discover } from '../discover/index.js';
import { createEngines, type Engines, type EnginesOptions } from '../docker/index.js';
import type { Feature, Freshness, Gap, Host, Table } from '../model/types.js';
import { createNetnsReader } from '../native/index.js';
import type { IdentifyResult, NetnsReader, Observer } from '../native/types.js';
import { Borrowed } from './borrowed.js';
import { readPrivileges } from './capabilities.js';
import { describeFeatures } from './features.js';
import { discoveryGap } from './gaps.js';
import { describeHost } from './host-info.js';
import { type NetnsCounters, readCounters } from './counters.js';
import { Keeper } from './keeper.js';
import { Leases } from './leases.js';
import type { LiveNetns } from './live-netns.js';
import { LiveState } from './live-state.js';
import { openObserver, placeOf } from './observing.js';
import type { HostOptions, LiveHostOptions } from './options.js';
import { joinOwners } from './owners.js';
import { Population } from './population.js';
import { Repeater } from './repeater.js';
import { DurationCounter, type LiveStats } from './stats.js';
import { rescanScopes, rowFormats } from './tables.js';
import { type NetnsTally, talliesOf } from './tallies.js';
import { type LiveHost, LiveError, type ReadLiveHost } from './types.js';
import { Waiting } from './waiting.js';

export type { NetnsCounters } from './counters.js';
export type { LiveStats } from './stats.js';
export type { NetnsTally } from './tallies.js';
export type { HostOptions, LiveHostOptions } from './options.js';
export { LiveError, type LiveChanges, type LiveHost } from './types.js';

/** A live host that is read here, what is known of the reading itself, and what ends it. */
export type OpenLiveHost = ReadLiveHost & {
  /**
   * The host by a read no older than maxAgeMs, of which nothing is kept true but which has counters, timers and ages. Shared by those who ask at about
   * the same time.
   * @throws as ready()
   */
  fresh(tables: readonly Table[], signal: AbortSignal): Promise<LiveHost>;
  /** What works here, what is switched off, and why; looked at now. */
  features(): Promise<Feature[]>;
  /** What it has done so far. */
  stats(): LiveStats;
  /** Every namespace in numbers, one by one, in the order of keys(). */
  tallies(): Iterable<NetnsTally>;
  /**
   * Reads the counters of all interfaces now: they change without events, so nothing is known of them. In the order of keys(). One at a time: a second
   * call waits for the first.
   * @throws NativeError when reading as a whole failed; signal.reason
   */
  counters(signal: AbortSignal): Promise<readonly NetnsCounters[]>;
  /** Ends the threads and lets go of everything. Harmless when repeated. */
  close(): void;
};

const ON_DEMAND = { observer: undefined, reason: 'read on demand' } as const;
/** Oldest read that answers where there are no events, in milliseconds. */
const MAX_AGE_MS = 1000;
/** Between two looks at the mounts of this mount namespace. */
const MOUNTS_EVERY_MS = 20;
/** Between two looks at everything: all processes and all mount namespaces. */
const DISCOVER_EVERY_MS = 250;
/** Between two questions to an engine that did not answer. It costs a refused connection; one that hangs is left alone by `Engines`. */
const ENGINES_EVERY_MS = 1000;
/** Any time will do. */
const LONG_MS = 3_600_000;
/** When namespaces cannot be opened any more, those that are there are looked for again so often in one read on demand. */
const MOST_LOOKS = 3;
/** A container's process and its engine's word for it come after its mount. */
const AFTERWARDS_MS = [100, 1000];

/** Keeps this host's state true from the first ready() or lease() on. Holds threads and, for engines, connections; close() ends them. */
export function createLiveHost(options: LiveHostOptions): OpenLiveHost {
  return new KeptHost(options);
}

/**
 * This host as it is now, with counters, timers and ages: a live host that was read once and is closed.
 * @throws LiveError when it cannot be read; signal.reason
 */
export async function readHost(options: HostOptions, tables: readonly Table[], signal?: AbortSignal): Promise<LiveHost> {
  const host = new KeptHost({ ...options, readLimitMs: Infinity }, { onDemand: true });
  // A live host does not keep the process running; waiting for its first read is meant to.
  const alive = setInterval(() => undefined, LONG_MS);
  try {
    await host.ready(tables, signal ?? new AbortController().signal);
    return host;
  } finally {
    clearInterval(alive);
    host.close();
  }
}

/** What works on this host, what is switched off, and why. */
export async function hostFeatures(options: HostOptions): Promise<Feature[]> {
  const engines = createEngines(enginesOf(options));
  try {
    return describeFeatures(options.procRoot, await engines.view());
  } finally {
    engines.close();
  }
}

function enginesOf({ dockerSockets, dockerSocketsGiven }: HostOptions): Pick<EnginesOptions, 'sockets' | 'explicit'> {
  return { sockets: dockerSockets, explicit: dockerSocketsGiven };
}

/** What besides its options makes a host. */
interface Making {
  /** Read when ready() asks for it and not between, with counters, timers and ages. */
  readonly onDemand?: boolean;
  /** Somebody else's, who closes them. Default: its own. */
  readonly engines?: Engines;
}

class KeptHost implements OpenLiveHost {
  readonly epoch = randomUUID();
  readonly #options: LiveHostOptions;
  readonly #onDemand: boolean;
  readonly #state: LiveState;
  readonly #population: Population;
  readonly #waiting = new Waiting();
  readonly #leases: Leases;
  readonly #reader: NetnsReader;
  /** For directories: so that it never waits for the other one. */
  readonly #prover: NetnsReader;
  #proving: Promise<unknown> = Promise.resolve();
  /** For counters: made when somebody wants them. */
  #counting: NetnsReader | undefined;
  #counted: Promise<unknown> = Promise.resolve();
  readonly #scans = new DurationCounter();
  /** Absent on demand. */
  readonly #observer: Observer | undefined;
  readonly #noEvents: string | undefined;
  readonly #engines: Engines;
  readonly #ownEngines: Engines | undefined;
  /** Reads with counters: made when somebody wants them. */
  readonly #fresh: Borrowed<KeptHost>;
  readonly #keeper: Keeper;
  readonly #mounts: Repeater;
  readonly #everything: Repeater;
  #started = false;
  #closed = false;
  #rescanTimer: NodeJS.Timeout | undefined;
  #enginesTimer: NodeJS.Timeout | undefined;
  /** The last full read: when it began, and whether it is done. */
  #scan: { readonly startedAt: number; done: boolean; discovered: boolean } | undefined;
  #scannedAt: number | undefined;
  /** Another full read is to begin when this one is done. */
  #scanWanted = false;
  /** Full reads so far. */
  #rescans = 0;
  /** How long the last one took, in milliseconds. */
  #tookMs: number | undefined;
  /** Looks for namespaces in the last of them. */
  #looks = 0;
  #looking = false;

  constructor(options: LiveHostOptions, { onDemand = false, engines }: Making = {}) {
    this.#options = options;
    this.#onDemand = onDemand;
    // Nothing is read that nobody asked for, but what gives rows their names.
    this.#leases = onDemand ? new Leases(now, ['LINKS'], 0) : new Leases(now);
    this.#state = new LiveState(options.historyLimits);
    this.#population = new Population(this.#state);
    this.#reader = createNetnsReader({ rowFormats: rowFormats(onDemand) });
    this.#prover = createNetnsReader();
    const { observer, reason } = onDemand ? ON_DEMAND : openObserver(options, () => this.#receive());
    this.#observer = observer;
    this.#noEvents = reason;
    const onChange = (): void => this.#everything.request();
    if (engines === undefined)
      this.#ownEngines = createEngines({ ...enginesOf(options), ...(!onDemand && { follow: true, onChange }) });
    this.#engines = engines ?? (this.#ownEngines as Engines);
    const make = (): KeptHost => new KeptHost(options, { onDemand: true, engines: this.#engines });
    this.#fresh = new Borrowed(make, options.maxAgeMs ?? MAX_AGE_MS);
    this.#mounts = new Repeater(() => this.#discover(false), MOUNTS_EVERY_MS, this.#onProblem);
    this.#everything = new Repeater(() => this.#discover(true), onDemand ? 0 : DISCOVER_EVERY_MS, this.#onProblem);
    this.#keeper = new Keeper({
      state: this.#state,
      population: this.#population,
      reader: this.#reader,
      observer: placeOf(observer),
      onDemand,
      pairs: () => this.#leases.wants('NSIDS'),
      timeLimitMs: options.timeLimitMs,
      now,
      onLost: () => this.#lookAgain(),
      onProblem: this.#onProblem,
      onProgress: () => this.#progress(),
    });
  }

  get revision(): number {
    return this.#state.revision;
  }

  get counts(): LiveHost['counts'] {
    return this.#state.counts;
  }

  async ready(tables: readonly Table[], signal: AbortSignal): Promise<void> {
    const { maxAgeMs = MAX_AGE_MS, readLimitMs = 30_000 } = this.#options;
    const since = now() - maxAgeMs;
    const release = this.#leases.hold(tables);
    try {
      this.#begin();
      this.#keepWanted();
      if (this.#noEvents !== undefined) this.#scanUnlessSince(since);
      const asked = now();
      // What was marked before the question has to be read; what comes after it need not.
      await this.#waiting.until(() => this.#isRead(asked, since), signal, readLimitMs);
    } finally {
      release();
    }
  }

  fresh(tables: readonly Table[], signal: AbortSignal): Promise<LiveHost> {
    return this.#fresh.use(async (host) => {
      await host.ready(tables, signal);
      return host;
    });
  }

  async features(): Promise<Feature[]> {
    return describeFeatures(this.#options.procRoot, await this.#engines.view());
  }

  lease(tables: readonly Table[]): () => void {
    const release = this.#leases.hold(tables);
    this.#begin();
    this.#keepWanted();
    return release;
  }

  freshness(): Freshness {
    const { rescanMs = 60_000, pollMs = 5000 } = this.#options;
    const { lostEvents, interruptedDumps } = this.#keeper;
    const behind = this.#noEvents === undefined ? this.#keeper.behindSince : this.#scannedAt;
    const ageMs = behind === undefined ? 0 : Math.max(0, now() - behind);
    if (this.#noEvents === undefined) return { mode: 'EVENTS', ageMs, rescanMs, lostEvents, interruptedDumps };
    return { mode: 'POLLING', ageMs, rescanMs: pollMs, lostEvents, interruptedDumps, reason: this.#noEvents };
  }

  host(): Host | undefined {
    const { host } = this.#state;
    return host === undefined ? undefined : { ...host, freshness: this.freshness() };
  }

  networks(): ReturnType<LiveHost['networks']> {
    return this.#state.networks;
  }

  gaps(): ReturnType<LiveHost['gaps']> {
    return this.#state.gaps();
  }

  keys(): readonly number[] {
    return this.#state.keys();
  }

  head(key: number): ReturnType<LiveHost['head']> {
    return this.#state.head(key);
  }

  interfaceOf(netnsId: string, ifindex: number): ReturnType<LiveHost['interfaceOf']> {
    return this.#state.interfaceOf(netnsId, ifindex);
  }

  parts(key: number, since: number | undefined, tables: readonly Table[]): ReturnType<LiveHost['parts']> {
    return this.#state.parts(key, since, tables);
  }

  changesAfter(revision: number): ReturnType<LiveHost['changesAfter']> {
    return this.#state.changesAfter(revision);
  }

  subscribe(listener: () => void): () => void {
    return this.#state.subscribe(listener);
  }

  stats(): LiveStats {
    const { reads, lag, events, lostEvents, interruptedDumps } = this.#keeper;
    return { scans: this.#scans, reads, lag, events, lostEvents, interruptedDumps };
  }

  tallies(): Iterable<NetnsTally> {
    return talliesOf(this.#sorted());
  }

  counters(signal: AbortSignal): Promise<readonly NetnsCounters[]> {
    const counted = this.#counted.then(() => {
      if (this.#closed) throw new LiveError('ERR_NSATLAS_READ', 'this host is not read any more');
      signal.throwIfAborted();
      this.#counting ??= createNetnsReader();
      return readCounters(this.#counting, [...this.#sorted()], { timeLimitMs: this.#options.timeLimitMs, signal });
    });
    this.#counted = counted.catch(() => undefined);
    return counted;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#rescanTimer);
    clearTimeout(this.#enginesTimer);
    this.#mounts.close();
    this.#everything.close();
    this.#keeper.close();
    this.#observer?.close();
    this.#reader.close();
    this.#prover.close();
    this.#counting?.close();
    this.#fresh.close();
    this.#ownEngines?.close();
    this.#waiting.fail(new LiveError('ERR_NSATLAS_READ', 'this host is not read any more'));
  }

  readonly #onProblem = (problem: Error): void => {
    if (this.#closed) return;
    this.#options.onProblem?.(problem);
    // A look that failed is no read: whoever asks next begins another.
    if (this.#scan?.discovered === false) [this.#scan, this.#looking] = [undefined, false];
    if (this.#scannedAt === undefined || this.#onDemand)
      this.#waiting.fail(
        new LiveError('ERR_NSATLAS_READ', `this host could not be read: ${problem.message}`, { cause: problem }),
      );
  };

  #begin(): void {
    if (this.#started || this.#closed) return;
    this.#started = true;
    this.#scanNow();
  }

  /** A full read: discovery of everything, then all kept tables are read again. */
  #scanNow(): void {
    this.#scanWanted = false;
    this.#scan = { startedAt: now(), done: false, discovered: false };
    this.#everything.request();
    this.#looks = 0;
    clearTimeout(this.#rescanTimer);
    if (this.#onDemand) return;
    const { rescanMs = 60_000, pollMs = 5000 } = this.#options;
    this.#rescanTimer = setTimeout(() => this.#scanAgain(), this.#noEvents === undefined ? rescanMs : pollMs);
    this.#rescanTimer.unref();
  }

  /** Without events nothing is read unless somebody needs it. */
  #scanAgain(): void {
    if (this.#noEvents === undefined || this.#leases.isWanted) this.#scanNext();
    else this.#started = false;
  }

  #scanUnlessSince(time: number): void {
    const recent = [this.#scannedAt, this.#scan?.startedAt].some((startedAt) => startedAt !== undefined && startedAt >= time);
    if (!recent) this.#scanNext();
  }

  /** A full read that was replaced by another would never be done where people ask more often than it takes. */
  #scanNext(): void {
    if (this.#scan === undefined || this.#scan.done) this.#scanNow();
    else this.#scanWanted = true;
  }

  #keepWanted(): void {
    const wanted = new Set<SourceName>(this.#leases.wanted());
    for (const table of SOURCE_NAMES) if (wanted.has(table)) this.#keeper.keep(table);
  }

  #isRead(asked: number, since: number): boolean {
    if (this.#scannedAt === undefined || !this.#keeper.isSettled) return false;
    if (this.#noEvents !== undefined && this.#scannedAt < since) return false;
    if (this.#onDemand && (this.#looking || this.#everything.isWanted)) return false;
    const behind = this.#keeper.behindSince;
    return behind === undefined || behind > asked;
  }

  async #discover(whole: boolean): Promise<void> {
    const { procRoot, netnsDirs } = this.#options;
    const scan = this.#scan;
    const { mark } = this.#population;
    this.#looking ||= whole;
    const readAt = new Date();
    const began = now();
    const [discovery, view] = await Promise.all([
      discover({
        procRoot,
        netnsDirs,
        mountsOnly: !whole,
        mayInspect: readPrivileges().has('CAP_SYS_PTRACE'),
        identify: (paths) => this.#prove(paths),
      }),
      whole ? this.#engines.view() : undefined,
    ]);
    if (this.#closed) return;
    const { come, gone, found } = await this.#population.apply(discovery, whole || netnsDirs.length > 0 ? mark : undefined);
    const kept = new Set<SourceName>(this.#leases.wanted());
    for (const netns of come) for (const table of SOURCE_NAMES) netns.tables[table].kept = kept.has(table);
    if (view !== undefined) {
      this.#state.setGaps('discovery', discovery.problems.map(discoveryGap));
      await joinOwners(this.#state, view, { procRoot, narrowed: netnsDirs.length > 0 });
      this.#state.setHost(describeHost(this.#options, view.engines, readAt, this.#tookMs ?? now() - began));
      this.#followEngines(view.gaps);
    }
    this.#state.commit();
    this.#keeper.removed(gone);
    this.#keeper.added([...come, ...found]);
    if (come.length + found.length > 0 && !whole) for (const wait of AFTERWARDS_MS) this.#everything.requestIn(wait);
    if (whole && scan !== undefined && scan === this.#scan && !scan.discovered) this.#readAgain(scan, new Set(come));
    if (whole) this.#looking = false;
    this.#progress();
  }

  /** There is no event when an engine comes back, and the kernel need not change: it is queried until its answer differs. */
  #followEngines(gaps: readonly Gap[]): void {
    clearTimeout(this.#enginesTimer);
    if (gaps.length === 0 || this.#closed || this.#noEvents !== undefined) return;
    this.#enginesTimer = setTimeout(() => void this.#askEngines(kindsOf(gaps)), ENGINES_EVERY_MS);
    this.#enginesTimer.unref();
  }

  async #askEngines(before: string): Promise<void> {
    const { gaps } = await this.#engines.view();
    if (this.#closed) return;
    if (kindsOf(gaps) === before) this.#followEngines(gaps);
    else this.#everything.request();
  }

  /** What is gone is not found again. */
  #lookAgain(): void {
    if (!this.#onDemand || this.#looks++ < MOST_LOOKS) this.#everything.request();
  }

  /** One job at a time: a quick look at the mounts can come while everything is looked at. */
  #prove(paths: readonly string[]): Promise<IdentifyResult[]> {
    const proved = this.#proving.then(() => this.#prover.identify(paths, this.#options.timeLimitMs));
    this.#proving = proved.catch(() => undefined);
    return proved;
  }

  /** The second half of a full read. Tables that are no longer wanted are dropped. */
  #readAgain(scan: { discovered: boolean }, come: ReadonlySet<LiveNetns>): void {
    scan.discovered = true;
    const wanted = new Set<SourceName>(this.#leases.wanted());
    for (const netns of this.#state.namespaces.values()) {
      if (come.has(netns)) continue;
      for (const table of SOURCE_NAMES) if (!wanted.has(table)) netns.tables[table].kept = false;
    }
    this.#rescans++;
    this.#keeper.rescan(rescanScopes(this.#noEvents === undefined ? this.#rescans : undefined), come);
  }

  /** In the order of keys(); those that go meanwhile are left out. */
  *#sorted(): Generator<LiveNetns> {
    for (const key of this.#state.keys()) {
      const netns = this.#state.namespaces.get(key);
      if (netns !== undefined) yield netns;
    }
  }

  #receive(): void {
    if (this.#closed) return;
    const events = this.#observer?.take();
    if (events === undefined) return;
    if (events.mounts) this.#mounts.request();
    this.#keeper.receive(events);
  }

  #progress(): void {
    if (this.#closed) return;
    const scan = this.#scan;
    if (scan?.discovered === true && !scan.done && this.#keeper.isScanned) {
      scan.done = true;
      this.#scannedAt = scan.startedAt;
      this.#tookMs = now() - scan.startedAt;
      this.#scans.add(this.#tookMs);
      const { host } = this.#state;
      if (host !== undefined) this.#state.setHost({ ...host, durationMs: this.#tookMs });
      if (this.#scanWanted) this.#scanNow();
    }
    this.#waiting.check();
  }
}

function now(): number {
  return performance.now();
}

/** Without the messages, which contain the time since the failure. */
function kindsOf(gaps: readonly Gap[]): string {
  return gaps.map(({ engine, status, operation, errno }) => [engine, status, operation, errno].join(' ')).join('\n');
}
