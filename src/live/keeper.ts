import { EVENT_TABLES, followersOf, SOURCE_NAMES, type SourceName, type Table } from '../tables/index.js';
import type { NetnsReader, ObservedEvents } from '../native/types.js';
import { backoff } from '../text/backoff.js';
import { DirtyQueue, type DirtyTables, union } from './dirty.js';
import { Later } from './later.js';
import { type LiveNetns, rank } from './live-netns.js';
import type { LiveState } from './live-state.js';
import { askNsids, ETIMEDOUT, giveNsids, type NewNsid, NSIDS_AT_ONCE, type ObserverPlace, NOT_REACHED } from './nsids.js';
import type { Population } from './population.js';
import { type Outcome, type Plan, readPlans, rowsOf, setProblem } from './reading.js';
import { DurationCounter } from './stats.js';
import { APART_SCOPE, type Scope } from './tables.js';

/** What a keeper works with. */
export interface KeeperOptions {
  readonly state: LiveState;
  readonly population: Population;
  readonly reader: NetnsReader;
  /** Absent: there are no events, everything is found by reading again. */
  readonly observer: ObserverPlace | undefined;
  /** Read when asked, with counters, timers and ages, and without rest. */
  readonly onDemand: boolean;
  /** Whether anybody wants to know what nsids stand for. */
  readonly pairs: () => boolean;
  readonly timeLimitMs: number;
  readonly now: () => number;
  /** Something is known that makes it worth while to look for namespaces. */
  readonly onLost: () => void;
  /** A job as a whole failed. */
  readonly onProblem: (problem: Error) => void;
  /** After each piece of work, and when there is nothing left to do. */
  readonly onProgress: () => void;
}

/** Namespaces that are read in one job: bounds how long an event that comes meanwhile waits. */
const READ_AT_ONCE = 64;
/** The same when all are read again: fewer pauses between jobs. Such a job is stopped when there is something more urgent; a job this large is written in a millisecond. */
const RESCAN_AT_ONCE = 256;
/** A namespace that was read rests for as long as its rows take, some 200 a millisecond, within these bounds. */
const ROWS_PER_MS = 200;
const MIN_REST_MS = 4;
const MAX_REST_MS = 10_000;
/** A namespace that did not answer, or could not be read for want of memory, is tried again after so long, twice as long each time. */
const AGAIN = { firstMs: 500, longestMs: 60_000 };
/** Without events, pairs whose ends contradict each other are read again so often: a busy host changes while it is read. */
const SETTLE_ROUNDS = 2;
/** After a job that failed as a whole. */
const RETRY_MS = 1000;
/** Marked before anybody asked: whoever asks waits for it. */
const AT_ONCE = 0;
/** The tables that show whether links are paired, and what a moved link brings along. */
const PAIR_TABLES = ['LINKS', 'ADDRESSES'] as const;
/** asm-generic/errno-base.h */
const EEXIST = 17;

/**
 * Does the reading, one job at a time, the most urgent first: ids for new namespaces (so that nothing of them is missed), what events made
 * dirty, what nsids stand for, and what is read again for safety's sake.
 */
export class Keeper {
  readonly #options: KeeperOptions;
  readonly #dirty = new DirtyQueue();
  /** To be given an id; then read. */
  #newcomers: LiveNetns[] = [];
  /** Came, and were not read yet. */
  readonly #unread = new Set<LiveNetns>();
  /** To be read again, in this order, when nothing else is to be done. */
  readonly #rescan = new Map<LiveNetns, Map<SourceName, Scope>>();
  /** Forwarding rows that are looked at once more some time after the last event that may have to do with them. */
  readonly #echoes: Later;
  /** What could not be read, though it may be there. */
  readonly #retries: Later;
  /** Namespaces whose question about nsids had no answer in time: nothing in the kernel need change before there is one. */
  readonly #questions: Later;
  /** How often in a row there was none. */
  #silences = 0;
  /** How often in a row. */
  readonly #failures = new Map<LiveNetns, number>();
  #busy = false;
  #beingRead: ReadonlySet<LiveNetns> = new Set();
  #closed = false;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  /** When the oldest thing that is being read was marked. */
  #readingSince: number | undefined;
  #holdUntil = 0;
  #resolving = false;
  #scanning = false;
  #settleRounds = 0;
  /** When the oldest unhandled event of each namespace was received. */
  readonly #eventAt = new Map<LiveNetns, number>();
  lostEvents = 0;
  interruptedDumps = 0;
  /** Messages of the kernel. */
  events = 0;
  /** Jobs that read new namespaces, or what events marked. */
  readonly reads = new DurationCounter();
  /** From an event to what it changed. */
  readonly lag = new DurationCounter();

