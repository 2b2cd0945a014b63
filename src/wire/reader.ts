// What the generated decoders (gen/decoders.ts) read bytes with.
import { under, WireError } from './error.js';
import type { Fields } from './fields.js';
import { timestampText, toBuffer } from './scalars.js';
import { fieldsOf } from './schema.js';

/** Reads one message, whose bytes end at `stop`. @throws WireError with the path of the field that is no such field */
export type Decoder<Part = Fields> = (reader: Reader, stop: number) => Part;

/** The same few names and words make up most of what is read: one copy of each is kept here, where its bytes are found again by their hash. */
const KEPT = 8192;
const MOST_KEPT_LENGTH = 48;
const TEXTS: (string | undefined)[] = Array.from({ length: KEPT });
const KEYS: (string | undefined)[] = Array.from({ length: KEPT });

const NOT_ASCII = 0x80;

/** Most groups within each other, in a field that this release does not know; as many as protobufjs goes through. */
const MOST_GROUPS = 100;

const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const CUT = 'ends in the middle of a value';

/** A place in a message. What is read beyond the end of a part is noticed at its end. */
export class Reader {
  pos = 0;
  readonly #bytes: Buffer;
  #view: DataView | undefined;
  /** Places of messages that come several times, by the first. */
  #repeated: Map<number, number[]> | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = toBuffer(bytes);
  }

  /** A field's number and wire type. */
  tag(): number {
    const tag = this.#small();
    if (tag < 8) throw new WireError('has a field of number 0');
    return tag;
  }

  /** The end of a part that begins with its length. */
  enter(stop: number): number {
    const length = this.#small();
    const end = this.pos + length;
    if (end > stop) throw new WireError('is longer than what it is a part of');
    return end;
  }

  /** False. @throws WireError when something was read beyond the end of a part */
  mustBeAt(end: number): false {
    if (this.pos !== end) throw new WireError(CUT);
    return false;
  }

  /** Goes past a message, which is read later: one that comes several times is one message. @returns where it is; 0 is no such place */
  part(before: number, stop: number): number {
    const at = this.pos;
    this.pos = this.enter(stop);
    if (before === 0) return at;
    const places = (this.#repeated ??= new Map<number, number[]>()).get(before);
    if (places === undefined) this.#repeated.set(before, [before, at]);
    else places.push(at);
    return before;
  }

  /** Reads the message that part() went past; of place 0, one without anything. */
  message<Part>(field: string, place: number, decoder: Decoder<Part>): Part {
    const after = this.pos;
    try {
      const places = this.#repeated?.get(place);
      if (places !== undefined) return this.#joined(places, decoder);
      if (place === 0) return decoder(this, after);
      this.pos = place;
      const part = this.#inner(decoder, this.#bytes.length);
      this.pos = after;
      return part;
    } catch (cause) {
      throw under(field, cause);
    }
  }

  /** The same of a message that has to be there. */
  required<Part>(field: string, place: number, decoder: Decoder<Part>): Part {
    if (place === 0) throw new WireError('is missing', field);
    return this.message(field, place, decoder);
  }

  /** A message that is one of a list. */
  item<Part>(decoder: Decoder<Part>, stop: number, index: number): Part {
    try {
      return this.#inner(decoder, stop);
    } catch (cause) {
      throw under(index, cause);
    }
  }

  #inner<Part>(decoder: Decoder<Part>, stop: number): Part {
    const end = this.enter(stop);
    const part = decoder(this, end);
    this.mustBeAt(end);
    return part;
  }

  /** Messages one behind the other are the message that they are together (protobuf.dev/programming-guides/encoding#last-one-wins). */
  #joined<Part>(places: readonly number[], decoder: Decoder<Part>): Part {
    const after = this.pos;
    const pieces = places.map((place) => {
      this.pos = place;
      const end = this.enter(this.#bytes.length);
      const piece = this.#bytes.subarray(this.pos, end);
      new Reader(piece).#walk();
      return piece;
    });
    this.pos = after;
    const bytes = Buffer.concat(pieces);
    const reader = new Reader(bytes);
    const part = decoder(reader, bytes.length);
    reader.mustBeAt(bytes.length);
    return part;
  }

  /** @throws WireError unless the last field ends where the bytes do: a piece that is cut must not take its end from the next one */
  #walk(): void {
    const { length } = this.#bytes;
    while (this.pos < length) this.skip(this.tag(), length);
    this.mustBeAt(length);
  }

  /** Past a field that this release does not know. */
  skip(tag: number, stop: number, depth = 0): void {
    switch (tag & 7) {
      case 0:
        // However long: protobufjs passes over it, too, and nothing is made of it.
        while ((this.#bytes[this.pos++] ?? 0) >= NOT_ASCII);
        break;
      case 1:
        this.pos += 8;
        break;
      case 2:
        this.pos = this.enter(stop);
        break;
      case 3:
        this.#skipGroup(tag, stop, depth + 1);
        break;
      case 5:
        this.pos += 4;
        break;
      default:
        throw new WireError(`has a field of wire type ${tag & 7}`);
    }
  }

  /** To the tag of the same field that ends the group. Groups are of proto2, but a later release may have what this one does not know. */
  #skipGroup(start: number, stop: number, depth: number): void {
    if (depth > MOST_GROUPS) throw new WireError('has groups too deep within each other');
    for (;;) {
      const tag = this.tag();
      if (tag === start + 1) return;
      this.skip(tag, stop, depth);
    }
  }

  uint32(): number {
    const byte = this.#bytes[this.pos] ?? NOT_ASCII;
    if (byte < 0x80) {
      this.pos++;
      return byte;
    }
    this.#varint();
    return this.#low;
  }

  int32(): number {
    return this.uint32() | 0;
  }

  bool(): boolean {
    const byte = this.#bytes[this.pos] ?? NOT_ASCII;
    if (byte < 0x80) {
      this.pos++;
      return byte !== 0;
    }
    this.#varint();
    return this.#low !== 0 || this.#high !== 0;
  }

  uint64(): bigint {
    this.#varint();
    return this.#high === 0 ? BigInt(this.#low) : (BigInt(this.#high) << 32n) | BigInt(this.#low);
  }

  int64(): bigint {
    return BigInt.asIntN(64, this.uint64());
  }

  double(): number {
    const bytes = this.#bytes;
    if (this.pos + 8 > bytes.length) throw new WireError(CUT);
    this.#view ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const value = this.#view.getFloat64(this.pos, true);
    this.pos += 8;
    return value;
  }

  /** A copy: a view would keep all of the message in memory. */
  bytes(stop: number): Uint8Array {
    const end = this.enter(stop);
    const copy = new Uint8Array(this.#bytes.subarray(this.pos, end));
    this.pos = end;
    return copy;
  }

  string(stop: number): string {
    const end = this.enter(stop);
    const start = this.pos;
    this.pos = end;
    if (end - start > MOST_KEPT_LENGTH) return this.#decode(start, end);
    const hash = this.#hash(start, end);
    if (hash < 0) return this.#decode(start, end);
    const known = TEXTS[hash];
    if (known !== undefined && this.#isAt(start, end, known)) return known;
    const text = this.#bytes.toString('latin1', start, end);
    TEXTS[hash] = text;
    return text;
  }

  /** A text that becomes a property's name: V8 has one copy of each, which is found sooner when it is that copy that is used. */
  key(stop: number): string {
    const end = this.enter(stop);
    const start = this.pos;
    this.pos = end;
    const hash = end - start > MOST_KEPT_LENGTH ? -1 : this.#hash(start, end);
    if (hash < 0) return this.#decode(start, end);
    const known = KEYS[hash];
    if (known !== undefined && this.#isAt(start, end, known)) return known;
    const [key = ''] = Object.keys({ [this.#bytes.toString('latin1', start, end)]: 0 });
    KEYS[hash] = key;
    return key;
  }

  /** Where a text is kept; -1 when it is not ASCII. */
  #hash(start: number, end: number): number {
    const bytes = this.#bytes;
    let hash = end - start;
    let all = 0;
    for (let at = start; at < end; at++) {
      const byte = bytes[at] ?? 0;
      all |= byte;
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    return all < NOT_ASCII ? (hash ^ (hash >>> 13)) & (KEPT - 1) : -1;
  }

  #isAt(start: number, end: number, text: string): boolean {
    if (text.length !== end - start) return false;
    const bytes = this.#bytes;
    for (let at = start; at < end; at++) if (bytes[at] !== text.charCodeAt(at - start)) return false;
    return true;
  }

  #decode(start: number, end: number): string {
    try {
      return UTF_8.decode(this.#bytes.subarray(start, end));
    } catch {
      throw new WireError('is not UTF-8');
    }
  }

  /** A varint of 32 bits in five bytes at most, as tags and lengths are. */
  #small(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.pos++] ?? NOT_ASCII;
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let shift = 7; shift <= 21; shift += 7) {
      byte = bytes[this.pos++] ?? NOT_ASCII;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    byte = bytes[this.pos++] ?? NOT_ASCII;
    if (byte > 0x0f) throw this.#badVarint();
    return value + byte * 0x10000000;
  }

  #low = 0;
  #high = 0;

  /** A varint of up to ten bytes, as #low and #high. */
  #varint(): void {
    const bytes = this.#bytes;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = bytes[this.pos++] ?? NOT_ASCII;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) {
        this.#low = low >>> 0;
        this.#high = high >>> 0;
        return;
      }
    }
    throw this.#badVarint();
  }

  #badVarint(): WireError {
    return new WireError(this.pos > this.#bytes.length ? CUT : 'has a number that is too long');
  }
}

/** A google.protobuf.Timestamp. */
export const timestamp: Decoder<string> = (reader, stop) => {
  let seconds = 0n;
  let nanos = 0;
  while (reader.pos < stop) {
    const tag = reader.tag();
    if (tag === 8) seconds = reader.int64();
    else if (tag === 16) nanos = reader.int32();
    else reader.skip(tag, stop);
  }
  return timestampText(seconds, nanos);
};

/** What was thrown while a field of a message was read, with the field's name in its path. */
export function failed(name: string, tag: number, cause: unknown): unknown {
  const field = fieldsOf(name).find(({ number }) => number === tag >>> 3);
  return field === undefined ? cause : under(field.name, cause);
}
