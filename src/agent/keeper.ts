import type { HostSnapshot, Table } from '../model/types.js';
import type { HostSource } from '../scan/types.js';

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
   * @throws what the read threw, or ReadTimeout; signal.reason when the caller no longer wants it
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

/** A read that did not end in time. It still runs: no other one is begun beside it. */
export class ReadTimeout extends Error {
  readonly code = 'ERR_NSATLAS_READ_TIMEOUT';

  constructor(limitMs: number) {
    super(`reading this host has not ended within ${limitMs / 1000} s`);
    this.name = 'ReadTimeout';
  }
}

/** One read: begun, or to be begun when the one before it has ended. */
interface Read {
  readonly tables: Set<Table>;
  readonly result: Promise<HostSnapshot>;
  /** Runs it; settles `result`. */
  begin(): Promise<void>;
  /** Callers that still want it. */
  waiting: number;
  startedAt?: number;
}

/**
 * Reads a host on demand, one read at a time, each for everybody who can use it: requests that come while a read is too old
 * for them or lacks their tables wait together for the next one.
 */
export function createKeeper({ source, maxAgeMs, readLimitMs, now, onOutcome }: KeeperOptions): Keeper {
  let running: Read | undefined;
  let next: Read | undefined;
  let kept: { snapshot: HostSnapshot; tables: ReadonlySet<Table>; startedAt: number } | undefined;
  let forget: NodeJS.Timeout | undefined;
  let last: (Omit<LastRead, 'ageMs'> & { startedAt: number }) | undefined;

  const isUsable = (read: { tables: ReadonlySet<Table>; startedAt?: number }, tables: readonly Table[], since: number): boolean =>
    read.startedAt !== undefined && read.startedAt >= since && tables.every((table) => read.tables.has(table));

  const keep = (read: Read, snapshot: HostSnapshot): void => {
    const startedAt = read.startedAt ?? now();
    kept = { snapshot, tables: read.tables, startedAt };
    const interfaces = snapshot.namespaces.reduce((sum, netns) => sum + netns.interfaces.length, 0);
    last = { snapshot: { host: snapshot.host, gaps: snapshot.gaps }, namespaces: snapshot.namespaces.length, interfaces, startedAt };
    // An idle agent holds no rows: they may be many, and nobody will be answered from them again.
    clearTimeout(forget);
    forget = setTimeout(() => {
      kept = undefined;
    }, maxAgeMs);
    forget.unref();
  };

  const advance = (): void => {
    const read = next;
    next = undefined;
    running = undefined;
    // Nobody may be left who wants it.
    if (read === undefined || read.waiting === 0) return;
    running = read;
    void read.begin().then(advance);
  };

  const createRead = (): Read => {
    const { promise, resolve, reject } = withResolvers<HostSnapshot>();
    // Every caller has its own race; without one of them a failure must not end the process.
    promise.catch(() => undefined);
    const read: Read = {
      tables: new Set(),
      result: promise,
      waiting: 0,
      begin: async () => {
        read.startedAt = now();
        try {
          const snapshot = await source.read([...read.tables]);
          keep(read, snapshot);
          onOutcome(undefined);
          resolve(snapshot);
        } catch (cause) {
          const problem = cause instanceof Error ? cause : new Error(String(cause));
          onOutcome(problem);
          reject(problem);
        }
      },
    };
    return read;
  };

  const join = async (read: Read, signal: AbortSignal): Promise<HostSnapshot> => {
    read.waiting += 1;
    const overdue = withResolvers<never>();
    const timer = setTimeout(() => {
      const problem = new ReadTimeout(readLimitMs);
      onOutcome(problem);
      overdue.reject(problem);
    }, readLimitMs);
    const cancel = (): void => overdue.reject(signal.reason);
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return await Promise.race([read.result, overdue.promise]);
    } finally {
      read.waiting -= 1;
      clearTimeout(timer);
      signal.removeEventListener('abort', cancel);
    }
  };

  return {
    get: async (tables, signal) => {
      signal.throwIfAborted();
      const since = now() - maxAgeMs;
      if (kept !== undefined && isUsable(kept, tables, since)) return kept.snapshot;
      if (running !== undefined && isUsable(running, tables, since)) return join(running, signal);
      next ??= createRead();
      for (const table of tables) next.tables.add(table);
      const answer = join(next, signal);
      if (running === undefined) advance();
      return answer;
    },
    last: () => (last === undefined ? undefined : { ...last, ageMs: now() - last.startedAt }),
    close: () => {
      clearTimeout(forget);
      kept = undefined;
    },
  };
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
