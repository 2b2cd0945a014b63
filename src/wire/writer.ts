// What the generated encoders (gen/encoders.ts) write bytes with.
import { under } from './error.js';
import { type Fields, withValidKeys } from './fields.js';
import { checkBigint, timestampParts, wellFormed, wrong, wrongInteger } from './scalars.js';

/** Writes the fields of one message, in the order of their numbers. @throws WireError with the path of the field that is not of its type */
export type Encoder = (writer: Writer, model: Fields) => void;

/** Writes one of several values. */
type WriteItem = (writer: Writer, value: unknown) => void;

/** What a writer begins with; most messages are smaller. */
const FIRST_BYTES = 64 * 1024;

/** A writer that grew further does not keep that memory. */
const MOST_KEPT_BYTES = 4 * 1024 * 1024;

/** Texts up to here are copied byte by byte: sooner done than a call of native code. */
const MOST_SHORT_LENGTH = 48;

const NOT_ASCII = 0x80;

/** Field 1 of a map's entry, length-delimited (protobuf.dev/programming-guides/encoding#maps). */
const TAG_OF_KEY = (1 << 3) | 2;

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** A message that grows. */
export class Writer {
  #pos = 0;
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #view: DataView | undefined;

  /** A copy of what was written. */
  finish(): Buffer {
    const copy = Buffer.allocUnsafe(this.#pos);
    this.#bytes.copy(copy, 0, 0, this.#pos);
    return copy;
  }

  /** Forgets what was written. */
  reset(): void {
    this.#pos = 0;
    if (this.#bytes.length > MOST_KEPT_BYTES) this.#use(Buffer.allocUnsafe(FIRST_BYTES));
  }

  /** A field's number and wire type. */
  tag(tag: number): void {
    this.#reserve(5);
    this.#varint(tag);
  }

  /** Begins a part that begins with its length: one byte is kept free for it. @returns where it begins, for close() */
  begin(): number {
    this.#reserve(1);
    return this.#pos++;
  }

  /** Ends a part. When its length needs more than the one byte, what was written is moved on. */
  close(start: number): void {
    const length = this.#pos - start - 1;
    if (length < 0x80) {
      this.#bytes[start] = length;
      return;
    }
    const size = length < 0x4000 ? 2 : length < 0x200000 ? 3 : length < 0x10000000 ? 4 : 5;
    this.#reserve(size);
    this.#bytes.copyWithin(start + size, start + 1, this.#pos);
    this.#pos = start;
    this.#varint(length);
    this.#pos += length;
  }

  /** A message that is part of another; its tag is written already. */
  message(encoder: Encoder, value: unknown): void {
    if (typeof value !== 'object' || value === null) wrong('an object', value);
    const start = this.begin();
    encoder(this, value as Fields);
    this.close(start);
  }

  /** A google.protobuf.Timestamp. @throws WireError unless it is an RFC 3339 time */
  timestamp(value: unknown): void {
    const { seconds, nanos } = timestampParts(value);
    const start = this.begin();
    if (seconds !== 0) {
      this.tag(8);
      this.int64(BigInt(seconds));
    }
    if (nanos !== 0) {
      this.tag(16);
      this.int32(nanos);
    }
    this.close(start);
  }

  /** Entries of a map, each with its tag and the tag of its value. */
  map(tag: number, valueTag: number, value: unknown, write: WriteItem): void {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) wrong('an object', value);
    const map = withValidKeys(value as Fields);
    for (const key of Object.keys(map)) {
      this.tag(tag);
      const start = this.begin();
      this.tag(TAG_OF_KEY);
      this.string(key);
      this.tag(valueTag);
      try {
        write(this, map[key]);
      } catch (cause) {
        throw under(key, cause);
      }
      this.close(start);
    }
  }

  uint32(value: unknown): void {
    if (typeof value !== 'number' || value >>> 0 !== value) wrongInteger('uint32', value);
    this.#reserve(5);
    this.#varint(value);
  }

  int32(value: unknown): void {
    if (typeof value !== 'number' || (value | 0) !== value) wrongInteger('int32', value);
    this.#reserve(10);
    if (value < 0) this.#varint64(value >>> 0, 0xffffffff);
    else this.#varint(value);
  }

  bool(value: unknown): void {
    if (typeof value !== 'boolean') wrong('a boolean', value);
    this.#reserve(1);
    this.#bytes[this.#pos++] = value ? 1 : 0;
  }

  uint64(value: unknown): void {
    this.#bits(checkBigint('uint64', value));
  }

  int64(value: unknown): void {
    this.#bits(BigInt.asUintN(64, checkBigint('int64', value)));
  }

  double(value: unknown): void {
    if (typeof value !== 'number') wrong('a number', value);
    this.#reserve(8);
    const bytes = this.#bytes;
    this.#view ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view.setFloat64(this.#pos, value, true);
    this.#pos += 8;
  }

  bytes(value: unknown): void {
    if (!(value instanceof Uint8Array)) wrong('bytes', value);
    this.#reserve(5 + value.length);
    this.#varint(value.length);
    this.#bytes.set(value, this.#pos);
    this.#pos += value.length;
  }

  string(value: unknown): void {
    if (typeof value !== 'string') wrong('a string', value);
    if (!this.#asciiText(value)) this.#anyText(value);
  }

  /** False, and nothing is written, when it is long or not ASCII. */
  #asciiText(value: string): boolean {
    const { length } = value;
    if (length > MOST_SHORT_LENGTH) return false;
    this.#reserve(1 + length);
    const bytes = this.#bytes;
    const start = this.#pos + 1;
    for (let at = 0; at < length; at++) {
      const code = value.charCodeAt(at);
      if (code >= NOT_ASCII) return false;
      bytes[start + at] = code;
    }
    bytes[this.#pos] = length;
    this.#pos = start + length;
    return true;
  }

  #anyText(value: string): void {
    const text = wellFormed(value);
    const length = Buffer.byteLength(text);
    this.#reserve(5 + length);
    this.#varint(length);
    this.#bytes.write(text, this.#pos);
    this.#pos += length;
  }

  /** An unsigned number of 64 bits. */
  #bits(value: bigint): void {
    this.#reserve(10);
    if (value > MAX_SAFE) {
      this.#varint64(Number(BigInt.asUintN(32, value)), Number(value >> 32n));
      return;
    }
    const number = Number(value);
    const low = number >>> 0;
    this.#varint64(low, (number - low) / 0x100000000);
  }

  #varint64(low: number, high: number): void {
    const bytes = this.#bytes;
    let [rest, above] = [low, high];
    for (; above !== 0; above >>>= 7) {
      bytes[this.#pos++] = (rest & 0x7f) | 0x80;
      rest = ((rest >>> 7) | (above << 25)) >>> 0;
    }
    this.#varint(rest);
  }

  /** Of up to 32 bits; the room for it is reserved already. */
  #varint(value: number): void {
    const bytes = this.#bytes;
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) bytes[this.#pos++] = (rest & 0x7f) | 0x80;
    bytes[this.#pos++] = rest;
  }

  #reserve(more: number): void {
    if (this.#pos + more > this.#bytes.length) this.#grow(this.#pos + more);
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#pos);
    this.#use(larger);
  }

  #use(bytes: Buffer<ArrayBuffer>): void {
    this.#bytes = bytes;
    this.#view = undefined;
  }
}

/** A list, to go through. @throws WireError when it is none */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : wrong('a list', value);
}
