import { type Row, type Section, tableOf } from '../tables/index.js';
import type { RowBase } from '../tables/contract.js';

/** Most texts that are remembered. What there are many different ones of is not worth it, and hostile rows must cost nothing. */
const MOST_TEXTS = 4096;

/** Rows repeat the same few texts. What is decoded has a copy in each row: sharing one makes a row half as large. */
export class Interner {
  readonly #texts = new Map<string, string>();
  readonly #flags = new Map<string, string[]>();

  /** @param netnsId of the row, as the one text for all of a namespace */
  shrink(section: Section, row: Row & RowBase, netnsId: string): void {
    const { distinct = [] } = tableOf(section);
    const fields = row as unknown as Record<string, unknown>;
    for (const name in fields) {
      const value = fields[name];
      if (typeof value === 'string' && !(distinct as readonly string[]).includes(name)) fields[name] = this.#one(value);
    }
    row.netnsId = netnsId;
    if ('flags' in row) row.flags = this.#list(row.flags);
  }

  #one(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size >= MOST_TEXTS) this.#texts.clear();
    this.#texts.set(text, text);
    return text;
  }

  /** The same list for the same flags; the flags of a row never change. */
  #list(flags: string[]): string[] {
    const key = flags.join(' ');
    const known = this.#flags.get(key);
    if (known !== undefined) return known;
    if (this.#flags.size >= MOST_TEXTS) this.#flags.clear();
    this.#flags.set(key, flags);
    return flags;
  }
}
