import { DecodeError } from './error.js';
import { asciiText } from './text.js';
import { NLA_HDRLEN, NLA_TYPE_MASK } from './uapi.js';

/** Byte order of this machine: netlink speaks host order, but for attributes that say otherwise. */
export const LITTLE_ENDIAN: boolean = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

// A name that begins with a byte order mark keeps it.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const utf8Lossy = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Text from the kernel. Names are untrusted bytes: where they are not valid UTF-8, `text` has U+FFFD and `bytes`
 * has what was really there.
 */
export interface KernelText {
  readonly text: string;
  readonly bytes?: Uint8Array;
}

/**
 * Walks the attributes (struct nlattr) in bytes [start, end) of a view. Never reads outside of them.
 *
 *     while (attributes.next()) {
 *       switch (attributes.type) { case IFLA_MTU: mtu = attributes.u32(); }
 *     }
 *     if (attributes.error) …
 *
 * Getters check the exact length; the first error sticks, ends the walk, and makes the getter return zero or empty. So
 * `error` has to be asked once, at the end. A nested reader hands its error to its parent.
 */
export class AttributeReader {
  /** Type of the current attribute, flags masked off. */
  type = 0;
  /** Offset of the current payload in the view. */
  offset = 0;
  /** Length of the current payload in bytes. */
  length = 0;
  /** Whether the payload of the last attempt() was not what was wanted. */
  attemptFailed = false;

  readonly view: DataView;
  readonly #start: number;
  readonly #end: number;
  readonly #name: string;
  readonly #parent: AttributeReader | undefined;
  #next: number;
  #error: DecodeError | undefined;
  #attempting = false;

  /** @param name for messages: "RTM_NEWLINK" */
  constructor(view: DataView, start: number, end: number, name: string, parent?: AttributeReader) {
    this.view = view;
    this.#start = start;
    this.#next = start;
    this.#end = Math.min(end, view.byteLength);
    this.#name = name;
    this.#parent = parent;
  }

  /** "RTM_NEWLINK/IFLA_LINKINFO". Put together when it is asked for: there are thousands of readers and few errors. */
  get path(): string {
    return this.#parent === undefined ? this.#name : `${this.#parent.path}/${this.#name}`;
  }

  /** The first thing that was wrong, if any. */
  get error(): DecodeError | undefined {
    return this.#error;
  }