  constructor(options: KeeperOptions) {
    this.#options = options;
    const mark = (due: readonly Plan[]): void => this.#markAgain(due);
    this.#echoes = new Later(options.now, mark);
    this.#retries = new Later(options.now, mark);
    this.#questions = new Later(options.now, (due) => this.#ask(due));
  }

  /** Whether every namespace that came was read once, as far as it can be. */
  get isSettled(): boolean {
    return this.#unread.size === 0 && !this.#hasQuestions && !this.#resolving && this.#settleRounds === 0;
  }

  /** Whether what rescan() asked for is read. */
  get isScanned(): boolean {
    return this.isSettled && this.#rescan.size === 0 && !this.#scanning;
  }

  /** When the oldest thing was marked that is not read yet; undefined when all is read. */
  get behindSince(): number | undefined {
    const [waiting, reading] = [this.#dirty.oldestAt, this.#readingSince];
    return waiting === undefined || reading === undefined ? (waiting ?? reading) : Math.min(waiting, reading);
  }

  get #hasQuestions(): boolean {
    return this.#options.state.pairing.hasQuestions && this.#options.pairs();
  }

  /** Namespaces that were not there before: they get an id and are read. The host's and the overlays' first, for low ids cost less. */
  added(come: readonly LiveNetns[]): void {
    if (come.length === 0) return;
    for (const netns of come.toSorted((a, b) => rank(a) - rank(b))) {
      this.#newcomers.push(netns);
      this.#unread.add(netns);
    }
    this.#options.state.pairing.askAllAgain();
    this.#settleLater();
    this.#pump();
  }

  /** Namespaces that are gone. */
  removed(gone: readonly LiveNetns[]): void {
    for (const netns of gone) this.#drop(netns);
    // What an nsid stands for that led there is asked again.
    this.#pump();
  }

  /** These tables are to be read again, in every namespace but some. */
  rescan(tables: DirtyTables, except: ReadonlySet<LiveNetns> = new Set()): void {
    for (const netns of this.#options.state.namespaces.values()) {
      if (except.has(netns)) continue;
      // It could not be opened when it came, or not by the path that was tried then.
      if (this.#options.observer !== undefined && netns.nsid === undefined) {
        this.#newcomers.push(netns);
        continue;
      }
      const wanted = this.#rescan.get(netns) ?? new Map<SourceName, Scope>();
      for (const [table, scope] of tables) if (netns.tables[table].kept) wanted.set(table, union(wanted.get(table), scope));
      if (wanted.size > 0) this.#rescan.set(netns, wanted);
    }
    this.#settleLater();
    this.#pump();
  }

  /** From now on a table is kept true; what is not read yet is read. */
  keep(table: SourceName): void {
    for (const netns of this.#options.state.namespaces.values()) {
      if (netns.tables[table].kept) continue;
      netns.tables[table].kept = true;
      this.#dirty.mark(netns.key, table, 'whole', this.#options.now());
    }
    this.#pump();
  }

