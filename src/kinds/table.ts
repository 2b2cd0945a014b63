import type { AttributeReader } from '../netlink/attributes.js';
import { formatValue, padding } from './codecs.js';
import type { AttributeTable, Detail, DetailValue, Further } from './contract.js';
import { Shapes } from './shapes.js';

/**
 * Attributes that a table does not have, and those whose value is not what it expects (a newer or older driver's): id to a copy
 * of the bytes. Attribute id 0 (UNSPEC) is among them.
 */
export type UnknownAttributes = ReadonlyMap<number, Uint8Array>;

/** What a table made of the attributes it was given. */
export interface DecodedTable {
  /** By the names of the table, in the order of the kernel. A name that comes twice has its last value. */
  readonly detail: Record<string, DetailValue>;
  readonly unknown: UnknownAttributes;
}

/** The same with every value as text. */
export interface DecodedTexts {
  readonly texts: Record<string, string>;
  readonly unknown: UnknownAttributes;
}

/** Reads attributes by a kind's table. Attributes that run out of their bounds stick in the reader as an error and end the walk. */
export function decodeTable(table: AttributeTable, attributes: AttributeReader): DecodedTable {
  const walk = new Walk<DetailValue>((value) => value);
  walk.through(table, attributes);
  return { detail: shapesOf(table).record(walk.names, walk.values), unknown: walk.unknown };
}

/** The same as formatDetail() of decodeTable(), in one go: for kinds that do not look at their values. */
export function decodeTexts(table: AttributeTable, attributes: AttributeReader): DecodedTexts {
  const walk = new Walk<string>(formatValue);
  walk.through(table, attributes);
  return { texts: shapesOf(table).record(walk.names, walk.values), unknown: walk.unknown };
}

/** The public `attributes` map of a link, in the order of the detail. */
export function formatDetail(detail: Detail): Record<string, string> {
  const text: Record<string, string> = {};
  for (const name of Object.keys(detail)) text[name] = formatValue(detail[name] as DetailValue);
  return text;
}

const NONE: UnknownAttributes = new Map();

/** Names and values side by side, as they come. */
class Walk<Value> implements Further {
  readonly names: string[] = [];
  readonly values: Value[] = [];
  unknown: UnknownAttributes = NONE;
  readonly #take: (value: DetailValue) => Value;
  #further: [name: string, value: DetailValue][] | undefined;

  constructor(take: (value: DetailValue) => Value) {
    this.#take = take;
  }

  through(table: AttributeTable, attributes: AttributeReader): void {
    while (attributes.next()) {
      const entry = table[attributes.type];
      if (entry === undefined) {
        this.#keep(attributes);
        continue;
      }
      const codec = entry[1];
      if (codec === padding) continue;
      const value = attributes.attempt(codec, this);
      if (value !== undefined) this.#add(entry[0], value);
      else if (attributes.attemptFailed) this.#keep(attributes);
    }
    for (const [name, value] of this.#further ?? []) this.#add(name, value);
  }

  put(name: string, value: DetailValue): void {
    (this.#further ??= []).push([name, value]);
  }

  #add(name: string, value: DetailValue): void {
    this.names.push(name);
    this.values.push(this.#take(value));
  }

  #keep(attributes: AttributeReader): void {
    if (this.unknown === NONE) this.unknown = new Map();
    (this.unknown as Map<number, Uint8Array>).set(attributes.type, attributes.bytes());
  }
}

const SHAPES = new WeakMap<AttributeTable, Shapes>();

function shapesOf(table: AttributeTable): Shapes {
  let shapes = SHAPES.get(table);
  if (shapes === undefined) SHAPES.set(table, (shapes = new Shapes()));
  return shapes;
}
