import { type Fields, withValidKeys } from './fields.js';
import { toBuffer, wellFormed } from './scalars.js';

/** What becomes of the JSON of a text in which not everything is printable ASCII, quotes included; has to stay JSON of the same text. */
export type EscapeText = (json: string) => string;

/** A piece is handed over once it has this many characters; a single row can make it longer. */
const PIECE_LENGTH = 1 << 16;

/**
 * Containers in containers that are written piece by piece: the document, its lists, what is in them, and their lists of rows. What is
 * below, one interface or one row, is written at a stretch.
 */
const PIECEWISE_LEVELS = 4;

/** Names of fields are few, but labels are anybody's: so many names are remembered for each depth. */
const MAX_LEADS = 1024;

/** Printable ASCII without the quote and the backslash: its JSON is itself in quotes. */
const PLAIN = /^[ !#-[\]-~]*$/;

const NEWLINES: readonly string[] = Array.from({ length: 16 }, (_, depth) => `\n${'  '.repeat(depth)}`);

function newline(depth: number): string {
  return NEWLINES[depth] ?? `\n${'  '.repeat(depth)}`;
}

/** Writes one document, indented by two, exactly as JSON.stringify would, but never all of it at once. */
export class JsonWriter {
  #text = '';
  readonly #escape: EscapeText;
  /** What stands before the value of a field, from the line break on, by depth and name. */
  readonly #leads: Map<string, string>[] = [];

  constructor(escape: EscapeText = (json) => json) {
    this.#escape = escape;
  }

  /** The text of the outermost message, in pieces of about 64 KiB. Its lists are written even when they are empty. */
  *document(model: object): Generator<string, void, undefined> {
    yield* this.#objectPieces(model as Fields, 0, PIECEWISE_LEVELS, true);
    yield this.#take();
  }

  /** As #value(), and hands over what has come together between elements. */
  *#pieces(value: unknown, depth: number, levels: number): Generator<string, void, undefined> {
    if (levels === 0 || typeof value !== 'object' || value instanceof Uint8Array) this.#value(value, depth);
    else if (Array.isArray(value)) yield* this.#listPieces(value, depth, levels);
    else yield* this.#objectPieces(withValidKeys(value as Fields, isLeftOut), depth, levels);
  }

  *#listPieces(list: readonly unknown[], depth: number, levels: number): Generator<string, void, undefined> {
    let separator = '[';
    for (const item of list) {
      this.#text += separator + newline(depth + 1);
      separator = ',';
      if (isLeftOut(item)) this.#text += 'null';
      else yield* this.#pieces(item, depth + 1, levels - 1);
      if (this.#text.length >= PIECE_LENGTH) yield this.#take();
    }
    this.#text += separator === '[' ? '[]' : `${newline(depth)}]`;
  }

  *#objectPieces(object: Fields, depth: number, levels: number, withEmptyLists = false): Generator<string, void, undefined> {
    let separator = '{';
    for (const key of Object.keys(object)) {
      const value = object[key];
      if (isLeftOut(value) && !(withEmptyLists && Array.isArray(value))) continue;
      this.#text += separator + this.#lead(key, depth + 1);
      separator = ',';
      yield* this.#pieces(value, depth + 1, levels - 1);
    }
    this.#text += separator === '{' ? '{}' : `${newline(depth)}}`;
  }

  #take(): string {
    const text = this.#text;
    this.#text = '';
    // V8 puts a text together when a character is asked for. Until then it keeps all its parts, which would be copied by the collector.
    text.charCodeAt(0);
    return text;
  }

  /** Writes a value that is not left out. */
  #value(value: unknown, depth: number): void {
    switch (typeof value) {
      case 'string':
        this.#text += this.#quoted(value);
        return;
      case 'number':
        // NaN and the infinities are strings in proto3 JSON.
        this.#text += Number.isFinite(value) ? String(value) : `"${value}"`;
        return;
      case 'bigint':
        this.#text += `"${value}"`;
        return;
      case 'boolean':
        this.#text += value ? 'true' : 'false';
        return;
      default:
        if (Array.isArray(value)) this.#list(value, depth);
        else if (value instanceof Uint8Array) this.#text += `"${toBuffer(value).toString('base64')}"`;
        else this.#object(value as Fields, depth);
    }
  }

  #list(list: readonly unknown[], depth: number): void {
    let separator = '[';
    for (const item of list) {
      this.#text += separator + newline(depth + 1);
      separator = ',';
      if (isLeftOut(item)) this.#text += 'null';
      else this.#value(item, depth + 1);
    }
    this.#text += `${newline(depth)}]`;
  }

  #object(object: Fields, depth: number): void {
    const before = this.#text;
    let separator = '{';
    for (const key of Object.keys(object)) {
      const value = object[key];
      if (isLeftOut(value)) continue;
      const lead = this.#leads[depth + 1]?.get(key);
      // Names that were seen are valid; a new one that is not is rare enough to begin again.
      if (lead === undefined && !key.isWellFormed()) {
        this.#text = before;
        this.#object(withValidKeys(object, isLeftOut), depth);
        return;
      }
      this.#text += separator + (lead ?? this.#lead(key, depth + 1));
      separator = ',';
      this.#value(value, depth + 1);
    }
    this.#text += separator === '{' ? '{}' : `${newline(depth)}}`;
  }

  #quoted(text: string): string {
    return PLAIN.test(text) ? `"${text}"` : this.#escape(JSON.stringify(wellFormed(text)));
  }

  #lead(key: string, depth: number): string {
    const leads = (this.#leads[depth] ??= new Map<string, string>());
    const known = leads.get(key);
    if (known !== undefined) return known;
    const lead = `${newline(depth)}${this.#quoted(key)}: `;
    if (leads.size < MAX_LEADS) leads.set(key, lead);
    return lead;
  }
}

/** Absent values, and lists and objects without anything in them. */
function isLeftOut(value: unknown): boolean {
  if (typeof value !== 'object') return value === undefined;
  if (value === null) return true;
  if (Array.isArray(value)) return value.length === 0;
  return !(value instanceof Uint8Array) && Object.keys(value).length === 0;
}
