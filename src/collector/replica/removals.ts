import type { Row, Section } from '../../tables/index.js';
import type { Budget } from './budget.js';
import { Records } from './records.js';
import type { Cell, ShapePool } from './shapes.js';

/** Removals that are remembered at least, and at most; between these a quarter of the rows. */
const FEW = 256;
const MANY = 8192;

/** Removals by age: their records, and the slot of each. */
interface Generation {
  readonly records: Records;
  readonly slots: number[];
}

/** Removed rows, for readers that still have them. Takes over the hold of a removed row on its shape. */
export class RowRemovals {
  readonly #section: Section;
  readonly #budget: Budget;
  readonly #shapes: ShapePool;
  /** The older half is forgotten at once when the newer one is full. */
  #older: Generation | undefined;
  #newer: Generation | undefined;
  /** Removals up to this revision are forgotten: readers behind it need the full state. */
  forgottenAt = 0;

  constructor(section: Section, { budget, shapes }: { readonly budget: Budget; readonly shapes: ShapePool }) {
    this.#section = section;
    this.#budget = budget;
    this.#shapes = shapes;
  }

  /** @param rows how many rows the table has */
  add(slot: number, cell: Cell, { revision, rows }: { readonly revision: number; readonly rows: number }): void {
    if ((this.#newer?.slots.length ?? 0) >= Math.min(MANY, Math.max(FEW, rows >>> 2))) {
      this.#forget(this.#older);
      [this.#older, this.#newer] = [this.#newer, undefined];
    }
    this.#newer ??= { records: new Records(this.#budget), slots: [] };
    const { records, slots } = this.#newer;
    if (records.write(slots.length, cell, revision)) {
      slots.push(slot);
      return;
    }
    this.clear();
    this.#shapes.release(cell.shape);
    this.forgottenAt = revision;
  }

  /** Those after revision `since`, the oldest first. */
  after(since: number, netnsId: string): Row[] {
    return [...this.#rowsAfter(this.#older, since, netnsId), ...this.#rowsAfter(this.#newer, since, netnsId)];
  }

  /** Forgets all of them. */
  clear(): void {
    this.#forget(this.#older);
    this.#forget(this.#newer);
    this.#older = this.#newer = undefined;
  }

  *#rowsAfter(generation: Generation | undefined, since: number, netnsId: string): Generator<Row> {
    if (generation === undefined) return;
    const { records, slots } = generation;
    // The newest are at the end, and nearly always they are the ones that are asked for.
    let first = slots.length;
    while (first > 0 && records.revision(first - 1) > since) first--;
    const cell: Cell = { shape: 0, family: 0, macHigh: 0, macLow: 0, ip: [0, 0, 0, 0] };
    for (const [at, slot] of slots.slice(first).entries()) {
      records.read(first + at, cell, this.#shapes.familyOf(records.shape(first + at)));
      yield this.#shapes.decode(this.#section, cell, netnsId, slot);
    }
  }

  #forget(generation: Generation | undefined): void {
    if (generation === undefined) return;
    const { records, slots } = generation;
    for (let at = 0; at < slots.length; at++) this.#shapes.release(records.shape(at));
    if (slots.length > 0) this.forgottenAt = Math.max(this.forgottenAt, records.revision(slots.length - 1));
    records.clear();
  }
}
