import type { Cursor, NetnsChange, WatchEvent } from '../model/types.js';
import { removedOf, SECTIONS } from '../tables/index.js';
import { inParts } from './chunks.js';
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

const ROWS = ['removedIfindexes', ...SECTIONS.map(removedOf), 'interfaces', ...SECTIONS] as const;

/** What is new in a namespace as bodies that are small enough, in the order in which they are to be applied. */
export function encodeChange(change: NetnsChange): Uint8Array[] {
  return [...inParts(change, ROWS, { ...change, whole: false }, (netns) => encodeWatchBody({ netns }))];
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
