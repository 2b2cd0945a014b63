import { rowTableOf, sourceOf, type SourceName } from '../tables/index.js';
import { statusOfErrno } from '../model/gaps.js';
import type { Gap, ReadStatus } from '../model/types.js';
import type { NetlinkRequest, NetnsReader, NetnsReadProblem, ReadTarget, ReadVisitor } from '../native/types.js';
import { ifindexAt } from '../tables/contract.js';
import { errnoName } from '../netlink/errno.js';
import { DecodeError } from '../netlink/error.js';
import { MessageReader, readDone, readError } from '../netlink/messages.js';
import * as uapi from '../netlink/uapi.js';
import { problemGap, tableGap, unopenableGap } from './gaps.js';
import type { DirtyTables } from './dirty.js';
import type { LiveNetns } from './live-netns.js';
import type { LiveState, RowChanges } from './live-state.js';
import { movedRows } from './moved-rows.js';
import type { RowStore } from './row-store.js';
import { isApart, partRequest, type Scope, wholeRequests } from './tables.js';

/** What is to be read of one namespace. */
export interface Plan {
  readonly netns: LiveNetns;
  readonly tables: DirtyTables;
  /** When it became known that it has to be read, in milliseconds. */
  readonly since?: number;
}

/** What plans are read with. */
export interface ReadingOptions {
  readonly reader: NetnsReader;
  readonly state: LiveState;
  readonly timeLimitMs: number;
  /** Counters, timers and ages, too. */
  readonly complete: boolean;
}

/** How reading one namespace went. */
export interface Outcome {
  readonly plan: Plan;
  /** Tables whose dump was interrupted: to be read again. */
  readonly interrupted: SourceName[];
  /** Tables that were taken although they kept changing: to be read again, too. */
  readonly again: SourceName[];
  /** Something could not be read, which may be different soon. */
  failed: boolean;
  /** The namespace could not be read through this path, but perhaps through another one, or it is gone. */
  lost: Gap | undefined;
  /** A later namespace has the same inode: this one has ended. */
  replaced: boolean;
}

/** How a job of reading went. */
export interface Readings {
  readonly outcomes: readonly Outcome[];
  /** What the job did not come to, because it was stopped. */
  readonly left: readonly Plan[];
}

/** After so many interrupted dumps in a row, their rows are accepted, and the table's status is INTERRUPTED. */
const MAX_INTERRUPTED = 5;
/** Below so many rows a table is read in full: that is as cheap as reading one row. */
const WHOLE_BELOW = 24;
/** Above so many interfaces a table is read in full. */
const MOST_PARTS = 16;

/** One namespace that is being read. */
interface Reading extends Outcome {
  readonly path: string;
  readonly changes: Map<SourceName, RowChanges>;
  /** Interfaces whose addresses changed. */
  readonly addressed: Set<number>;
  readonly ended: Map<SourceName, { status: ReadStatus; gap: Gap | undefined }>;
  /** The kernel's messages about refused requests. */
  readonly refusals: Map<SourceName, string>;
  reached: boolean;
}

/**
 * Reads tables of namespaces and puts what changed into the state. What goes wrong with a namespace or a table becomes its status.
 * @throws NativeError when the job as a whole failed: then the namespaces were reset, and have to be read again
 */
export async function readPlans(
  plans: readonly Plan[],
  { reader, state, timeLimitMs, complete }: ReadingOptions,
): Promise<Readings> {
  const job = new JobBuilder(complete);
  const readings: Reading[] = [];
  for (const plan of plans) {
    const reading = begin(plan);
    if (reading === undefined) {
      setProblem(state, plan.netns, unopenableGap(plan.netns.found));
      continue;
    }
    readings.push(reading);
    job.add(reading);
  }
  try {
    await reader.read({ requests: job.requests, targets: job.targets, timeLimitMs }, visitor(state, readings, job.tables));
  } catch (cause) {
    for (const { plan } of readings) state.reset(plan.netns);
    state.commit();
    throw cause;
  }
  const outcomes = readings.filter(({ reached }) => reached);
  return { outcomes, left: readings.filter(({ reached }) => !reached).map(({ plan }) => plan) };
}

