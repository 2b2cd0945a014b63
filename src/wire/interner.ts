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
      if (typeof value === 'string' && !(distinct as readonly string[]).includes(name))
        fields[name] = oneOf(this.#texts, value, value);
    }
    row.netnsId = netnsId;
    // The flags of a row never change.
    if ('flags' in row) row.flags = oneOf(this.#flags, row.flags.join(' '), row.flags);
  }
}

/** The one value for a key. */
function oneOf<Value>(known: Map<string, Value>, key: string, value: Value): Value {
  const first = known.get(key);
  if (first !== undefined) return first;
  if (known.size >= MOST_TEXTS) known.clear();
  known.set(key, value);
  return value;
}
