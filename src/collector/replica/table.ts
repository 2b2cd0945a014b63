import { type Row, type Section, tableOf } from '../../tables/index.js';
import type { Budget } from './budget.js';
import { IdMap } from './ids.js';
import { Records } from './records.js';
import { RowRemovals } from './removals.js';
import type { Cell, ShapePool } from './shapes.js';
import { StaleRows } from './stale.js';

/** What the tables of one host share. */
export interface RowMemory {
  readonly budget: Budget;
  readonly shapes: ShapePool;
}

/** Where order matters: slots that may be free besides four for each row, before slots are numbered again. */
const MOST_FREE = 64;

/** The result of adding a row: it was known, it was added or changed, or there is no room for it. */
export type Outcome = 'known' | 'changed' | 'refused';

/**
 * The rows of one table of one namespace: some 27 bytes each instead of an object of 300. A row is identified by its slot, which is ours:
 * the agent's row ids change when it restarts, and are kept only to map its events. Where the order of rows matters, slots are in that order.
 */
export class RowTable {
  readonly #section: Section;
  /** Of a table whose order matters: such rows are in the order in which they were added, and none takes the slot of another. */
  readonly #orderedWithin: ((row: Row) => string) | undefined;
  /** During a resync: of those, the slot of the last one that was sent. */
  #sent: Map<string, number> | undefined;
  readonly #memory: RowMemory;
  /** A free slot has a shape of 0 or less: minus the next free slot, less one, and 0 at the end. */
  readonly #records: Records;
  #free = 0;
  readonly #ids: IdMap;
  #stale: StaleRows | undefined;
  /** Whether all rows are stale: the index of them is made when it is wanted, that of each table in its own time. */
  #allStale = false;
  readonly #removals: RowRemovals;
  readonly #cell: Cell = { shape: 0, family: 0, macHigh: 0, macLow: 0, ip: [0, 0, 0, 0] };
  count = 0;
  /** Revision of the last change. */
  changedAt = 0;

  constructor(section: Section, memory: RowMemory) {
    this.#section = section;
    this.#orderedWithin = tableOf(section).orderedWithin;
    this.#memory = memory;
    this.#records = new Records(memory.budget);
    this.#ids = new IdMap(memory.budget);
    this.#removals = new RowRemovals(section, memory);
  }

  /** Removals up to this revision are forgotten. */
  get forgottenAt(): number {
    return this.#removals.forgottenAt;
  }

  /** One more than the highest slot in use. */
  get length(): number {
    return this.#records.length;
  }