function begin(plan: Plan): Reading | undefined {
  const path = plan.netns.found.openPaths[plan.netns.pathAt];
  if (path === undefined) return undefined;
  const none = {
    changes: new Map(),
    addressed: new Set<number>(),
    interrupted: [],
    again: [],
    ended: new Map(),
    refusals: new Map(),
  };
  return { plan, path, ...none, replaced: false, failed: false, lost: undefined, reached: false };
}

/** Rows that a plan reads and compares, about. */
export function rowsOf({ netns, tables }: Plan): number {
  let rows = 1;
  for (const [table, scope] of tables)
    rows += scope !== 'whole' && (table === 'LINKS' || isApart(scope)) ? scope.size : netns.tables[table].rows.count;
  return rows;
}

/** Collects the requests of a job: those that read a whole table are shared by all namespaces. */
class JobBuilder {
  readonly requests: NetlinkRequest[] = [];
  readonly targets: ReadTarget[] = [];
  /** Table of each request. */
  readonly tables: SourceName[] = [];
  readonly #whole = new Map<string, number[]>();
  readonly #complete: boolean;

  constructor(complete: boolean) {
    this.#complete = complete;
  }

  add({ plan: { netns, tables }, path }: Reading): void {
    const { dev, ino } = netns.found;
    const requests = [...tables].flatMap(([table, scope]) => this.#indexesOf(netns, table, scope));
    this.targets.push({ path, expect: { dev, ino }, requests, key: netns.key });
  }

  #indexesOf(netns: LiveNetns, table: SourceName, scope: Scope): readonly number[] {
    const { rows, status } = netns.tables[table];
    const inParts =
      !this.#complete &&
      scope !== 'whole' &&
      status === 'OK' &&
      (rows.count >= WHOLE_BELOW || isApart(scope)) &&
      scope.size <= MOST_PARTS;
    if (inParts) {
      const parts = [...scope].map((ifindex) => partRequest(table, ifindex));
      if (parts.every((part) => part !== undefined)) return parts.map((part) => this.#push(table, part));
    }
    const wish = { acceptInterrupted: acceptsInterrupted(netns, table), complete: this.#complete };
    const name = `${table} ${wish.acceptInterrupted}`;
    const known = this.#whole.get(name) ?? wholeRequests(table, wish).map((request) => this.#push(table, request));
    this.#whole.set(name, known);
    return known;
  }

  #push(table: SourceName, request: NetlinkRequest): number {
    this.tables.push(table);
    return this.requests.push(request) - 1;
  }
}

/** asm-generic/errno-base.h */
const EINTR = 4;

/** What a table may be answered with by chance. */
const TRANSIENT: ReadonlySet<string> = new Set(['ETIMEDOUT', 'ENOBUFS', 'ENOMEM', 'EAGAIN', 'EBADMSG']);

function visitor(state: LiveState, readings: readonly Reading[], tables: readonly SourceName[]): ReadVisitor {
  const rows = new RowSink(state, readings, tables);
  return {
    target: (target, _identity, cookie) => {
      const reading = readings[target];
      if (reading === undefined) return;
      const { netns } = reading.plan;
      if (netns.cookie === undefined) {
        netns.cookie = cookie;
        if (cookie !== undefined) state.headChanged(netns);
      } else if (cookie !== undefined && cookie !== netns.cookie) reading.replaced = true;
    },
    datagram: (target, request, view, start, end) => {
      const [table, said] = [tables[request], refusalIn(view, start, end)];
      if (table !== undefined && said !== undefined) readings[target]?.refusals.set(table, said);
    },
    rowAdded: (target, request, slot, view, start, end) => {
      if (rows.aim(target, request)) rows.add(slot, view, start, end);
    },
    rowRemoved: (target, request, slot) => {
      if (rows.aim(target, request)) rows.remove(slot);
    },
    rowOrder: (target, request, slots) => {
      if (rows.aim(target, request)) rows.reorder(slots);
    },
    requestEnd: (target, request, errno, operation) => {
      const [reading, table] = [readings[target], tables[request]];
      if (reading !== undefined && table !== undefined && !reading.replaced) endRequest([reading, table], errno, operation);
    },
    targetEnd: (target, problem) => {
      const reading = readings[target];
      if (reading === undefined) return;
      endTarget(state, reading, problem);
      state.commit();
    },
  };
}

/** The kernel's own words about what it refused. */
function refusalIn(view: DataView, start: number, end: number): string | undefined {
  const messages = new MessageReader(view, start, end);
  let said: string | undefined;
  while (messages.next()) {
    if (messages.type !== uapi.NLMSG_ERROR && messages.type !== uapi.NLMSG_DONE) continue;
    const verdict = messages.type === uapi.NLMSG_ERROR ? readError(messages) : readDone(messages);
    if (!(verdict instanceof DecodeError)) said = verdict.words;
  }
  return said;
}

/** Takes the rows of a job. They come by the thousand, one table after the other: what is the same for all of a table is looked up once. */
class RowSink {
  readonly #state: LiveState;
  readonly #readings: readonly Reading[];
  readonly #tables: readonly SourceName[];
  #target = -1;
  #request = -1;
  #reading: Reading | undefined;
  #table: SourceName = 'LINKS';
  #rows: RowStore | undefined;
  #isHidden: ((view: DataView, start: number) => boolean) | undefined;
  #headerBytes = 0;
  #changed: RowChanges | undefined;

