/** What one host may cost in memory: a peer must not be able to fill the collector. Sizes are estimates, on the high side. */
export class Budget {
  #left: number;

  /** @param bytes all there is */
  constructor(bytes: number) {
    this.#left = bytes;
  }

  /** Bytes that can still be taken. */
  get left(): number {
    return this.#left;
  }

  /** Whether there was room; if so it is taken. */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  /** Gives back what was taken. */
  give(bytes: number): void {
    this.#left += bytes;
  }
}

const OBJECT_BYTES = 32;
const FIELD_BYTES = 24;
const BYTES_BYTES = 200;

/** About what a part of the model takes in memory, in bytes. */
export function weigh(value: unknown): number {
  if (typeof value === 'string') return OBJECT_BYTES + value.length;
  if (typeof value !== 'object' || value === null) return 0;
  if (value instanceof Uint8Array) return BYTES_BYTES + value.length;
  let bytes = OBJECT_BYTES;
  if (Array.isArray(value)) {
    for (const item of value as unknown[]) bytes += FIELD_BYTES + weigh(item);
    return bytes;
  }
  for (const [name, field] of Object.entries(value)) bytes += FIELD_BYTES + name.length + weigh(field);
  return bytes;
}
