import type { SourceName } from '../tables/index.js';
import type { Scope } from './tables.js';

/** What has to be read of one namespace. */
export type DirtyTables = ReadonlyMap<SourceName, Scope>;

/** Interfaces of one table that are remembered one by one; when there are more, the whole table is read. */
const MAX_SCOPE = 64;

interface Entry {
  readonly tables: Map<SourceName, Scope>;
  /** When the first thing was marked. */
  since: number;
}

/**
 * What events have made dirty and is not read yet. The first change of a namespace is due at once; after a read the namespace rests for a
 * time that grows with what the read cost, and what comes meanwhile is read together.
 */
export class DirtyQueue {
  readonly #entries = new Map<number, Entry>();
  /** Before when a namespace is not to be read again. */
  readonly #paces = new Map<number, number>();

  /** Whether something of a namespace waits. */
  has(key: number): boolean {
    return this.#entries.has(key);
  }

  /** When the oldest thing that waits was marked. */
  get oldestAt(): number | undefined {
    let oldest: number | undefined;
    for (const { since } of this.#entries.values()) if (oldest === undefined || since < oldest) oldest = since;
    return oldest;
  }

  /** Marks rows of some interfaces, or a full table. @param since when that became known, in milliseconds */
  mark(key: number, table: SourceName, scope: Scope, since: number): void {
    const entry = this.#entries.get(key) ?? { tables: new Map<SourceName, Scope>(), since };
    this.#entries.set(key, entry);
    entry.since = Math.min(entry.since, since);
    entry.tables.set(table, union(entry.tables.get(table), scope));
  }

  /** Takes what is due, the longest waiting first. */
  take(now: number, most: number): { readonly key: number; readonly tables: DirtyTables; readonly since: number }[] {
    const due: { key: number; tables: DirtyTables; since: number }[] = [];
    for (const [key, { tables, since }] of this.#entries) {
      if ((this.#paces.get(key) ?? 0) > now) continue;
      due.push({ key, tables, since });
      if (due.length >= most) break;
    }
    for (const { key } of due) this.#entries.delete(key);
    return due;
  }

  /** When the next thing will be due; undefined when nothing waits. */
  nextDueAt(): number | undefined {
    let next: number | undefined;
    for (const key of this.#entries.keys()) {
      const at = this.#paces.get(key) ?? 0;
      if (next === undefined || at < next) next = at;
    }
    return next;
  }

  /** A namespace was read: it rests until `until`. */
  rest(key: number, until: number): void {
    this.#paces.set(key, until);
  }

  /** Forgets a namespace. */
  drop(key: number): void {
    this.#entries.delete(key);
    this.#paces.delete(key);
  }
}

/** Both of two scopes. */
export function union(a: Scope | undefined, b: Scope): Scope {
  if (a === undefined) return b;
  if (a === 'whole' || b === 'whole') return 'whole';
  const both = new Set([...a, ...b]);
  return both.size > MAX_SCOPE ? 'whole' : both;
}
