import type { Listing, Netns, TableStatus } from '../model/types.js';
import { eachSection, noRows, SECTIONS, type Sections } from '../tables/index.js';
import { encode } from './codec.js';
import { type ItemOf, type ListedName, type MessageName, type Messages, RPCS, type SnapshotPart } from './messages.js';

/** What one message of a stream may have, in bytes; one row that alone is larger is a message of its own. */
export const MAX_PART_BYTES = 256 * 1024;

/** Most rows of one message: bounds the time for which encoding keeps everything else waiting. */
const MAX_PART_ROWS = 1000;

/** A listing as the messages of its stream. At least one, also of nothing; the first has the freshness, or the ages of the hosts. */
export function encodeListing<Name extends ListedName>(name: Name, listing: Listing<ItemOf<Name>>): Generator<Uint8Array> {
  const response = `nsatlas.v1.List${RPCS[name]}Response` as MessageName;
  // The name and the type of the items come from the same entry of RPCS, which the compiler cannot follow.
  return inParts(listing, ['items', 'gaps'], {}, (part) => encode(response, part as Messages[typeof response]));
}

/** What a snapshot has besides its namespaces, as messages of its stream. At least one; the first has the host if there is one. */
export function encodeSnapshotHead(head: Omit<SnapshotPart, 'namespaces'>): Generator<Uint8Array> {
  const later = { namespaces: [] };
  return inParts({ ...head, ...later }, ['networks', 'gaps'], later, (part) => encode('nsatlas.v1.HostSnapshot', part));
}

/**
 * A namespace with some of its rows as messages of a snapshot's stream.
 * @param first whether it is the first message of the namespace; later ones have only rows
 */
export function encodeNetnsPart(netns: Netns, first: boolean): Generator<Uint8Array> {
  const { interfaces } = netns;
  const later = laterPart(netns);
  const model = first ? netns : { ...later, interfaces, ...(eachSection((section) => netns[section]) as Sections) };
  return inParts(model, ['interfaces', ...SECTIONS], later, encodeNetns);
}

/** What is known of the tables of a namespace after all, in place of what was sent with its first part. */
export function encodeStatuses(id: string, tables: readonly TableStatus[]): Uint8Array {
  return encodeNetns({ ...laterPart({ id }), tables: [...tables] });
}

function encodeNetns(netns: Netns): Uint8Array {
  return encode('nsatlas.v1.HostSnapshot', { namespaces: [netns], networks: [], gaps: [] });
}

/** A part without anything but its id: zero values are not on the wire. */
function laterPart({ id }: Pick<Netns, 'id'>): Netns {
  const zero = { role: 'ROLE_UNSPECIFIED' as Netns['role'], status: 'READ_STATUS_UNSPECIFIED' as Netns['status'] };
  return { id, dev: 0, paths: [], pids: [], joined: [], tables: [], interfaces: [], ...zero, ...noRows() };
}

/**
 * A message whose rows are divided among parts that are small enough, made one by one as they are asked for: the range of rows is halved until
 * its part is. There is always a first part, so that an empty answer is a message, too. One row that alone is larger is a part of its own.
 * @param names of its lists of rows, in the order in which they are sent
 * @param later what the parts after the first have besides rows
 */
export function* inParts<Model extends object>(
  model: Model,
  names: readonly (keyof Model)[],
  later: Partial<Model>,
  encodePart: (part: Model) => Uint8Array,
): Generator<Uint8Array> {
  const lists = names.map((name) => [name, model[name] as readonly unknown[]] as const);
  const count = lists.reduce((sum, [, rows]) => sum + rows.length, 0);
  const partOf = (from: number, to: number): Model => {
    if (to - from === count) return model;
    const part = { ...(from === 0 ? model : later) };
    let start = 0;
    for (const [name, rows] of lists) {
      Object.assign(part, { [name]: rows.slice(Math.max(0, from - start), Math.max(0, to - start)) });
      start += rows.length;
    }
    return part as Model;
  };
  const ranges: [number, number][] = [[0, count]];
  for (let range = ranges.pop(); range !== undefined; range = ranges.pop()) {
    const [from, to] = range;
    const part = to - from > MAX_PART_ROWS ? undefined : encodePart(partOf(from, to));
    if (part !== undefined && (part.length <= MAX_PART_BYTES || to - from <= 1)) {
      yield part;
      continue;
    }
    const middle = (from + to) >>> 1;
    ranges.push([middle, to], [from, middle]);
  }
}
