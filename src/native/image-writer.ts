// Writes the images that native/bytes/image.h reads: numbers in host order, blocks padded to 8 bytes.
import { endianness } from 'node:os';
import { ArgumentError } from './errors.js';

const LITTLE_ENDIAN = endianness() === 'LE';

/** Grows as it is written. */
export class ImageWriter {
  #bytes = Buffer.alloc(4096);
  #view = viewOf(this.#bytes);
  #length = 0;

  /** Also takes a negative number, as its 32 bits. */
  u32(value: number): void {
    const at = this.#advance(4);
    this.#view.setUint32(at, value, LITTLE_ENDIAN);
  }

  f64(value: number): void {
    const at = this.#advance(8);
    this.#view.setFloat64(at, value, LITTLE_ENDIAN);
  }

  /** Bytes and their padding. */
  block(bytes: Uint8Array): void {
    const at = this.#advance(padded(bytes.length));
    this.#bytes.set(bytes, at);
  }

  /** Text that is `bytes` long in UTF-8, and its padding. */
  text(bytes: number, text: string): void {
    const at = this.#advance(padded(bytes));
    this.#bytes.write(text, at, bytes, 'utf8');
  }

  /** What was written. The writer is not used any more. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #advance(length: number): number {
    const at = this.#length;
    this.#length += length;
    if (this.#length > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(this.#length, 2 * this.#bytes.length));
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = viewOf(larger);
    }
    return at;
  }
}

/** `value`, when it is a whole number from `least` to `most`. @throws ArgumentError */
export function checked(what: string, value: number, most = 0xfffffffe, least = 0): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new ArgumentError(`${what} must be a whole number from ${least} to ${most}, not ${String(value)}`);
}

function viewOf({ buffer, byteOffset, byteLength }: Buffer): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function padded(length: number): number {
  return (length + 7) & ~7;
}