  /** Handles events of the observer. */
  receive({ changes, dead, lost, messages, oldestAtMs }: ObservedEvents): void {
    const { state, population, now } = this.#options;
    const at = now();
    this.events += messages;
    for (const { nsid, table: number, ifindexes } of changes) {
      const netns = population.byNsid(nsid);
      const table = EVENT_TABLES[number];
      if (netns === undefined || table === undefined) continue;
      this.#note(netns, table, ifindexes.length === 0 ? 'whole' : new Set(ifindexes), at);
      if (!this.#eventAt.has(netns) && this.#dirty.has(netns.key)) this.#eventAt.set(netns, oldestAtMs ?? at);
    }
    for (const nsid of dead) {
      const netns = population.byNsid(nsid);
      if (netns === undefined) population.endedOutOfSight(nsid);
      else {
        population.ended(netns);
        this.#drop(netns);
      }
    }
    if (lost > 0) {
      this.lostEvents += lost;
      state.partChanged('freshness');
      // Not as a rescan: the state is behind the kernel until all of it is read.
      for (const netns of state.namespaces.values()) this.#markKept(netns, at);
      this.#options.onLost();
    }
    state.commit();
    this.#pump();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#questions.close();
    this.#echoes.close();
    this.#retries.close();
  }

  #note(netns: LiveNetns, table: Table, scope: Scope, now: number): void {
    if (table === 'NSIDS') this.#options.state.pairing.askAgain(netns);
    else if (netns.tables[table].kept) this.#dirty.mark(netns.key, table, scope, now);
    for (const { name, sameInterface, apart, where, againAfterMs } of followersOf(table)) {
      const { kept, status, rows } = netns.tables[name];
      if (!kept) continue;
      // Such a row may be on its way.
      if (where !== undefined && status === 'OK' && !this.#beingRead.has(netns) && !rows.some(where)) continue;
      const changed = apart === true ? APART_SCOPE : sameInterface === true ? scope : 'whole';
      this.#dirty.mark(netns.key, name, changed, now);
      if (againAfterMs !== undefined) this.#echoes.put(netns, new Map([[name, changed]]), againAfterMs);
    }
  }

  #markAgain(due: readonly Plan[]): void {
    const now = this.#options.now();
    for (const { netns, tables } of due) {
      if (!this.#isThere(netns)) continue;
      if (this.#options.observer !== undefined && netns.nsid === undefined) this.#newcomers.push(netns);
      for (const [table, scope] of tables) if (netns.tables[table].kept) this.#dirty.mark(netns.key, table, scope, now);
    }
    this.#pump();
  }

  #drop(netns: LiveNetns): void {
    this.#eventAt.delete(netns);
    this.#echoes.drop(netns);
    this.#retries.drop(netns);
    this.#questions.drop(netns);
    this.#failures.delete(netns);
    this.#dirty.drop(netns.key);
    this.#unread.delete(netns);
    this.#rescan.delete(netns);
    this.#options.reader.forget(netns.key);
  }

  /** Begins the next piece of work, unless one is under way. */
  #pump(): void {
    if (this.#closed) return;
    const now = this.#options.now();
    if (this.#busy) {
      if (this.#scanning) this.#interrupt(now);
      return;
    }
    const work = now < this.#holdUntil ? undefined : this.#nextWork(now);
    if (work === undefined) {
      this.#arm(now);
      return;
    }
    this.#busy = true;
    work()
      .catch((cause: unknown) => {
        if (this.#closed) return;
        this.#holdUntil = this.#options.now() + RETRY_MS;
        this.#options.onProblem(cause instanceof Error ? cause : new Error(String(cause)));
      })
      .finally(() => {
        this.#busy = false;
        this.#readingSince = undefined;
        this.#pump();
        this.#options.onProgress();
      });
  }

  /** Whoever waits for an event does not wait for all that is read again. */
  #interrupt(now: number): void {
    const due = this.#dirty.nextDueAt();
    if (this.#newcomers.length > 0 || (due !== undefined && due <= now)) this.#options.reader.stop();
    else this.#arm(now);
  }

  #arm(now: number): void {
    const due = this.#dirty.nextDueAt();
    const work = this.#newcomers.length > 0 || this.#rescan.size > 0 || this.#hasQuestions || this.#settleRounds > 0;
    const at = now < this.#holdUntil && (due !== undefined || work) ? this.#holdUntil : due;
    if (at === undefined || at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(
      () => {
        this.#timerAt = Number.POSITIVE_INFINITY;
        this.#pump();
      },
      Math.max(0, at - now),
    );
    this.#timer.unref();
  }

  #nextWork(now: number): (() => Promise<void>) | undefined {
    if (this.#newcomers.length > 0) return () => this.#admit();
    const oldest = this.#dirty.oldestAt;
    const due = this.#dirty.take(now, this.#options.onDemand ? RESCAN_AT_ONCE : READ_AT_ONCE);
    if (due.length > 0) {
      this.#readingSince = oldest;
      const { namespaces } = this.#options.state;
      const plans = due.flatMap(({ key, tables, since }): Plan[] => {
        const netns = namespaces.get(key);
        return netns === undefined ? [] : [{ netns, tables, since }];
      });
      return () => this.#readMarked(plans);
    }
    if (this.#hasQuestions) return () => this.#resolve();
    if (this.#rescan.size > 0) return () => this.#readAgain();
    if (this.#settleRounds > 0 && oldest !== AT_ONCE) return async () => this.#settle();
    return undefined;
  }

  async #admit(): Promise<void> {
    const { now } = this.#options;
    const some = this.#newcomers.splice(0, NSIDS_AT_ONCE).filter((netns) => this.#isThere(netns));
    try {
      await this.#giveIds(some);
    } catch (cause) {
      this.#newcomers.unshift(...some);
      throw cause;
    }
    for (const netns of some) this.#markKept(netns, now());
  }

  #markKept(netns: LiveNetns, now: number): void {
    for (const table of SOURCE_NAMES) if (netns.tables[table].kept) this.#dirty.mark(netns.key, table, 'whole', now);
  }

  async #giveIds(some: readonly LiveNetns[]): Promise<void> {
    const { observer, reader, population, timeLimitMs } = this.#options;
    const openable = some.filter(({ found }) => found.openPaths.length > 0);
    if (observer !== undefined && openable.length > 0) {
      const wanted: NewNsid[] = openable.map((netns) => ({ netns, nsid: population.nsidFor(netns) }));
      const outcomes = await giveNsids(reader, observer, wanted, timeLimitMs);
      // EEXIST: it has had this id since it was last in sight. Others cannot be opened, as reading them will show.
      for (const [at, { netns, nsid }] of wanted.entries()) {
        const errno = outcomes[at];
        if (errno === 0 || errno === EEXIST) population.assigned(netns, nsid);
        // No events of it are received: it did not answer, or one before it in the job did not.
        else if (errno === NOT_REACHED || errno === ETIMEDOUT) this.#retries.put(netns, keptOf(netns), AGAIN.firstMs);
      }
    }
  }

  async #readAgain(): Promise<void> {
    const plans: Plan[] = [];
    for (const [netns, tables] of this.#rescan) {
      plans.push({ netns, tables });
      this.#rescan.delete(netns);
      if (plans.length === RESCAN_AT_ONCE) break;
    }
    this.#scanning = true;
    try {
      const { left } = await this.#read(plans);
      for (const { netns, tables } of left)
        if (this.#isThere(netns) && !this.#rescan.has(netns)) this.#rescan.set(netns, new Map(tables));
    } finally {
      this.#scanning = false;
    }
  }

  /** Reads what events made dirty, and counts how long it took from them on. */
  async #readMarked(plans: readonly Plan[]): Promise<void> {
    const { now } = this.#options;
    const began = now();
    const marked = plans.flatMap(({ netns }): [LiveNetns, number][] => {
      const at = this.#eventAt.get(netns);
      this.#eventAt.delete(netns);
      return at === undefined ? [] : [[netns, at]];
    });
    const { unfinished } = await this.#read(plans);
    this.reads.add(now() - began);
    for (const [netns, at] of marked) {
      if (unfinished.has(netns) && this.#isThere(netns)) this.#eventAt.set(netns, at);
      else this.lag.add(now() - at);
    }
  }

  /** @returns those of which something kept changing while it was read, which are read again, and what the job did not come to */
  async #read(all: readonly Plan[]): Promise<{ readonly unfinished: ReadonlySet<LiveNetns>; readonly left: readonly Plan[] }> {
    const unfinished = new Set<LiveNetns>();
    const plans = all.filter(({ netns }) => this.#isThere(netns));
    if (plans.length === 0) return { unfinished, left: [] };
    const { state, onDemand } = this.#options;
    let left: readonly Plan[] = [];
    this.#beingRead = new Set(plans.map(({ netns }) => netns));
    try {
      const read = await readPlans(plans, { ...this.#options, complete: onDemand });
      left = read.left;
      for (const { plan, interrupted, again } of read.outcomes)
        if (interrupted.length + again.length > 0) unfinished.add(plan.netns);
      const later = new Set(left.map(({ netns }) => netns));
      for (const { plan, interrupted } of read.outcomes) if (interrupted.length > 0) later.add(plan.netns);
      // Also those that have no outcome, for no path leads to them.
      for (const { netns } of plans) if (!later.has(netns)) this.#unread.delete(netns);
      for (const outcome of read.outcomes) this.#finish(outcome);
    } catch (cause) {
      // Their rows were forgotten: all that is kept has to be read again.
      for (const { netns } of plans) if (this.#isThere(netns)) this.#newcomers.push(netns);
      throw cause;
    } finally {
      this.#beingRead = new Set();
      state.commit();
    }
    for (const [key, ifindexes] of state.pairing.takeSuspects()) {
      const suspect = state.namespaces.get(key);
      // On demand every link differs at each read, for it has counters, and would be suspected again: settling looks at them.
      if (!onDemand && suspect?.tables.LINKS.kept === true) this.#dirty.mark(key, 'LINKS', ifindexes, this.#options.now());
    }
    return { unfinished, left };
  }

  #finish({ plan, interrupted, again, failed, lost, replaced }: Outcome): void {
    const { netns, tables, since } = plan;
    const { now, observer, onDemand, onLost, population, state } = this.#options;
    if (!this.#isThere(netns)) return;
    const at = now();
    if (!onDemand) this.#dirty.rest(netns.key, at + Math.min(MAX_REST_MS, Math.max(MIN_REST_MS, rowsOf(plan) / ROWS_PER_MS)));
    this.interruptedDumps += interrupted.length;
    // What it was read for is not known yet.
    const askedAt = observer === undefined ? AT_ONCE : (since ?? at);
    for (const table of interrupted) this.#dirty.mark(netns.key, table, 'whole', askedAt);
    // Without events the next full read is soon enough.
    if (observer !== undefined) for (const table of again) this.#dirty.mark(netns.key, table, 'whole', at);
    if (replaced) {
      population.ended(netns);
      this.#drop(netns);
      onLost();
    } else if (lost !== undefined && netns.pathAt + 1 < netns.found.openPaths.length) {
      // Another path may lead there, and the id has to be given by it, too.
      netns.pathAt++;
      this.#newcomers.push(netns);
      this.#unread.add(netns);
    } else if (lost !== undefined) {
      netns.pathAt = 0;
      setProblem(state, netns, lost);
      // Whoever looks for namespaces will find it gone, or it stays, with what is wrong.
      if (lost.status === 'VANISHED') onLost();
      if (failed) this.#retryLater(netns, tables);
    } else if (failed) this.#retryLater(netns, tables);
    else this.#failures.delete(netns);
  }

  /** Without events nothing reports what moved while the namespaces were read. */
  #settleLater(): void {
    if (this.#options.observer === undefined && this.#options.pairs()) this.#settleRounds = SETTLE_ROUNDS;
  }

  #settle(): void {
    const { namespaces, pairing } = this.#options.state;
    const again = pairing.contradictions();
    this.#settleRounds = again.size === 0 ? 0 : this.#settleRounds - 1;
    for (const key of again)
      for (const table of PAIR_TABLES)
        if (namespaces.get(key)?.tables[table].kept === true) this.#dirty.mark(key, table, 'whole', AT_ONCE);
  }

  /** Without a retry, the change would stay invisible until the next full read. Not counted as being behind: its status says that it is unknown. */
  #retryLater(netns: LiveNetns, tables: DirtyTables): void {
    const failures = this.#failures.get(netns) ?? 0;
    this.#failures.set(netns, failures + 1);
    this.#retries.put(netns, tables, backoff(failures, AGAIN));
  }

  #ask(due: readonly Plan[]): void {
    for (const { netns } of due) if (this.#isThere(netns)) this.#options.state.pairing.askAgain(netns);
    this.#pump();
  }

  async #resolve(): Promise<void> {
    this.#resolving = true;
    try {
      const unanswered = await askNsids(this.#options);
      for (const netns of unanswered) this.#questions.put(netns, new Map(), backoff(this.#silences, AGAIN));
      this.#silences = unanswered.length === 0 ? 0 : this.#silences + 1;
    } finally {
      this.#resolving = false;
    }
  }

  #isThere(netns: LiveNetns): boolean {
    return this.#options.state.namespaces.get(netns.key) === netns;
  }
}

/** All that is kept of a namespace. */
function keptOf({ tables }: LiveNetns): DirtyTables {
  return new Map(SOURCE_NAMES.filter((table) => tables[table].kept).map((table) => [table, 'whole']));
}
