import type { AttributeReader } from '../netlink/attributes.js';
import { formatValue, padding } from './codecs.js';
import type { AttributeTable, Detail, DetailValue } from './contract.js';

/** What a table made of the attributes it was given. */
export interface DecodedTable {
  /** By the names of the table. A name that comes twice has its last value. */
  readonly detail: Record<string, DetailValue>;
  /**
   * Attributes that the table does not have, and those whose value is not what it expects (a newer or older driver's): id to
   * a copy of the bytes. Attribute id 0 (UNSPEC) is among them.
   */
  readonly unknown: Map<number, Uint8Array>;
}

/** Reads attributes by a kind's table. Attributes that run out of their bounds stick in the reader as an error and end the walk. */
export function decodeTable(table: AttributeTable, attributes: AttributeReader): DecodedTable {
  const detail: Record<string, DetailValue> = {};
  const unknown = new Map<number, Uint8Array>();
  while (attributes.next()) {
    const entry = table[attributes.type];
    if (entry === undefined) {
      unknown.set(attributes.type, attributes.bytes());
      continue;
    }
    const [name, codec] = entry;
    if (codec === padding) continue;
    const value = attributes.attempt(codec);
    if (value === undefined) unknown.set(attributes.type, attributes.bytes());
    else detail[name] = value;
  }
  return { detail, unknown };
}

/** The public `attributes` map of a link, in the order of the detail. */
export function formatDetail(detail: Detail): Record<string, string> {
  const text: Record<string, string> = {};
  for (const [name, value] of Object.entries(detail)) text[name] = formatValue(value);
  return text;
}
