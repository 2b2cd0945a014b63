import type { Cursor, NetnsChange, WatchEvent } from '../model/types.js';
import { removedOf, SECTIONS } from '../tables/index.js';
import { MAX_PART_BYTES } from './chunks.js';
import { encode } from './codec.js';

/** An event without its cursor: the same for every reader. */
export type WatchBody = Omit<WatchEvent, 'cursor'>;

const MESSAGE = 'nsatlas.v1.WatchResponse';

/** What a message begins with: the cursor is its first field, and fields are written in the order of their numbers. */
const NO_CURSOR = encode(MESSAGE, { cursor: { epoch: '', revision: 0n } });

/** The bytes of an event but for its cursor, to be sent to many readers. @throws WireError naming the field that is not of its type */
export function encodeWatchBody(body: WatchBody): Uint8Array {
  return encode(MESSAGE, { cursor: { epoch: '', revision: 0n }, ...body }).subarray(NO_CURSOR.length);
}

/** A WatchResponse of its two halves. */
export function watchMessage(cursor: Cursor, body: Uint8Array): Uint8Array {
  return Buffer.concat([encode(MESSAGE, { cursor }), body]);
}

const ROWS = [
  'removedIfindexes',
  ...SECTIONS.map(removedOf),
  'interfaces',
  ...SECTIONS,
] as const satisfies readonly (keyof NetnsChange)[];

/** What is new in a namespace as bodies that are small enough, in the order in which they are to be applied. One row that alone is larger is a body of its own. */
export function encodeChange(change: NetnsChange): Uint8Array[] {
  const body = encodeWatchBody({ netns: change });
  const rows = ROWS.reduce((sum, name) => sum + change[name].length, 0);
  if (body.length <= MAX_PART_BYTES || rows <= 1) return [body];
  const half = rows >>> 1;
  return [...encodeChange(someRows(change, 0, half)), ...encodeChange({ ...someRows(change, half, rows), whole: false })];
}

/** The rows from a position to another, all sections counted on. */
function someRows(change: NetnsChange, from: number, to: number): NetnsChange {
  const part = { ...change };
  let start = 0;
  for (const name of ROWS) {
    const all: readonly unknown[] = change[name];
    Object.assign(part, { [name]: all.slice(Math.max(0, from - start), Math.max(0, to - start)) });
    start += all.length;
  }
  return part;
}

const FABRIC = 'nsatlas.v1.CollectorWatchResponse';

/** Tag of CollectorWatchResponse.event: field 2, length-delimited (protobuf.dev/programming-guides/encoding). */
const EVENT_TAG = (2 << 3) | 2;

/** A CollectorWatchResponse with the event of a host, of the bytes of that event: they are the same for every reader. */
export function fabricMessage(host: string, event: Uint8Array): Uint8Array {
  return Buffer.concat([encode(FABRIC, { host }), Buffer.from([EVENT_TAG, ...varint(event.length)]), event]);
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}
