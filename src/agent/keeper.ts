import type { HostSnapshot, Table } from '../model/types.js';
import type { HostSource } from '../live/source.js';
import { LiveError } from '../live/types.js';

/** What is known of the last read that succeeded, without its rows. */
export interface LastRead {
  readonly snapshot: Pick<HostSnapshot, 'host' | 'gaps'>;
  readonly namespaces: number;
  readonly interfaces: number;
  /** Since the read began, in milliseconds. */
  readonly ageMs: number;
}

export interface Keeper {
  /**
   * A snapshot with at least these tables, from a read that began no earlier than maxAgeMs before this call. Shared with
   * other callers: not to be changed.
   * @throws what the read threw, or LiveError ERR_NSATLAS_READ_TIMEOUT, and then the read still runs: no other one is begun beside it; signal.reason when the caller no longer wants it
   */
  get(tables: readonly Table[], signal: AbortSignal): Promise<HostSnapshot>;
  /** undefined before the first read. */
  last(): LastRead | undefined;
  /** Lets go of the snapshot. */
  close(): void;
}

export interface KeeperOptions {
  readonly source: HostSource;
  readonly maxAgeMs: number;
  readonly readLimitMs: number;
  readonly now: () => number;
  /** Told after each read, and when one is overdue; undefined when it succeeded. */
  readonly onOutcome: (problem: Error | undefined) => void;
}

/**
 * Reads a host on demand, one read at a time, each for everybody who can use it: requests that come while a read is too old
 * for them or lacks their tables wait together for the next one.
 */
export function createKeeper(options: KeeperOptions): Keeper {
  return new ReadKeeper(options);
}

/** A read that succeeded and still answers requests. */
interface Kept {
  readonly snapshot: HostSnapshot;
  readonly tables: ReadonlySet<Table>;
  readonly startedAt: number;
}

class ReadKeeper implements Keeper {
  readonly #options: KeeperOptions;
  #running: Read | undefined;
  #next: Read | undefined;
  #kept: Kept | undefined;
  #forget: NodeJS.Timeout | undefined;
  #last: (Omit<LastRead, 'ageMs'> & { startedAt: number }) | undefined;

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  async get(tables: readonly Table[], signal: AbortSignal): Promise<HostSnapshot> {
    signal.throwIfAborted();
    const since = this.#options.now() - this.#options.maxAgeMs;
    if (this.#kept !== undefined && isUsable(this.#kept, tables, since)) return this.#kept.snapshot;
    if (this.#running !== undefined && isUsable(this.#running, tables, since)) return this.#join(this.#running, signal);
    this.#next ??= createRead();
    for (const table of tables) this.#next.tables.add(table);
    const answer = this.#join(this.#next, signal);
    if (this.#running === undefined) this.#advance();
    return answer;
  }

  last(): LastRead | undefined {
    if (this.#last === undefined) return undefined;
    const { startedAt, ...last } = this.#last;
    return { ...last, ageMs: this.#options.now() - startedAt };
  }

  close(): void {
    clearTimeout(this.#forget);
    this.#kept = undefined;
  }

  /** Begins the read that is waited for, unless nobody is left who wants it. */
  #advance(): void {
    const read = this.#next;
    this.#next = undefined;
    this.#running = undefined;
    if (read === undefined || read.waiting === 0) return;
    this.#running = read;
    void this.#run(read).then(() => this.#advance());
  }

  /** Never rejects: what goes wrong is the callers' to know. */
  async #run(read: Read): Promise<void> {
    const { source, now, onOutcome } = this.#options;
    read.startedAt = now();
    try {
      const snapshot = await source.read([...read.tables]);
      this.#keep({ snapshot, tables: read.tables, startedAt: read.startedAt });
      onOutcome(undefined);
      read.resolve(snapshot);
    } catch (cause) {
      const problem = cause instanceof Error ? cause : new Error(String(cause));
      onOutcome(problem);
      read.reject(problem);
    }
  }

  #keep(kept: Kept): void {
    const { host, gaps, namespaces } = kept.snapshot;
    this.#kept = kept;
    const interfaces = namespaces.reduce((sum, netns) => sum + netns.interfaces.length, 0);
    this.#last = { snapshot: { host, gaps }, namespaces: namespaces.length, interfaces, startedAt: kept.startedAt };
    // An idle agent holds no rows: they may be many, and nobody will be answered from them again.
    clearTimeout(this.#forget);
    this.#forget = setTimeout(() => {
      this.#kept = undefined;
    }, this.#options.maxAgeMs);
    this.#forget.unref();
  }

  async #join(read: Read, signal: AbortSignal): Promise<HostSnapshot> {
    const { readLimitMs, onOutcome } = this.#options;
    const overdue = withResolvers<never>();
    const timer = setTimeout(() => {
      const problem = new LiveError('ERR_NSATLAS_READ_TIMEOUT', `reading this host has not ended within ${readLimitMs / 1000} s`);
      onOutcome(problem);
      overdue.reject(problem);
    }, readLimitMs);
    const cancel = (): void => overdue.reject(signal.reason);
    signal.addEventListener('abort', cancel, { once: true });
    read.waiting += 1;
    try {
      return await Promise.race([read.result, overdue.promise]);
    } finally {
      read.waiting -= 1;
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
    }
  }
}

function isUsable(
  read: { readonly tables: ReadonlySet<Table>; readonly startedAt?: number },
  tables: readonly Table[],
  since: number,
): boolean {
  return read.startedAt !== undefined && read.startedAt >= since && tables.every((table) => read.tables.has(table));
}

/** One read: begun, or to be begun when the one before it has ended. */
interface Read {
  readonly tables: Set<Table>;
  readonly result: Promise<HostSnapshot>;
  readonly resolve: (snapshot: HostSnapshot) => void;
  readonly reject: (problem: Error) => void;
  /** Callers that still want it. */
  waiting: number;
  startedAt?: number;
}

function createRead(): Read {
  const { promise, resolve, reject } = withResolvers<HostSnapshot>();
  // Every caller has its own race; when all of them have gone, a failure must not end the process.
  promise.catch(() => undefined);
  return { tables: new Set(), result: promise, resolve, reject, waiting: 0 };
}

/** Promise.withResolvers, which Node has from 22 on. */
function withResolvers<Value>(): { promise: Promise<Value>; resolve: (value: Value) => void; reject: (reason: unknown) => void } {
  let resolve!: (value: Value) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<Value>((onValue, onReason) => {
    resolve = onValue;
    reject = onReason;
  });
  return { promise, resolve, reject };
}
