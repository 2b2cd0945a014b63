// What the generated decoders (gen/decoders.ts) read bytes with. They read what encoders of protobuf write; on anything else they give up,
// and the decoder of protobufjs says what is wrong, or copes.

/** An object by field name. */
export type Fields = Record<string, unknown>;

/** Reads one message, whose bytes end at `stop`. @throws GivenUp */
export type Decoder = (reader: Reader, stop: number) => Fields;

/** The bytes are unusual, or no message at all. */
export class GivenUp extends Error {
  override readonly name = 'GivenUp';
}

/** One for all: nobody looks at it. */
const GIVEN_UP = new GivenUp('not as encoders write it');

/** The same few names and words make up most of what is read: one copy of each is kept here, where its bytes are found again by their hash. */
const KEPT = 8192;
const MOST_KEPT_LENGTH = 48;
const TEXTS: (string | undefined)[] = Array.from({ length: KEPT });
const KEYS: (string | undefined)[] = Array.from({ length: KEPT });

const NOT_ASCII = 0x80;
const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A place in a message. What is read beyond the end of a part is found out at its end. */
export class Reader {
  pos = 0;
  readonly #bytes: Buffer;
  #view: DataView | undefined;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** @throws GivenUp always */
  giveUp(): never {
    throw GIVEN_UP;
  }

  /** A field's number and wire type. */
  tag(): number {
    return this.#small();
  }

  /** The end of a part that begins with its length. */
  enter(stop: number): number {
    const length = this.#small();
    const end = this.pos + length;
    if (end > stop) throw GIVEN_UP;
    return end;
  }

  /** False. @throws GivenUp when something was read beyond the end of a part */
  mustBeAt(end: number): false {
    if (this.pos !== end) throw GIVEN_UP;
    return false;
  }

  /** A message that is part of another. */
  message(decoder: Decoder, stop: number): Fields {
    const end = this.enter(stop);
    const fields = decoder(this, end);
    this.mustBeAt(end);
    return fields;
  }

  /** Past a field that this release does not know. */
  skip(tag: number, stop: number): void {
    if (tag < 8) throw GIVEN_UP;
    switch (tag & 7) {
      case 0:
        this.#varint();
        break;
      case 1:
        this.pos += 8;
        break;
      case 2:
        this.pos = this.enter(stop);
        break;
      case 5:
        this.pos += 4;
        break;
      default:
        throw GIVEN_UP;
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
    if (this.pos + 8 > bytes.length) throw GIVEN_UP;
    this.#view ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const value = this.#view.getFloat64(this.pos, true);
    this.pos += 8;
    return value;
  }

  /** A copy: a view would keep the whole message in memory. */
  bytes(stop: number): Uint8Array {
    const end = this.enter(stop);
    const copy = new Uint8Array(this.#bytes.subarray(this.pos, end));
    this.pos = end;
    return copy;
  }

  text(stop: number): string {
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
      // Not UTF-8.
      throw GIVEN_UP;
    }
  }

  /** A varint of up to four bytes. */
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
    throw GIVEN_UP;
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
    throw GIVEN_UP;
  }
}
