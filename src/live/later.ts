import type { SourceName } from '../tables/index.js';
import { type DirtyTables, union } from './dirty.js';
import type { LiveNetns } from './live-netns.js';
import type { Scope } from './tables.js';

interface Entry {
  readonly at: number;
  readonly tables: DirtyTables;
}

/** What is to be looked at once more after some time: one timer for all of it, which keeps no process alive. */
export class Later {
  readonly #entries = new Map<LiveNetns, Entry>();
  readonly #now: () => number;
  readonly #onDue: (due: readonly { readonly netns: LiveNetns; readonly tables: DirtyTables }[]) => void;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  /** @param onDue called with everything that is due */
  constructor(now: () => number, onDue: (due: readonly { readonly netns: LiveNetns; readonly tables: DirtyTables }[]) => void) {
    this.#now = now;
    this.#onDue = onDue;
  }

  /** These tables, and those that wait already, `delayMs` from now. */
  put(netns: LiveNetns, tables: DirtyTables, delayMs: number): void {
    const all = new Map<SourceName, Scope>(this.#entries.get(netns)?.tables);
    for (const [table, scope] of tables) all.set(table, union(all.get(table), scope));
    // No earlier than what waits already was to be.
    const at = Math.max(this.#now() + delayMs, this.#entries.get(netns)?.at ?? 0);
    this.#entries.set(netns, { at, tables: all });
    this.#arm(at);
  }

  /** Forgets a namespace. */
  drop(netns: LiveNetns): void {
    this.#entries.delete(netns);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#entries.clear();
  }

  #arm(at: number): void {
    if (at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(() => this.#ring(), Math.max(0, at - this.#now())).unref();
  }

  #ring(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = this.#now();
    const due: { netns: LiveNetns; tables: DirtyTables }[] = [];
    let next = Number.POSITIVE_INFINITY;
    for (const [netns, { at, tables }] of this.#entries) {
      if (at > now) next = Math.min(next, at);
      else {
        this.#entries.delete(netns);
        due.push({ netns, tables });
      }
    }
    if (next < Number.POSITIVE_INFINITY) this.#arm(next);
    if (due.length > 0) this.#onDue(due);
  }
}