  /** Moves to the next attribute. False at the end, and for good after an error. */
  next(): boolean {
    if (this.#error !== undefined) return false;
    const at = this.#next;
    const left = this.#end - at;
    if (left <= 0) return false;
    if (left < NLA_HDRLEN) {
      this.fail(at, `${NLA_HDRLEN} bytes of attribute header`, `${left} bytes`);
      return false;
    }
    const nlaLen = this.view.getUint16(at, LITTLE_ENDIAN);
    if (nlaLen < NLA_HDRLEN || nlaLen > left) {
      this.fail(at, `an attribute length from ${NLA_HDRLEN} to ${left}`, `${nlaLen}`);
      return false;
    }
    this.type = this.view.getUint16(at + 2, LITTLE_ENDIAN) & NLA_TYPE_MASK;
    this.offset = at + NLA_HDRLEN;
    this.length = nlaLen - NLA_HDRLEN;
    this.#next = at + ((nlaLen + 3) & ~3);
    return true;
  }

  /** Records an error unless there is one; the walk ends. */
  fail(offset: number, wanted: string, got: string): void {
    if (this.#error !== undefined) return;
    this.#adopt(new DecodeError({ path: this.path, offset, wanted, got }));
  }

  #adopt(error: DecodeError): void {
    this.#error ??= error;
    if (this.#parent !== undefined && !this.#attempting) this.#parent.#adopt(error);
  }

  /**
   * Reads the current attribute, or leaves it: what is wrong with its payload is then no error of the message. For what
   * drivers fill in, whose widths differ between kernels: an odd one must not cost the whole object.
   * @returns what `read` does; undefined when the payload is not what `read` wants, and then `attemptFailed` is set
   */
  attempt<Value, Context>(read: (attribute: AttributeReader, context: Context) => Value, context: Context): Value | undefined {
    this.attemptFailed = false;
    if (this.#error !== undefined) return undefined;
    this.#attempting = true;
    const value = read(this, context);
    this.#attempting = false;
    // Through the getter: the compiler does not know that `read` can have recorded one.
    if (this.error === undefined) return value;
    this.#error = undefined;
    this.attemptFailed = true;
    return undefined;
  }

  #exactly(length: number): boolean {
    if (this.length === length) return true;
    if (this.#error === undefined) {
      const path = `${this.path}/${this.type}`;
      this.#adopt(new DecodeError({ path, offset: this.offset, wanted: `${length} bytes`, got: `${this.length} bytes` }));
    }
    return false;
  }

  u8(): number {
    return this.#exactly(1) ? this.view.getUint8(this.offset) : 0;
  }

  u16(): number {
    return this.#exactly(2) ? this.view.getUint16(this.offset, LITTLE_ENDIAN) : 0;
  }

  u32(): number {
    return this.#exactly(4) ? this.view.getUint32(this.offset, LITTLE_ENDIAN) : 0;
  }

  s32(): number {
    return this.#exactly(4) ? this.view.getInt32(this.offset, LITTLE_ENDIAN) : 0;
  }

  u64(): bigint {
    return this.#exactly(8) ? this.view.getBigUint64(this.offset, LITTLE_ENDIAN) : 0n;
  }

  /** Network byte order, whatever the machine's. */
  be16(): number {
    return this.#exactly(2) ? this.view.getUint16(this.offset, false) : 0;
  }

  be32(): number {
    return this.#exactly(4) ? this.view.getUint32(this.offset, false) : 0;
  }

  /** An attribute whose presence alone says true (NLA_FLAG). */
  flag(): boolean {
    return this.#exactly(0);
  }

  /** A copy of the payload, so that it does not keep the whole dump alive. */
  bytes(): Uint8Array {
    return new Uint8Array(this.view.buffer, this.view.byteOffset + this.offset, this.length).slice();
  }

  /** A copy of all the bytes that this reader walks, whatever it has read of them. */
  allBytes(): Uint8Array {
    const length = Math.max(this.#end - this.#start, 0);
    return new Uint8Array(this.view.buffer, this.view.byteOffset + this.#start, length).slice();
  }

  /** Text up to the first NUL or the end of the payload. */
  text(): KernelText {
    const ascii = this.#ascii();
    return ascii === undefined ? this.#utf8() : { text: ascii };
  }

  /** The same where it does not matter what was no valid UTF-8. */
  string(): string {
    return this.#ascii() ?? this.#utf8().text;
  }

  /** undefined when there are other characters. */
  #ascii(): string | undefined {
    const { view, offset } = this;
    let length = 0;
    let hash = 0;
    for (; length < this.length; length++) {
      const byte = view.getUint8(offset + length);
      if (byte === 0) break;
      if (byte > 0x7f) return undefined;
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    return asciiText(view, offset, length, hash);
  }

  #utf8(): KernelText {
    const { view, offset } = this;
    let length = 0;
    while (length < this.length && view.getUint8(offset + length) !== 0) length++;
    const bytes = new Uint8Array(view.buffer, view.byteOffset + offset, length);
    try {
      return { text: utf8.decode(bytes) };
    } catch {
      // Not UTF-8, which the kernel allows in names: both faces are kept.
      return { text: utf8Lossy.decode(bytes), bytes: bytes.slice() };
    }
  }

  /** The attributes inside the current one. `name` is for messages. */
  nested(name: string): AttributeReader {
    return new AttributeReader(this.view, this.offset, this.offset + this.length, name, this);
  }
}
