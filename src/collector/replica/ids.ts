import type { Budget } from './budget.js';

const CHUNK_BITS = 12;
const CHUNK_IDS = 1 << CHUNK_BITS;
const FIRST_IDS = 16;
/** Ids up to twice the number of rows, and these more, are found by position. */
const FEW_IDS = 64;
/** What an id takes that is found by search, in bytes. */
const SPARSE_BYTES = 64;

/**
 * Which of our rows an agent means by a row id. Agents number their rows densely, so an id is a position in an array; ids far beyond the
 * number of rows are allowed and cost more, in proportion to the rows.
 */
export class IdMap {
  readonly #budget: Budget;
  /** Slot + 1; 0: none. */
  readonly #chunks: (Int32Array | undefined)[] = [];
  #sparse: Map<number, number> | undefined;
  #taken = 0;
  #size = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  get(id: number): number | undefined {
    const dense = this.#chunks[id >>> CHUNK_BITS]?.[id & (CHUNK_IDS - 1)] ?? 0;
    return dense > 0 ? dense - 1 : this.#sparse?.get(id);
  }

  /** Ids with their slots. */
  *entries(): Generator<[id: number, slot: number]> {
    for (const [at, chunk] of this.#chunks.entries())
      for (const [within, slot] of chunk?.entries() ?? []) if (slot > 0) yield [at * CHUNK_IDS + within, slot - 1];
    yield* this.#sparse ?? [];
  }

  /** Of an id that is not known. False when there is no room. */
  add(id: number, slot: number): boolean {
    if (id >= 2 * this.#size + FEW_IDS) return this.#addSparse(id, slot);
    const chunk = this.#reserve(id);
    if (chunk === undefined) return false;
    chunk[id & (CHUNK_IDS - 1)] = slot + 1;
    this.#size++;
    return true;
  }

  delete(id: number): void {
    const chunk = this.#chunks[id >>> CHUNK_BITS];
    const within = id & (CHUNK_IDS - 1);
    if ((chunk?.[within] ?? 0) > 0) {
      (chunk as Int32Array)[within] = 0;
      this.#size--;
    } else if (this.#sparse?.delete(id) === true) {
      this.#give(SPARSE_BYTES);
      this.#size--;
    }
  }

  clear(): void {
    this.#chunks.length = 0;
    this.#sparse = undefined;
    this.#size = 0;
    this.#give(this.#taken);
  }

  #addSparse(id: number, slot: number): boolean {
    if (!this.#take(SPARSE_BYTES)) return false;
    this.#sparse ??= new Map();
    this.#sparse.set(id, slot);
    this.#size++;
    return true;
  }

  #reserve(id: number): Int32Array | undefined {
    const at = id >>> CHUNK_BITS;
    const known = this.#chunks[at];
    const within = id & (CHUNK_IDS - 1);
    if (known !== undefined && within < known.length) return known;
    let length = CHUNK_IDS;
    if (at === 0) for (length = known?.length ?? FIRST_IDS; length <= within; length *= 2);
    if (!this.#take(4 * (length - (known?.length ?? 0)))) return undefined;
    const chunk = new Int32Array(length);
    if (known !== undefined) chunk.set(known);
    while (this.#chunks.length < at) this.#chunks.push(undefined);
    this.#chunks[at] = chunk;
    return chunk;
  }

  #take(bytes: number): boolean {
    if (!this.#budget.take(bytes)) return false;
    this.#taken += bytes;
    return true;
  }

  #give(bytes: number): void {
    this.#budget.give(bytes);
    this.#taken -= bytes;
  }
}
