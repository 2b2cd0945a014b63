import type { Budget } from './budget.js';
import type { Cell } from './shapes.js';

// A row is 22 bytes: the revision of its last change, its shape, its MAC address and the first word of its IP address. What is left of IPv6
// addresses is beside it, only where there are any.
const REVISION = 0;
const SHAPE = 8;
const IP = 12;
const MAC_LOW = 16;
const MAC_HIGH = 20;
const RECORD_BYTES = 22;
const WIDE_BYTES = 12;

const CHUNK_BITS = 12;
/** Records of one chunk: small enough that making one is no pause. */
const CHUNK_RECORDS = 1 << CHUNK_BITS;
const FIRST_RECORDS = 4;
/** Besides the bytes of the records themselves. */
const CHUNK_OVERHEAD = 400;

interface Chunk {
  view: DataView;
  wide: DataView | undefined;
  /** Highest revision in it. */
  newest: number;
}

/** Records by number, in chunks that grow and are never moved once they are full. The owner releases their shapes. */
export class Records {
  readonly #budget: Budget;
  readonly #chunks: Chunk[] = [];
  #taken = 0;
  /** One more than the highest number in use. */
  length = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** Writes a record that is there, or the one after the last. False when there is no room. */
  write(at: number, cell: Cell, revision: number): boolean {
    const wide = cell.family === 6;
    if (!this.#reserve(at, wide)) return false;
    this.length = Math.max(this.length, at + 1);
    const chunk = this.#chunkOf(at);
    const { view } = chunk;
    const start = (at & (CHUNK_RECORDS - 1)) * RECORD_BYTES;
    view.setFloat64(start + REVISION, revision);
    view.setInt32(start + SHAPE, cell.shape);
    view.setUint32(start + IP, cell.ip[0]);
    view.setUint32(start + MAC_LOW, cell.macLow);
    view.setUint16(start + MAC_HIGH, cell.macHigh);
    if (revision > chunk.newest) chunk.newest = revision;
    if (chunk.wide === undefined) return true;
    const beside = (at & (CHUNK_RECORDS - 1)) * WIDE_BYTES;
    // Also the zeros of an IPv4 address: the record may have had another one.
    for (const word of [1, 2, 3] as const) chunk.wide.setUint32(beside + 4 * (word - 1), cell.ip[word]);
    return true;
  }

  /** Reads a record. @param family that of its shape */
  read(at: number, cell: Cell, family: Cell['family']): void {
    const { view, wide } = this.#chunkOf(at);
    const start = (at & (CHUNK_RECORDS - 1)) * RECORD_BYTES;
    cell.shape = view.getInt32(start + SHAPE);
    cell.family = family;
    cell.ip[0] = view.getUint32(start + IP);
    cell.macLow = view.getUint32(start + MAC_LOW);
    cell.macHigh = view.getUint16(start + MAC_HIGH);
    const beside = (at & (CHUNK_RECORDS - 1)) * WIDE_BYTES;
    for (const word of [1, 2, 3] as const)
      cell.ip[word] = family === 6 && wide !== undefined ? wide.getUint32(beside + 4 * (word - 1)) : 0;
  }

  /** Whether a record is of the same row. */
  equals(at: number, cell: Cell): boolean {
    const { view, wide } = this.#chunkOf(at);
    const start = (at & (CHUNK_RECORDS - 1)) * RECORD_BYTES;
    if (view.getInt32(start + SHAPE) !== cell.shape || view.getUint32(start + IP) !== cell.ip[0]) return false;
    if (view.getUint32(start + MAC_LOW) !== cell.macLow || view.getUint16(start + MAC_HIGH) !== cell.macHigh) return false;
    if (cell.family !== 6 || wide === undefined) return true;
    const beside = (at & (CHUNK_RECORDS - 1)) * WIDE_BYTES;
    for (const word of [1, 2, 3] as const) if (wide.getUint32(beside + 4 * (word - 1)) !== cell.ip[word]) return false;
    return true;
  }

  /** The shape; what setShape() was given where that is not one. */
  shape(at: number): number {
    return this.#chunkOf(at).view.getInt32((at & (CHUNK_RECORDS - 1)) * RECORD_BYTES + SHAPE);
  }

  /** Marks a record: numbers that are no shapes are the owner's to give a meaning. */
  setShape(at: number, shape: number): void {
    this.#chunkOf(at).view.setInt32((at & (CHUNK_RECORDS - 1)) * RECORD_BYTES + SHAPE, shape);
  }

  revision(at: number): number {
    return this.#chunkOf(at).view.getFloat64((at & (CHUNK_RECORDS - 1)) * RECORD_BYTES + REVISION);
  }

  /** The first number from `at` on whose chunk has something newer than `since`; `length` when there is none. */
  skip(at: number, since: number): number {
    let chunk = at >>> CHUNK_BITS;
    while (chunk < this.#chunks.length && (this.#chunks[chunk]?.newest ?? 0) <= since) chunk++;
    return Math.min(this.length, Math.max(at, chunk * CHUNK_RECORDS));
  }

  /** Forgets everything. */
  clear(): void {
    this.#chunks.length = 0;
    this.length = 0;
    this.#budget.give(this.#taken);
    this.#taken = 0;
  }

  #chunkOf(at: number): Chunk {
    const chunk = this.#chunks[at >>> CHUNK_BITS];
    if (chunk === undefined) throw new RangeError(`there is no record ${at}`);
    return chunk;
  }

  #reserve(at: number, wide: boolean): boolean {
    const chunk = this.#chunks[at >>> CHUNK_BITS];
    const within = at & (CHUNK_RECORDS - 1);
    if (chunk === undefined) return this.#add(wide);
    const records = chunk.view.byteLength / RECORD_BYTES;
    if (within >= records && !this.#grow(chunk, 2 * records)) return false;
    return !wide || chunk.wide !== undefined || this.#widen(chunk);
  }

  #add(wide: boolean): boolean {
    const records = this.#chunks.length === 0 ? FIRST_RECORDS : CHUNK_RECORDS;
    if (!this.#take(CHUNK_OVERHEAD + records * RECORD_BYTES)) return false;
    const chunk: Chunk = { view: newView(records * RECORD_BYTES), wide: undefined, newest: 0 };
    this.#chunks.push(chunk);
    return !wide || this.#widen(chunk);
  }

  /** The first chunk is small as long as there are few: most tables have a handful of rows. */
  #grow(chunk: Chunk, records: number): boolean {
    const more = records / 2;
    if (!this.#take(more * (RECORD_BYTES + (chunk.wide === undefined ? 0 : WIDE_BYTES)))) return false;
    chunk.view = copyOf(chunk.view, records * RECORD_BYTES);
    if (chunk.wide !== undefined) chunk.wide = copyOf(chunk.wide, records * WIDE_BYTES);
    return true;
  }

  #widen(chunk: Chunk): boolean {
    const bytes = (chunk.view.byteLength / RECORD_BYTES) * WIDE_BYTES;
    if (!this.#take(bytes)) return false;
    chunk.wide = newView(bytes);
    return true;
  }

  #take(bytes: number): boolean {
    if (!this.#budget.take(bytes)) return false;
    this.#taken += bytes;
    return true;
  }
}

function newView(bytes: number): DataView {
  return new DataView(new ArrayBuffer(bytes));
}

function copyOf(view: DataView, bytes: number): DataView {
  const copy = new Uint8Array(bytes);
  copy.set(new Uint8Array(view.buffer));
  return new DataView(copy.buffer);
}
