// Messages put together of parts that were encoded before: what is told often, or by many agents, is encoded once.
import { decode, encode } from '../dist/src/wire/codec.js';

// proto/nsatlas/v1/agent.proto and model.proto; a wrong number shows at once, for every message is decoded by the collector.
const FIELD = { 'FdbEntry.row_id': 23, 'Neighbor.row_id': 16, 'WatchResponse.netns': 4 };
const CHANGE = {
  netns: 1,
  whole: 2,
  removedIfindexes: 3,
  interfaces: 4,
  removedFdb: 5,
  fdb: 6,
  removedNeighbors: 7,
  neighbors: 8,
};
const WHOLE = Buffer.from([(CHANGE.whole << 3) | 0, 1]);

function varint(value) {
  const bytes = [];
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}

/** A field that has a length. @param {readonly Uint8Array[]} parts of its content */
function delimited(number, parts) {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return [Buffer.from([...varint(number * 8 + 2), ...varint(length)]), ...parts];
}

/** A message of the model. @param {string} name without its package @returns {Uint8Array} */
export function encodeModel(name, model) {
  return encode(`nsatlas.v1.${name}`, model);
}

/** The inverse. */
export function decodeModel(name, bytes) {
  return decode(`nsatlas.v1.${name}`, bytes);
}

/** A row with its id. @param {'FdbEntry' | 'Neighbor'} name @param {Uint8Array} bytes without one */
export function withRowId(name, bytes, rowId) {
  return Buffer.concat([bytes, Buffer.from([...varint(FIELD[`${name}.row_id`] * 8), ...varint(rowId)])]);
}

/**
 * The body of a WatchResponse with a NetnsChange.
 * @param {Uint8Array} head nsatlas.v1.Netns
 * @param {boolean} whole
 * @param {Partial<Record<keyof typeof CHANGE, readonly Uint8Array[]>>} sections encoded items
 */
export function changeBody(head, whole, sections) {
  const parts = delimited(CHANGE.netns, [head]);
  if (whole) parts.push(WHOLE);
  for (const [name, number] of Object.entries(CHANGE))
    for (const item of sections[name] ?? []) parts.push(...delimited(number, [item]));
  return Buffer.concat(delimited(FIELD['WatchResponse.netns'], parts));
}
