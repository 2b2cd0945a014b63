// The rows of one table of one namespace, as the bytes that were read: decoded only when somebody asks. A row costs its filtered bytes
// and three numbers instead of an object with dozens of properties.

import { ifindexAt, type RowTest } from '../tables/contract.js';

const FREE = -1;
/** Shared by all stores without rows: most tables of most namespaces are empty. */
const NO_BYTES = new Uint8Array(0);
const FIRST_BYTES = 1024;

/** Rows by slot: the small number by which the reader calls a row until it is removed (native/types.ts, rowAdded). */
export class RowStore {
  #bytes = NO_BYTES;
  #used = 0;
  #live = 0;
  #count = 0;
  readonly #offsets: number[] = [];
  readonly #lengths: number[] = [];
  readonly #revisions: number[] = [];
  /** Answers of some() as long as no row comes or goes. */
  #answers: Map<RowTest, boolean> | undefined;
  /** Slots in their order; absent when order does not matter. */
  #order: Set<number> | undefined;

  /** @param ordered whether the order of rows matters */
  constructor(ordered: boolean) {
    if (ordered) this.#order = new Set();
  }

  /** How many rows there are. */
  get count(): number {
    return this.#count;
  }

  /** The bytes that offsets refer to; valid until the next add(). */
  get view(): DataView {
    return new DataView(this.#bytes.buffer);
  }

  /** Keeps a copy of bytes [start, end) of the view. */
  add(slot: number, view: DataView, start: number, end: number, revision: number): void {
    if (this.has(slot)) this.remove(slot);
    const length = end - start;
    this.#makeRoom(length);
    bytesOf(view).copy(this.#bytes, this.#used, start, end);
    while (this.#offsets.length < slot) this.#clear(this.#offsets.length);
    this.#offsets[slot] = this.#used;
    this.#lengths[slot] = length;
    this.#revisions[slot] = revision;
    this.#used += length;
    this.#live += length;
    this.#count++;
    this.#answers = undefined;
    this.#order?.add(slot);
  }

  /** A copy of the row's bytes; undefined when there is no such row. */
  remove(slot: number): Uint8Array | undefined {
    if (!this.has(slot)) return undefined;
    const removed = this.bytes(slot);
    this.#live -= removed.length;
    this.#count--;
    this.#answers = undefined;
    this.#clear(slot);
    this.#order?.delete(slot);
    return removed;
  }

  /** Sets the order of all rows. */
  reorder(slots: readonly number[]): void {
    if (this.#order !== undefined) this.#order = new Set(slots.filter((slot) => this.has(slot)));
  }

  has(slot: number): boolean {
    return (this.#offsets[slot] ?? FREE) !== FREE;
  }

  /** Where a row begins in the view. */
  start(slot: number): number {
    return this.#offsets[slot] ?? 0;
  }

  /** Where it ends. */
  end(slot: number): number {
    return this.start(slot) + (this.#lengths[slot] ?? 0);
  }

  /** Revision at which a row came. */
  revisionOf(slot: number): number {
    return this.#revisions[slot] ?? 0;
  }

  /** Marks a row as changed: it is sent again, although its bytes are the same. */
  touch(slot: number, revision: number): void {
    if (this.has(slot)) this.#revisions[slot] = revision;
  }

  /** A copy of the bytes of a row. */
  bytes(slot: number): Uint8Array {
    return this.#bytes.slice(this.start(slot), this.end(slot));
  }

  /** Slots of the rows that came after revision `since` and no later than `until`; in their order where that matters, else ascending. */
  changed(since: number, until: number): number[] {
    const isWanted = (slot: number): boolean => this.revisionOf(slot) > since && this.revisionOf(slot) <= until;
    if (this.#order !== undefined) return [...this.#order].filter(isWanted);
    const slots: number[] = [];
    for (let slot = 0; slot < this.#revisions.length; slot++) {
      const revision = this.#revisions[slot] ?? 0;
      if (revision > since && revision <= until && this.has(slot)) slots.push(slot);
    }
    return slots;
  }

  /** Slots of the rows whose header (bytes 4 to 7) names one of these interfaces. */
  ofIfindexes(ifindexes: ReadonlySet<number>): number[] {
    const { view } = this;
    const slots: number[] = [];
    for (let slot = 0; slot < this.#offsets.length; slot++) {
      if (this.has(slot) && ifindexes.has(ifindexAt(view, this.start(slot)))) slots.push(slot);
    }
    return slots;
  }

  /** Whether there is such a row. Cheap when it is asked again and nothing has changed. */
  some(test: RowTest): boolean {
    let answer = this.#answers?.get(test);
    if (answer !== undefined) return answer;
    const { view } = this;
    answer = false;
    for (let slot = 0; slot < this.#offsets.length && !answer; slot++)
      answer = this.has(slot) && test(view, this.start(slot), this.end(slot));
    (this.#answers ??= new Map()).set(test, answer);
    return answer;
  }

  /** Slots of the rows there are: in their order where that matters, else ascending. Rows may come and go while it is walked. */
  *slots(): Generator<number> {
    if (this.#order !== undefined) {
      yield* this.#order;
      return;
    }
    for (let slot = 0; slot < this.#offsets.length; slot++) if (this.has(slot)) yield slot;
  }

  #clear(slot: number): void {
    this.#offsets[slot] = FREE;
    this.#lengths[slot] = 0;
    this.#revisions[slot] = 0;
  }

  #makeRoom(length: number): void {
    if (this.#used + length <= this.#bytes.length) return;
    // What was removed leaves holes: they are squeezed out when that gains half of the room, so each byte is moved a few times at most.
    const wanted = this.#live + length;
    const capacity = wanted <= this.#bytes.length / 2 ? this.#bytes.length : Math.max(FIRST_BYTES, 2 * wanted);
    const bytes = new Uint8Array(capacity);
    let used = 0;
    for (let slot = 0; slot < this.#offsets.length; slot++) {
      if (!this.has(slot)) continue;
      bytes.set(this.#bytes.subarray(this.start(slot), this.end(slot)), used);
      this.#offsets[slot] = used;
      used += this.#lengths[slot] ?? 0;
    }
    this.#bytes = bytes;
    this.#used = used;
  }
}

let lastView: DataView | undefined;
let lastBytes: Buffer = Buffer.alloc(0);

/** The bytes of a view. Thousands of rows come out of the same one: an object for each of them would be most of the work. */
function bytesOf(view: DataView): Buffer {
  if (view !== lastView) {
    lastView = view;
    lastBytes = Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  }
  return lastBytes;
}