  constructor(state: LiveState, readings: readonly Reading[], tables: readonly SourceName[]) {
    this.#state = state;
    this.#readings = readings;
    this.#tables = tables;
  }

  /** Whose rows come next. False: they are to be left. */
  aim(target: number, request: number): boolean {
    if (target !== this.#target || request !== this.#request) {
      this.#target = target;
      this.#request = request;
      const [reading, table] = [this.#readings[target], this.#tables[request]];
      this.#reading = reading === undefined || table === undefined || reading.replaced ? undefined : reading;
      if (this.#reading === undefined || table === undefined) return false;
      this.#table = table;
      this.#headerBytes = sourceOf(table).format.headerBytes;
      this.#isHidden = rowTableOf(table)?.isHidden;
      this.#rows = this.#reading.plan.netns.tables[table].rows;
      this.#changed = this.#reading.changes.get(table);
    }
    return this.#reading !== undefined;
  }

  add(slot: number, view: DataView, start: number, end: number): void {
    if (end - start >= this.#headerBytes && this.#isHidden?.(view, start) === true) return;
    if (this.#reading === undefined) return;
    this.#rows?.add(slot, view, start, end, this.#state.history.next);
    this.#changes(this.#reading).come.push(slot);
    if (this.#table === 'ADDRESSES') this.#reading.addressed.add(ifindexAt(view, start));
  }

  remove(slot: number): void {
    const bytes = this.#rows?.remove(slot);
    if (bytes === undefined || this.#reading === undefined) return;
    const changes = this.#changes(this.#reading);
    changes.gone.push(slot);
    const table = this.#table;
    if (table === 'ADDRESSES') this.#reading.addressed.add(ifindexAt(new DataView(bytes.buffer, bytes.byteOffset), 0));
    else if (table !== 'LINKS') changes.removed.set(slot, bytes);
  }

  /** Made with the first change: a table of which nothing changed says nothing to anybody. */
  #changes(reading: Reading): RowChanges {
    if (this.#changed !== undefined) return this.#changed;
    this.#changed = { gone: [], come: [], removed: new Map(), since: this.#state.history.next };
    reading.changes.set(this.#table, this.#changed);
    return this.#changed;
  }

  reorder(slots: readonly number[]): void {
    const rows = this.#rows;
    if (rows === undefined || this.#reading === undefined) return;
    const changes = this.#changes(this.#reading);
    const table = rowTableOf(this.#table);
    const moved = table === undefined ? [] : movedRows(table, rows, slots, new Set(changes.come));
    for (const slot of moved) {
      changes.removed.set(slot, rows.bytes(slot));
      changes.come.push(slot);
      rows.touch(slot, this.#state.history.next);
    }
    rows.reorder(slots);
    if (this.#table !== 'ADDRESSES') return;
    // It is not reported which interface's addresses changed places.
    const { view } = rows;
    for (const slot of slots) this.#reading.addressed.add(ifindexAt(view, rows.start(slot)));
  }
}

function endRequest([reading, table]: [Reading, SourceName], errno: number, operation: string): void {
  const { netns } = reading.plan;
  if (errno === EINTR) {
    if (!reading.interrupted.includes(table)) reading.interrupted.push(table);
    return;
  }
  if (errno === 0 && acceptsInterrupted(netns, table)) {
    // It is not reported whether this one was interrupted, too. It is read again later.
    reading.again.push(table);
    const what = `changed during each of ${MAX_INTERRUPTED} dumps; rows may be missing or doubled`;
    const gap = tableGap(netns.found, table, 'INTERRUPTED', what, { operation: 'dump' });
    reading.ended.set(table, { status: 'INTERRUPTED', gap });
    return;
  }
  if (reading.ended.get(table)?.gap !== undefined) return;
  if (errno === 0) {
    reading.ended.set(table, { status: 'OK', gap: undefined });
    return;
  }
  const name = errnoName(errno);
  if (TRANSIENT.has(name)) reading.failed = true;
  const status = statusOfErrno(name);
  const refusal = reading.refusals.get(table);
  const said = refusal === undefined ? '' : `: ${refusal}`;
  const gap = tableGap(netns.found, table, status, `${operation} failed (${name}${said})`, { errno: name, operation });
  reading.ended.set(table, { status, gap });
}

function acceptsInterrupted(netns: LiveNetns, table: SourceName): boolean {
  return netns.tables[table].interrupted >= MAX_INTERRUPTED - 1;
}

function endTarget(state: LiveState, reading: Reading, problem: NetnsReadProblem | undefined): void {
  const { netns } = reading.plan;
  reading.reached = true;
  if (reading.replaced) return;
  for (const [table, changes] of reading.changes) state.rowsChanged(netns, table, changes);
  state.addressesChanged(netns, reading.addressed);
  for (const [table, { status, gap }] of reading.ended)
    if (!reading.interrupted.includes(table)) setTable(state, netns, table, status, gap);
  for (const table of reading.interrupted) netns.tables[table].interrupted++;
  // The thread could not get back; what it had read is whole.
  if (problem === undefined || problem.operation === 'restore') {
    setProblem(state, netns, undefined);
    return;
  }
  const gap = problemGap(netns.found, problem, reading.path);
  // Another path may be open, or there again: one that does not answer is the namespace itself.
  if (gap.status !== 'TIMED_OUT') reading.lost = gap;
  else setProblem(state, netns, gap);
  if (gap.status === 'TIMED_OUT' || gap.status === 'FAILED') reading.failed = true;
}

function setTable(state: LiveState, netns: LiveNetns, table: SourceName, status: ReadStatus, gap: Gap | undefined): void {
  const known = netns.tables[table];
  known.attempts = known.interrupted + 1;
  known.interrupted = 0;
  if (known.status !== status) {
    known.status = status;
    state.headChanged(netns);
  }
  if (known.gap?.message === gap?.message) return;
  known.gap = gap;
  state.partChanged('gaps');
}

/** Sets how reading the namespace as a whole went. */
export function setProblem(state: LiveState, netns: LiveNetns, gap: Gap | undefined): void {
  const status = gap?.status ?? 'OK';
  if (netns.status !== status) {
    netns.status = status;
    state.headChanged(netns);
  }
  if (netns.gap?.message === gap?.message) return;
  netns.gap = gap;
  state.partChanged('gaps');
}
