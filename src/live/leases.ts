import { SOURCE_NAMES, type SourceName } from '../tables/index.js';
import type { Table } from '../model/types.js';

/** How long a table is kept true after the last request for it, in milliseconds. */
const REQUEST_LEASE_MS = 300_000;

/** Tables that are always kept true: what everything else refers to. */
const ALWAYS: readonly Table[] = ['LINKS', 'ADDRESSES', 'NSIDS'];

/** Which tables somebody wants to be kept true. Keeping costs dumps: of neighbours each walks all those of the machine. */
export class Leases {
  readonly #holders = new Map<Table, number>();
  readonly #until = new Map<Table, number>();
  readonly #now: () => number;
  readonly #always: readonly Table[];
  readonly #leaseMs: number;

  /** @param always tables that are kept true whether somebody wants them or not @param leaseMs how long after the last request */
  constructor(now: () => number, always: readonly Table[] = ALWAYS, leaseMs = REQUEST_LEASE_MS) {
    this.#now = now;
    this.#always = always;
    this.#leaseMs = leaseMs;
  }

  /** Somebody asked. */
  request(tables: readonly Table[]): void {
    for (const table of tables) this.#until.set(table, this.#now() + this.#leaseMs);
  }

  /** Somebody wants them for as long as the function that is returned was not called. */
  hold(tables: readonly Table[]): () => void {
    for (const table of tables) this.#holders.set(table, (this.#holders.get(table) ?? 0) + 1);
    let over = false;
    return () => {
      if (over) return;
      over = true;
      for (const table of tables) this.#holders.set(table, (this.#holders.get(table) ?? 1) - 1);
      this.request(tables);
    };
  }

  /** Whether anybody wants anything. */
  get isWanted(): boolean {
    const now = this.#now();
    return [...this.#holders.values()].some((holders) => holders > 0) || [...this.#until.values()].some((until) => until > now);
  }

  /** What is to be kept true now. */
  wanted(): SourceName[] {
    return SOURCE_NAMES.filter((table) => this.wants(table));
  }

  /** Whether a table is to be kept true now. */
  wants(table: Table): boolean {
    return this.#always.includes(table) || (this.#holders.get(table) ?? 0) > 0 || (this.#until.get(table) ?? 0) > this.#now();
  }
}
