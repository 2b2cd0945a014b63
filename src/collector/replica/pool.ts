import type { Budget } from './budget.js';

/** Something that many have in common. */
export interface Pooled<Value> {
  /** From 1 on; another one's once nobody has it. */
  readonly number: number;
  readonly key: string;
  readonly value: Value;
  readonly weight: number;
  /** How many have it. */
  refs: number;
}

/** What the bookkeeping of an entry takes, in bytes, and what each character of its key stands for: the key itself, and a value made of it. */
const ENTRY_BYTES = 256;
const CHARACTER_BYTES = 4;

/** What many have in common, by a text that says all of it; each kept as long as somebody has it. */
export class Pool<Value> {
  readonly #budget: Budget;
  readonly #byNumber: (Pooled<Value> | undefined)[] = [undefined];
  readonly #byKey = new Map<string, Pooled<Value>>();
  readonly #free: number[] = [];

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** How many different ones there are. */
  get count(): number {
    return this.#byKey.size;
  }

  /** The entry of a key, to be held or to be left. undefined when there is no room for another one. */
  entry(key: string, make: () => Value): Pooled<Value> | undefined {
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const weight = ENTRY_BYTES + CHARACTER_BYTES * key.length;
    if (!this.#budget.take(weight)) return undefined;
    const number = this.#free.pop() ?? this.#byNumber.length;
    const entry = { number, key, value: make(), weight, refs: 0 };
    this.#byNumber[number] = entry;
    this.#byKey.set(key, entry);
    return entry;
  }

  /** The entry of a number that somebody holds. */
  get(number: number): Pooled<Value> {
    const entry = this.#byNumber[number];
    if (entry === undefined) throw new RangeError(`nothing is held by the number ${number}`);
    return entry;
  }

  hold(entry: Pooled<Value>): void {
    entry.refs++;
  }

  /** Whoever held it does not have it any more. Whether it is gone. */
  release(entry: Pooled<Value>): boolean {
    if (--entry.refs > 0) return false;
    this.#byKey.delete(entry.key);
    this.#byNumber[entry.number] = undefined;
    this.#free.push(entry.number);
    this.#budget.give(entry.weight);
    return true;
  }
}

/** For JSON.stringify(), which refuses 64-bit numbers. */
export function exactly(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}

/**
 * The same as JSON makes it; 64-bit numbers and bytes, which JSON does not have, as they are. Of objects that are put together field by field V8 keeps a dictionary each, which is several times as large and
 * slow to copy; of those that JSON.parse() makes the names are shared.
 */
export function compact<Value extends object>(value: Value): Value {
  const copy = JSON.parse(JSON.stringify(value, exactly)) as Record<string, unknown>;
  for (const [name, field] of Object.entries(value))
    if (typeof field === 'bigint' || field instanceof Uint8Array) copy[name] = field;
  return copy as Value;
}

/** The entries that were used last: comparing with a few of them is cheaper than making a key. */
export class Recent<Value> {
  readonly #most: number;
  #entries: Pooled<Value>[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  find(fits: (value: Value) => boolean): Pooled<Value> | undefined {
    for (const entry of this.#entries) if (fits(entry.value)) return entry;
    return undefined;
  }

  add(entry: Pooled<Value>): void {
    if (this.#entries.length >= this.#most) this.#entries.shift();
    this.#entries.push(entry);
  }

  /** To be called for what is gone. */
  delete(entry: Pooled<Value>): void {
    if (this.#entries.includes(entry)) this.#entries = this.#entries.filter((each) => each !== entry);
  }
}