  /** Adds or changes a row, by the id in it. */
  put(row: Row, revision: number): Outcome {
    const { rowId } = row;
    // It could never be removed. Agents send the id of every row.
    if (rowId === undefined) return 'refused';
    if (this.#isSparse && !this.#renumber(revision)) return 'refused';
    const cell = this.#memory.shapes.encode(this.#section, row);
    const known = this.#ids.get(rowId);
    if (known !== undefined) {
      const outcome = cell === undefined ? 'refused' : this.#replace(known, cell, revision);
      // Its previous state would be wrong.
      if (outcome === 'refused') this.remove(rowId, revision);
      return outcome;
    }
    if (cell === undefined) return 'refused';
    const stale = this.#staleRows()?.take(cell);
    const isInOrder = this.#isInOrder(row, stale);
    if (stale === undefined || !isInOrder) {
      if (stale !== undefined) this.#drop(stale, revision);
      return this.#insert(rowId, cell, revision);
    }
    this.#memory.shapes.release(cell.shape);
    if (this.#ids.add(rowId, stale)) return 'known';
    this.#drop(stale, revision);
    return 'refused';
  }

  /** Removes the row with an id. @returns whether there was one */
  remove(rowId: number, revision: number): boolean {
    const slot = this.#ids.get(rowId);
    if (slot === undefined) return false;
    this.#ids.delete(rowId);
    this.#drop(slot, revision);
    return true;
  }

  /** The agent sends the full table again, with other ids. settle() removes the rows that it did not send again. */
  resync(): void {
    this.#ids.clear();
    this.#stale = undefined;
    this.#sent = undefined;
    this.#allStale = true;
  }

  /** The full table was sent again. */
  settle(revision: number): void {
    const stale = this.#staleRows();
    this.#stale = undefined;
    for (const slot of stale?.left() ?? []) this.#drop(slot, revision);
  }

  /**
   * Rows that changed after revision `since`, from a slot on and below `end`: up to `most` are put into `rows`.
   * @returns the slot to go on from; undefined when that was all
   */
  read(
    at: number,
    { since, end, most }: { readonly since: number; readonly end: number; readonly most: number },
    netnsId: string,
    rows: Row[],
  ): number | undefined {
    const last = Math.min(end, this.#records.length);
    let left = most;
    for (let slot = this.#records.skip(at, since); slot < last; slot = this.#records.skip(slot + 1, since)) {
      const shape = this.#records.shape(slot);
      if (shape <= 0 || this.#records.revision(slot) <= since) continue;
      if (left-- <= 0) return slot;
      rows.push(this.#rowAt(slot, shape, netnsId));
    }
    return undefined;
  }

  /** Rows that were removed after a revision, as they were. */
  removedAfter(since: number, netnsId: string): Row[] {
    return this.#removals.after(since, netnsId);
  }

  /** Forgets everything, also that it was there. */
  clear(): void {
    for (const slot of this.#slots()) this.#memory.shapes.release(this.#records.shape(slot));
    this.#stale = undefined;
    this.#empty();
    this.#removals.clear();
  }

  /** Whether the slot of a row that is sent again is behind those of the rows that were sent before it. Behind a new row there is none. */
  #isInOrder(row: Row, slot: number | undefined): boolean {
    if (this.#stale === undefined || this.#orderedWithin === undefined) return true;
    const group = this.#orderedWithin(row);
    this.#sent ??= new Map();
    const isBehind = slot !== undefined && slot > (this.#sent.get(group) ?? -1);
    this.#sent.set(group, isBehind ? slot : Infinity);
    return isBehind;
  }

  get #isSparse(): boolean {
    if (this.#orderedWithin === undefined || this.#records.length <= 4 * this.count + MOST_FREE) return false;
    return this.#stale === undefined && !this.#allStale;
  }

  /** All rows are removed and added, in their order and with their ids. @returns whether there was room for all */
  #renumber(revision: number): boolean {
    const inOrder = [...this.#ids.entries()].sort(([, a], [, b]) => a - b);
    const rows = inOrder.map(([rowId, slot]): Row => ({ ...this.#rowAt(slot, this.#records.shape(slot), ''), rowId }));
    for (const [rowId] of inOrder) this.remove(rowId, revision);
    return rows.filter((row) => this.put(row, revision) === 'refused').length === 0;
  }

  #staleRows(): StaleRows | undefined {
    if (this.#allStale && this.count > 0) this.#stale = new StaleRows(this.#records, this.count, this.#slots());
    this.#allStale = false;
    return this.#stale;
  }

  *#slots(): Generator<number> {
    for (let slot = 0; slot < this.#records.length; slot++) if (this.#records.shape(slot) > 0) yield slot;
  }

  #rowAt(slot: number, shape: number, netnsId: string): Row {
    const { shapes } = this.#memory;
    this.#records.read(slot, this.#cell, shapes.familyOf(shape));
    return shapes.decode(this.#section, this.#cell, netnsId, slot);
  }

  #replace(slot: number, cell: Cell, revision: number): Outcome {
    const { shapes } = this.#memory;
    const before = this.#records.shape(slot);
    const same = this.#records.equals(slot, cell);
    if (!same && this.#records.write(slot, cell, revision)) {
      shapes.release(before);
      this.changedAt = revision;
      return 'changed';
    }
    shapes.release(cell.shape);
    return same ? 'known' : 'refused';
  }

  #insert(rowId: number, cell: Cell, revision: number): Outcome {
    const free = this.#orderedWithin === undefined ? this.#free : 0;
    const slot = free < 0 ? -free - 1 : this.#records.length;
    const next = free < 0 ? this.#records.shape(slot) : 0;
    if (!this.#ids.add(rowId, slot)) {
      this.#memory.shapes.release(cell.shape);
      return 'refused';
    }
    if (!this.#records.write(slot, cell, revision)) {
      this.#ids.delete(rowId);
      this.#memory.shapes.release(cell.shape);
      return 'refused';
    }
    if (this.#orderedWithin === undefined) this.#free = next;
    this.count++;
    this.changedAt = revision;
    return 'changed';
  }

  /** A row is gone; its id must be, too. */
  #drop(slot: number, revision: number): void {
    const { shapes } = this.#memory;
    const shape = this.#records.shape(slot);
    this.#records.read(slot, this.#cell, shapes.familyOf(shape));
    this.#removals.add(slot, this.#cell, { revision, rows: this.count });
    this.#records.setShape(slot, this.#free);
    this.#free = -slot - 1;
    this.count--;
    this.changedAt = revision;
    if (this.count === 0) this.#empty();
  }

  #empty(): void {
    this.#records.clear();
    this.#ids.clear();
    this.#free = 0;
    this.count = 0;
  }
}
