import type { Records } from './records.js';
import type { Cell } from './shapes.js';

/** More steps than this are not taken to find a row: rows that were made to collide cost no time, they are only not found. */
const MOST_STEPS = 64;
const EMPTY = 0;
const TAKEN = -1;

/** Different in each process, so that rows that collide cannot be prepared. */
const SEED = Math.floor(Math.random() * 0xffffffff);

/** The rows of a table that were not sent again yet, found by their content. */
export class StaleRows {
  readonly #records: Records;
  /** Slot + 1. */
  readonly #table: Int32Array;
  readonly #mask: number;
  readonly #unplaced: number[] = [];
  #left = 0;

  /** @param slots of the rows, whose records must not change as long as they are in here */
  constructor(records: Records, count: number, slots: Iterable<number>) {
    this.#records = records;
    const size = 2 ** Math.ceil(Math.log2(2 * count + 1));
    this.#table = new Int32Array(size);
    this.#mask = size - 1;
    const cell: Cell = { shape: 0, family: 6, macHigh: 0, macLow: 0, ip: [0, 0, 0, 0] };
    for (const slot of slots) {
      // As if all of them were IPv6: what is not there reads as zero.
      records.read(slot, cell, 6);
      this.#place(hashOf(cell), slot);
    }
  }

  /** Takes out a row that is the same, if there is one. @returns its slot */
  take(cell: Cell): number | undefined {
    let at = hashOf(cell) & this.#mask;
    for (let step = 0; step < MOST_STEPS; step++, at = (at + 1) & this.#mask) {
      const entry = this.#table[at] ?? EMPTY;
      if (entry === EMPTY) return undefined;
      if (entry === TAKEN || !this.#records.equals(entry - 1, cell)) continue;
      this.#table[at] = TAKEN;
      this.#left--;
      return entry - 1;
    }
    return undefined;
  }

  /** Slots of those that were not taken. */
  *left(): Generator<number> {
    yield* this.#unplaced;
    if (this.#left > 0) for (const entry of this.#table) if (entry > 0) yield entry - 1;
  }

  #place(hash: number, slot: number): void {
    let at = hash & this.#mask;
    for (let step = 0; step < MOST_STEPS; step++, at = (at + 1) & this.#mask) {
      if (this.#table[at] !== EMPTY) continue;
      this.#table[at] = slot + 1;
      this.#left++;
      return;
    }
    this.#unplaced.push(slot);
  }
}

function hashOf({ shape, macHigh, macLow, ip }: Cell): number {
  let hash = SEED;
  for (const word of [shape, macHigh, macLow, ip[0], ip[1], ip[2], ip[3]]) {
    hash = Math.imul(hash ^ word, 0x85ebca6b);
    hash ^= hash >>> 15;
  }
  return hash >>> 0;
}
