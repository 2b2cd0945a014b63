// What native/rows/filter.cc copies, written a second time and plainly: tests hold the filters of src/decode against the decoders with it.
import { LITTLE_ENDIAN } from '../../src/netlink/attributes.js';
import { NLA_HDRLEN, NLA_TYPE_MASK } from '../../src/netlink/uapi.js';
import type { AttributeFilter, FilterChoice, RowFormat } from '../../src/native/types.js';

/** One attribute with its head and its padding, which the last of a level may lack. */
interface Slice {
  readonly type: number;
  readonly payload: Uint8Array;
  readonly whole: Uint8Array;
}

/** A message's payload as it is remembered: the header as it is, then the attributes that the filter keeps. */
export function filterPayload({ headerBytes, filter }: RowFormat, payload: Uint8Array): Uint8Array {
  return concat([payload.subarray(0, headerBytes), filterLevel(filter, payload.subarray(headerBytes))]);
}

function filterLevel(filter: AttributeFilter, bytes: Uint8Array): Uint8Array {
  const { slices, rest } = attributesOf(bytes);
  const kept = slices.map((slice) => {
    const rule =
      filter.keep.get(slice.type) ?? (filter.others === true && filter.drop?.includes(slice.type) !== true ? 'whole' : undefined);
    if (rule === undefined) return new Uint8Array();
    const inner = rule === 'whole' ? undefined : 'by' in rule ? chosen(rule, slices) : rule;
    return inner === undefined ? slice.whole : withPayload(slice, filterLevel(inner, slice.payload));
  });
  return concat([...kept, rest]);
}

/** Attributes up to the first that cannot be walked; from there on bytes as they are. */
function attributesOf(bytes: Uint8Array): { slices: Slice[]; rest: Uint8Array } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const slices: Slice[] = [];
  let at = 0;
  while (bytes.length - at >= NLA_HDRLEN) {
    const length = view.getUint16(at, LITTLE_ENDIAN);
    if (length < NLA_HDRLEN || length > bytes.length - at) break;
    const next = Math.min(at + ((length + 3) & ~3), bytes.length);
    const type = view.getUint16(at + 2, LITTLE_ENDIAN) & NLA_TYPE_MASK;
    slices.push({ type, payload: bytes.subarray(at + NLA_HDRLEN, at + length), whole: bytes.subarray(at, next) });
    at = next;
  }
  return { slices, rest: bytes.subarray(at) };
}

function chosen({ by, filters }: FilterChoice, siblings: readonly Slice[]): AttributeFilter | undefined {
  const payload = siblings.find(({ type }) => type === by)?.payload;
  if (payload === undefined) return undefined;
  const nul = payload.indexOf(0);
  return filters.get(Buffer.from(nul < 0 ? payload : payload.subarray(0, nul)).toString('latin1'));
}

/** The nest with another content, padded with zeros, no longer than it was. The flags of its type stay. */
function withPayload({ whole }: Slice, payload: Uint8Array): Uint8Array {
  const length = NLA_HDRLEN + payload.length;
  const nest = new Uint8Array(Math.min((length + 3) & ~3, whole.length));
  nest.set(whole.subarray(0, NLA_HDRLEN));
  nest.set(payload, NLA_HDRLEN);
  new DataView(nest.buffer).setUint16(0, length, LITTLE_ENDIAN);
  return nest;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
