import { SOURCE_NAMES, type SourceName } from '../tables/index.js';
import type { Table } from '../model/types.js';

/** How long a table is kept true after the last request for it, in milliseconds. */
const REQUEST_LEASE_MS = 300_000;

/** Tables that are always kept true: what everything else refers to. */
const ALWAYS: readonly SourceName[] = ['LINKS', 'ADDRESSES'];

/** Which tables somebody wants to be kept true. Keeping costs dumps: of neighbours each walks all those of the machine. */
export class Leases {
  readonly #holders = new Map<SourceName, number>();
  readonly #until = new Map<SourceName, number>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Somebody asked. */
  request(tables: readonly Table[]): void {
    for (const table of tables) if (table !== 'NSIDS') this.#until.set(table, this.#now() + REQUEST_LEASE_MS);
  }

  /** Somebody wants them for as long as the function that is returned was not called. */
  hold(tables: readonly Table[]): () => void {
    const held = tables.filter((table) => table !== 'NSIDS');
    for (const table of held) this.#holders.set(table, (this.#holders.get(table) ?? 0) + 1);
    let over = false;
    return () => {
      if (over) return;
      over = true;
      for (const table of held) this.#holders.set(table, (this.#holders.get(table) ?? 1) - 1);
      this.request(held);
    };
  }

  /** Whether anybody wants anything. */
  get isWanted(): boolean {
    const now = this.#now();
    return [...this.#holders.values()].some((holders) => holders > 0) || [...this.#until.values()].some((until) => until > now);
  }

  /** What is to be kept true now. */
  wanted(): SourceName[] {
    const now = this.#now();
    return SOURCE_NAMES.filter(
      (table) => ALWAYS.includes(table) || (this.#holders.get(table) ?? 0) > 0 || (this.#until.get(table) ?? 0) > now,
    );
  }
}
