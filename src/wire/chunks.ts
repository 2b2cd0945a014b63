import type { ListName } from '../model/lists.js';
import type { Listing, Netns, TableStatus } from '../model/types.js';
import { eachSection, noRows, SECTIONS, type Sections } from '../tables/index.js';
import { encode } from './codec.js';
import {
  FABRIC_RPCS,
  type FabricItemOf,
  type FabricListing,
  type FabricListName,
  type ItemOf,
  LIST_RPCS,
  type MessageName,
  type Messages,
  type SnapshotPart,
} from './messages.js';

/** What one message of a stream may have, in bytes; one row that alone is larger is a message of its own. */
export const MAX_PART_BYTES = 256 * 1024;

/** Most rows of one message: bounds the time for which encoding keeps everything else waiting. */
const MAX_PART_ROWS = 1000;

/**
 * A listing as the messages of its stream, made one by one as they are asked for. At least one, also of nothing; the first has the
 * freshness.
 */
export function* encodeListing<Name extends ListName>(name: Name, listing: Listing<ItemOf<Name>>): Generator<Uint8Array> {
  const response = `nsatlas.v1.List${LIST_RPCS[name]}Response` as MessageName;
  const { items, gaps, freshness, fabric } = listing;
  yield* split(items.length + gaps.length, (from, to) => {
    const part = {
      items: items.slice(from, to),
      gaps: gaps.slice(Math.max(0, from - items.length), Math.max(0, to - items.length)),
      ...(from === 0 && freshness !== undefined && { freshness }),
      ...(from === 0 && fabric !== undefined && { fabric }),
    };
    // The name and the type of the items come from the same entry of LIST_RPCS, which the compiler cannot follow.
    return encode(response, part as Messages[typeof response]);
  });
}

/** As encodeListing, of a list of the fabric; the first message has the ages. */
export function* encodeFabricListing<Name extends FabricListName>(
  name: Name,
  { items, gaps, fabric }: FabricListing<FabricItemOf<Name>>,
): Generator<Uint8Array> {
  const response = `nsatlas.v1.List${FABRIC_RPCS[name]}Response` as MessageName;
  yield* split(items.length + gaps.length, (from, to) => {
    const part = {
      items: items.slice(from, to),
      gaps: gaps.slice(Math.max(0, from - items.length), Math.max(0, to - items.length)),
      ...(from === 0 && fabric !== undefined && name !== 'hosts' && { fabric }),
    };
    return encode(response, part as Messages[typeof response]);
  });
}

/** What a snapshot has besides its namespaces, as messages of its stream. At least one; the first has the host if there is one. */
export function encodeSnapshotHead({ host, networks, gaps }: Omit<SnapshotPart, 'namespaces'>): Generator<Uint8Array> {
  return split(networks.length + gaps.length, (from, to) =>
    encode('nsatlas.v1.HostSnapshot', {
      ...(from === 0 && host !== undefined && { host }),
      namespaces: [],
      networks: networks.slice(from, to),
      gaps: gaps.slice(Math.max(0, from - networks.length), Math.max(0, to - networks.length)),
    }),
  );
}

/**
 * A namespace with some of its rows as messages of a snapshot's stream.
 * @param first whether it is the first message of the namespace; later ones have only rows
 */
export function encodeNetnsPart(netns: Netns, first: boolean): Generator<Uint8Array> {
  const { interfaces } = netns;
  return encodeNetns(
    first ? netns : { ...laterPart(netns), interfaces, ...(eachSection((section) => netns[section]) as Sections) },
  );
}

/** What is known of the tables of a namespace after all, in place of what was sent with its first part. */
export function encodeStatuses(id: string, tables: readonly TableStatus[]): Uint8Array {
  const netns = { ...laterPart({ id }), tables: [...tables] };
  return encode('nsatlas.v1.HostSnapshot', { namespaces: [netns], networks: [], gaps: [] });
}

const ROWS = ['interfaces', ...SECTIONS] as const;

function encodeNetns(netns: Netns): Generator<Uint8Array> {
  const count = ROWS.reduce((sum, rows) => sum + netns[rows].length, 0);
  return split(count, (from, to) => {
    let start = 0;
    const part: Netns = { ...(from === 0 ? netns : laterPart(netns)) };
    for (const rows of ROWS) {
      const all: readonly unknown[] = netns[rows];
      Object.assign(part, { [rows]: all.slice(Math.max(0, from - start), Math.max(0, to - start)) });
      start += all.length;
    }
    return encode('nsatlas.v1.HostSnapshot', { namespaces: [part], networks: [], gaps: [] });
  });
}

/** A part without anything but its id: zero values are not on the wire. */
function laterPart({ id }: Pick<Netns, 'id'>): Netns {
  const zero = { role: 'ROLE_UNSPECIFIED' as Netns['role'], status: 'READ_STATUS_UNSPECIFIED' as Netns['status'] };
  return { id, dev: 0, paths: [], pids: [], joined: [], tables: [], interfaces: [], ...zero, ...noRows() };
}

/** Halves a range until each part is small enough. Always makes the first part, so that an empty answer is a message, too. */
function* split(count: number, encodeRange: (from: number, to: number) => Uint8Array): Generator<Uint8Array> {
  const ranges: [number, number][] = [[0, count]];
  for (let range = ranges.pop(); range !== undefined; range = ranges.pop()) {
    const [from, to] = range;
    const part = to - from > MAX_PART_ROWS ? undefined : encodeRange(from, to);
    if (part !== undefined && (part.length <= MAX_PART_BYTES || to - from <= 1)) {
      yield part;
      continue;
    }
    const middle = (from + to) >>> 1;
    ranges.push([middle, to], [from, middle]);
  }
}
