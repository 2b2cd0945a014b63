import t from 'tap';
import type { FdbEntry, HostSnapshot, Ifindex } from '../../../src/model/types.js';
import { encodeListing, encodeNetnsPart, encodeSnapshotHead, MAX_PART_BYTES } from '../../../src/wire/chunks.js';
import { decode } from '../../../src/wire/codec.js';
import { fileDescriptors } from '../../../src/wire/descriptors.js';
import { mergeListing, SnapshotMerger } from '../../../src/wire/merge.js';
import { fdb, gap, link, neighbor, netns, network, route, snapshot } from './maximal-model.js';

function merged(whole: HostSnapshot): { whole: HostSnapshot; parts: Uint8Array[] } {
  const merger = new SnapshotMerger();
  const { namespaces, ...head } = whole;
  const parts = [...encodeSnapshotHead(head), ...namespaces.flatMap((one) => [...encodeNetnsPart(one, true)])];
  for (const part of parts) merger.add(decode('nsatlas.v1.HostSnapshot', part));
  return { whole: merger.finish(), parts };
}

const many = <Row>(count: number, row: (at: number) => Row): Row[] => Array.from({ length: count }, (_, at) => row(at));

t.test('a small snapshot is its host and one message for each namespace', async (t) => {
  const whole = { ...snapshot, namespaces: many(5, (at) => ({ ...netns, id: `net:[${at}]` })) };
  const { whole: again, parts } = merged(whole);
  t.strictSame(again, whole);
  t.equal(parts.length, 6);
  t.equal(decode('nsatlas.v1.HostSnapshot', parts[0] ?? new Uint8Array()).host?.id, snapshot.host.id);
});

t.test('a namespace with very many rows of each sort comes in parts that are small enough, and whole', async (t) => {
  const large = {
    ...netns,
    interfaces: many(300, (at) => ({ ...link, ifindex: (at + 1) as Ifindex })),
    fdb: many(5000, (at) => ({ ...fdb, vlan: at })),
    neighbors: many(3000, (at) => ({ ...neighbor, ip: `10.0.${at >> 8}.${at & 255}` })),
    routes: many(2000, (at) => ({ ...route, metric: at })),
  };
  const whole = {
    ...snapshot,
    namespaces: [netns, large, { ...netns, id: 'net:[3]' }].map((one, at) => ({ ...one, id: `net:[${at}]` })),
  };
  const { whole: again, parts } = merged(whole);
  t.strictSame(again, whole);
  t.ok(parts.length > 10);
  t.ok(parts.every((part) => part.length <= MAX_PART_BYTES));
  // Later parts have the id and rows, and nothing else of the namespace.
  const later = decode('nsatlas.v1.HostSnapshot', parts[4] ?? new Uint8Array()).namespaces[0];
  t.equal(later?.id, 'net:[1]');
  t.strictSame([later?.paths, later?.dev, later?.owner], [[], 0, undefined]);
});

t.test('very many gaps and networks come in parts, too', async (t) => {
  const whole = {
    ...snapshot,
    gaps: many(9000, (at) => ({ ...gap, ifindex: at as Ifindex })),
    networks: many(4000, (at) => ({ ...network, id: `n${at}` })),
  };
  const { whole: again, parts } = merged(whole);
  t.strictSame(again, whole);
  t.ok(parts.every((part) => part.length <= MAX_PART_BYTES));
});

t.test('one row that is too large alone is a message of its own', async (t) => {
  const alias = 'x'.repeat(MAX_PART_BYTES * 2);
  const whole = { ...snapshot, namespaces: [{ ...netns, interfaces: [link, { ...link, alias }, link] }] };
  t.strictSame(merged(whole).whole, whole);
});

t.test('a listing comes in parts and whole, with its gaps, and an empty one is one message', async (t) => {
  const listing = {
    items: many<FdbEntry>(5000, (at) => ({ ...fdb, vlan: at })),
    gaps: many(3000, (at) => ({ ...gap, ifindex: at as Ifindex })),
  };
  const parts = [...encodeListing('fdb', listing)];
  t.ok(parts.length > 5 && parts.every((part) => part.length <= MAX_PART_BYTES));
  t.strictSame(mergeListing(parts.map((part) => decode('nsatlas.v1.ListFdbResponse', part))), listing);
  const empty = [...encodeListing('fdb', { items: [], gaps: [] })];
  t.equal(empty.length, 1);
});

t.test('parts are made as they are asked for, not all at once', async (t) => {
  let read = 0;
  const rows = many(20_000, () => fdb);
  const slices = { length: rows.length, slice: (from: number, to: number) => ((read += to - from), rows.slice(from, to)) };
  const parts = encodeListing('fdb', { items: slices as unknown as FdbEntry[], gaps: [] });
  parts.next();
  t.ok(read < 2000, `${read} rows were encoded for the first part`);
});

t.test('a stream without its host is no snapshot', async (t) => {
  const merger = new SnapshotMerger();
  merger.add({ namespaces: [], gaps: [], networks: [] });
  t.throws(() => merger.finish(), /host: is missing/);
});

t.test('the descriptors that are served are whole files, dependencies first', async (t) => {
  const files = fileDescriptors();
  const text = files.map((file) => file.toString('latin1'));
  const at = (name: string): number => text.findIndex((file) => file.slice(2, 2 + name.length) === name);
  t.ok(at('google/protobuf/timestamp.proto') >= 0);
  t.ok(at('google/protobuf/timestamp.proto') < at('nsatlas/v1/model.proto'));
  t.ok(at('nsatlas/v1/model.proto') < at('nsatlas/v1/agent.proto'));
  t.ok(at('grpc/reflection/v1alpha/reflection.proto') >= 0);
});
