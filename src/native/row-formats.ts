// Writes row formats as the bytes that native/rows/row_format.cc reads.
import { ArgumentError } from './errors.js';
import { checked, ImageWriter } from './image-writer.js';
import type { AttributeFilter, FilterChoice, RowFormat } from './types.js';

/** struct Rule, native/rows/row_format.h: the kind in the two lowest bits, an index in the others. */
const DROP = 0;
const WHOLE = 1;
const NEST = 2;
const CHOICE = 3;
const INDEX_SHIFT = 2;

const attributeType = (type: number): number => checked('an attribute type', type, 0xffff);

const ORDERED = 1;
const HAS_IFINDEX = 2;

/** One filter: what becomes of others, then types and their rules in turn. */
interface FilterTable {
  readonly others: number;
  readonly rules: readonly (readonly [type: number, rule: number])[];
}

/** Filters and choices by number; each is there once, however often it is used. A filter comes after those that it contains. */
class Tables {
  readonly filters: FilterTable[] = [];
  readonly choices: { readonly by: number; readonly filters: readonly (readonly [text: string, filter: number])[] }[] = [];
  readonly #filterNumbers = new Map<AttributeFilter, number>();
  readonly #choiceNumbers = new Map<FilterChoice, number>();
  readonly #open = new Set<AttributeFilter>();

  filter(filter: AttributeFilter): number {
    const known = this.#filterNumbers.get(filter);
    if (known !== undefined) return known;
    if (this.#open.has(filter)) throw new ArgumentError('a filter contains itself');
    this.#open.add(filter);
    const rules = (filter.drop ?? []).map((type) => [attributeType(type), DROP] as const);
    // What is both kept and dropped is kept: the later rule counts.
    const kept = Array.from(filter.keep, ([type, keep]) => [attributeType(type), this.#rule(keep)] as const);
    const number = this.filters.push({ others: filter.others === true ? WHOLE : DROP, rules: [...rules, ...kept] }) - 1;
    this.#open.delete(filter);
    this.#filterNumbers.set(filter, number);
    return number;
  }

  #rule(keep: 'whole' | AttributeFilter | FilterChoice): number {
    if (keep === 'whole') return WHOLE;
    return 'by' in keep ? (this.#choice(keep) << INDEX_SHIFT) | CHOICE : (this.filter(keep) << INDEX_SHIFT) | NEST;
  }

  #choice(choice: FilterChoice): number {
    const known = this.#choiceNumbers.get(choice);
    if (known !== undefined) return known;
    const filters = Array.from(choice.filters, ([text, filter]) => [text, this.filter(filter)] as const);
    const number = this.choices.push({ by: attributeType(choice.by), filters }) - 1;
    this.#choiceNumbers.set(choice, number);
    return number;
  }
}

/**
 * Encodes the formats of a reader.
 * @throws ArgumentError for what can be seen to be wrong here; the addon checks the rest (ranges, depth)
 */
export function encodeRowFormats(formats: readonly RowFormat[]): Uint8Array {
  const tables = new Tables();
  const roots = formats.map(({ filter }) => tables.filter(filter));
  const writer = new ImageWriter();
  writer.u32(formats.length);
  writer.u32(tables.filters.length);
  writer.u32(tables.choices.length);
  writer.u32(0);
  for (const { others, rules } of tables.filters) {
    writer.u32(others);
    writer.u32(rules.length);
    for (const rule of rules) for (const word of rule) writer.u32(word);
  }
  for (const { by, filters } of tables.choices) {
    writer.u32(by);
    writer.u32(filters.length);
    for (const [text, filter] of filters) {
      const length = Buffer.byteLength(text);
      writer.u32(length);
      writer.u32(filter);
      writer.text(length, text);
    }
  }
  for (const [index, { headerBytes, ordered, ifindexAt, apart }] of formats.entries()) {
    writer.u32(checked('headerBytes', headerBytes, 0xffff));
    writer.u32(roots[index] ?? 0);
    const parts = ifindexAt === undefined ? 0 : HAS_IFINDEX;
    // One word: eight bits above the flags, and a number of 16 bits above those.
    const set = apart === undefined ? 0 : (apart.bits & 0xff) * 2 ** 8 + checked('apart.at', apart.at, 0xffff) * 2 ** 16;
    writer.u32((ordered ? ORDERED : 0) + parts + set);
    writer.u32(checked('ifindexAt', ifindexAt ?? 0, 0xffff));
  }
  return writer.finish();
}
