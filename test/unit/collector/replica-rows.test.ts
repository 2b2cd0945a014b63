import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { Budget } from '../../../src/collector/replica/budget.js';
import { LinkPool } from '../../../src/collector/replica/links.js';
import { ShapePool } from '../../../src/collector/replica/shapes.js';
import { RowTable } from '../../../src/collector/replica/table.js';
import type { FdbEntry, Ifindex, Interface, Neighbor, Route } from '../../../src/model/types.js';
import { type Row, type Section, SECTIONS } from '../../../src/tables/index.js';
import { fakeLink } from '../agent/fake-host.js';
import { fdb, link as fullLink, neighbor, route, ROWS } from '../wire/maximal-model.js';

const ID = 'net:[1]';
const MIB = 1024 * 1024;

function makeTable(section: Section, bytes = 64 * MIB): { table: RowTable; shapes: ShapePool; budget: Budget } {
  const budget = new Budget(bytes);
  const shapes = new ShapePool(budget);
  return { table: new RowTable(section, { budget, shapes }), shapes, budget };
}

function allOf(table: RowTable, since = -1): Row[] {
  const rows: Row[] = [];
  table.read(0, { since, end: table.length, most: Infinity }, ID, rows);
  return rows;
}

const address = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom(
    '::',
    '::1',
    '1::',
    'fd00::1:0:0:1',
    '1:0:0:2:0:0:0:3',
    '1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7::',
    '0:0::1',
    '1::2::3',
  ),
  fc.constantFrom(
    '::ffff:10.0.0.1',
    '255.255.255.255',
    '256.1.1.1',
    '1.2.3',
    '01.2.3.4',
    '1.2.3.4.5',
    '',
    'fe80::1%eth0',
    'FD00::1',
  ),
  fc.string({ unit: 'binary' }),
);
const mac = fc.oneof(
  fc.stringMatching(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/),
  fc.constantFrom('', '02:42:0A:00:00:01', '02-42-0a-00-00-01', '00:00:00:00:fe:80:00:00:00:00:00:00', '0g:00:00:00:00:00'),
  fc.string({ unit: 'binary' }),
);
const number = fc.nat() as fc.Arbitrary<number & Ifindex>;
const text = fc.string({ unit: 'binary' });
const common = { state: text, rawState: number, flags: fc.array(text, { maxLength: 3 }) };

const fdbRow = fc.record(
  {
    ifindex: number,
    ...common,
    mac,
    dst: address,
    ifname: text,
    vni: number,
    vlan: number,
    masterIfindex: number,
    protocol: text,
  },
  { requiredKeys: ['ifindex', 'state', 'rawState', 'flags'] },
) as fc.Arbitrary<Omit<FdbEntry, 'netnsId'>>;
const neighborRow = fc.record(
  { ifindex: number, ...common, ip: address, mac, ifname: text, probes: number },
  { requiredKeys: ['ifindex', 'state', 'rawState', 'flags', 'ip'] },
) as fc.Arbitrary<Omit<Neighbor, 'netnsId'>>;
const prefix = fc.oneof(
  address,
  fc.tuple(address, text).map(([ip, rest]) => `${ip}/${rest}`),
  fc.constant('default'),
);
const routeRow = fc.record(
  {
    ...{ family: text, table: number, dst: prefix, type: text, scope: text, protocol: text, flags: common.flags },
    nextHops: fc.array(
      fc.record({ gateway: address, ifindex: number, weight: number, flags: common.flags }, { noNullPrototype: true }),
      { maxLength: 2 },
    ),
    metrics: fc.dictionary(fc.oneof(text, fc.constantFrom('mtu', '__proto__')), number, { maxKeys: 2, noNullPrototype: true }),
    ifindex: number,
    gateway: address,
  },
  { requiredKeys: ['family', 'table', 'dst', 'type', 'scope', 'protocol', 'flags', 'nextHops', 'metrics'] },
) as fc.Arbitrary<Omit<Route, 'netnsId'>>;

for (const [section, row] of [
  ['fdb', fdbRow],
  ['neighbors', neighborRow],
  ['routes', routeRow],
] as const) {
  t.test(`rows of ${section} are read exactly as they were told, whatever is in them`, async () => {
    fc.assert(
      fc.property(fc.array(row as fc.Arbitrary<object>, { maxLength: 40 }), (told) => {
        const { table } = makeTable(section);
        const rows = told.map((each, rowId) => ({ ...each, netnsId: ID, rowId }) as Row);
        for (const each of rows) assert.equal(table.put(each, 1), 'changed');
        assert.deepEqual(allOf(table), rows);
        for (const each of rows) assert.equal(table.put(each, 2), 'known');
      }),
      { numRuns: 200 },
    );
  });
}

t.test('every field that the model has of a row and of an interface is kept', async (t) => {
  const full = { fdb, neighbors: neighbor, routes: route };
  for (const [section, told] of Object.entries(full) as [Section, Row][]) {
    const { table } = makeTable(section);
    const row = { ...told, netnsId: ID };
    t.equal(table.put(row, 1), 'changed');
    t.strictSame(allOf(table), [{ ...row, rowId: 0 }]);
  }
  const links = new LinkPool(new Budget(MIB));
  const { counters: _c, nameBytes: _n, aliasBytes: _a, infoData: _i, ...plain } = fullLink;
  for (const told of [fullLink, plain] as Interface[]) {
    const kept = links.encode(told);
    assert.ok(kept !== undefined && (kept.base === undefined) === (told === fullLink));
    t.strictSame(links.decode(kept), told);
  }
});

t.test('interfaces are read exactly as they were told, and share what they have in common', async (t) => {
  const links = new LinkPool(new Budget(MIB));
  const record = fc.dictionary(fc.oneof(text, fc.constantFrom('bridge_id', 'id', 'no', '__proto__', 'toString')), text, {
    noNullPrototype: true,
  });
  const bytes = fc.dictionary(text, fc.uint8Array({ maxLength: 3 }), { maxKeys: 2, noNullPrototype: true });
  const more = { name: text, alias: text, mtu: number, attributes: record, portAttributes: record, unknownAttributes: bytes };
  fc.assert(
    fc.property(fc.array(fc.record(more, { requiredKeys: [] })), (all) => {
      const told = all.map((each, at) => fakeLink(ID, at + 1, each));
      const kept = told.map((link) => links.encode(link));
      assert.deepEqual(
        kept.map((each) => each && links.decode(each)),
        told,
      );
      for (const each of kept) if (each !== undefined) links.release(each);
      assert.equal(links.count, 0);
    }),
    { numRuns: 200 },
  );
  for (let at = 1; at <= 100; at++)
    links.encode(fakeLink(ID, at, { mac: `02:42:00:00:00:${at}`, portAttributes: { no: `${at}`, cost: '2' } }));
  t.equal(links.count, 1);
});

t.test('an IPv4 row in the place of an IPv6 row is found again by its content', async (t) => {
  const { table } = makeTable('neighbors');
  const row = (ip: string, rowId: number): Neighbor => ({
    netnsId: ID,
    ifindex: 1 as Ifindex,
    ip,
    state: 'STALE',
    rawState: 4,
    flags: [],
    rowId,
  });
  table.put(row('fd00::1', 0), 1);
  table.put(row('fd00::2', 1), 1);
  table.remove(0, 2);
  table.put(row('10.0.0.1', 7), 3);
  table.resync();
  t.strictSame([table.put(row('fd00::2', 5), 4), table.put(row('10.0.0.1', 6), 4)], ['known', 'known']);
  table.settle(4);
  t.equal(table.count, 2);
  t.strictSame(table.removedAfter(1, ID), [row('fd00::1', 0)]);
});

const MACS = (at: number): string =>
  `02:42:00:${[at >> 16, at >> 8, at].map((byte) => (byte & 255).toString(16).padStart(2, '0')).join(':')}`;
const plainRow = (at: number, more: Partial<FdbEntry> = {}): FdbEntry => ({
  netnsId: ID,
  ifindex: 4 as Ifindex,
  ifname: 'vxlan0',
  mac: MACS(at),
  dst: '192.0.2.1',
  state: 'PERMANENT',
  rawState: 0x80,
  flags: ['SELF'],
  rowId: at,
  ...more,
});

t.test('100,000 rows cost less than 40 bytes each, and nothing is left of them when they are gone', async (t) => {
  const { table, budget, shapes } = makeTable('fdb');
  const left = budget.left;
  for (let at = 0; at < 100_000; at++) table.put(plainRow(at), 1);
  t.ok((left - budget.left) / 100_000 < 40, `${(left - budget.left) / 100_000} bytes`);
  t.strictSame([shapes.count, table.count], [1, 100_000]);
  t.strictSame(allOf(table)[77_777], plainRow(77_777));
  for (let at = 0; at < 100_000; at++) table.remove(at, 2);
  t.equal(table.count, 0);
  table.clear();
  t.strictSame([budget.left, shapes.count], [left, 0]);
});

t.test(
  'rows with ids from all over, with a million different texts or without an id end at the budget, not at the memory',
  async (t) => {
    const { table, budget } = makeTable('fdb', MIB);
    t.equal(table.put((({ rowId: _none, ...row }) => row)(plainRow(1)), 1), 'refused');
    let at = 0;
    while (table.put(plainRow(at, { rowId: 2 ** 32 - 1 - 4099 * at }), 1) === 'changed') at++;
    t.ok(at > 5000 && at < 20_000, `${at} rows in 1 MiB`);
    table.clear();
    at = 0;
    while (table.put(plainRow(at, { ifname: `${'x'.repeat(1000)}${at}` }), 1) === 'changed') at++;
    t.ok(at > 100 && at < 1000, `${at} texts in 1 MiB`);
    // What there is room for is still taken, and what is there is still right.
    t.equal(table.put(plainRow(0, { ifname: `${'x'.repeat(1000)}0` }), 2), 'known');
    t.equal(allOf(table).length, at);
    table.clear();
    t.equal(budget.left, MIB);
  },
);

t.test('a row that is told in a way for which there is no room is not left as it was', async (t) => {
  const { table } = makeTable('fdb', 8000);
  table.put(plainRow(1), 1);
  t.equal(table.put(plainRow(1, { ifname: 'x'.repeat(8000) }), 2), 'refused');
  t.strictSame([table.count, table.removedAfter(1, ID).length], [0, 1]);
});

t.test('50,000 equal rows that are told again cost no more time than different ones', async (t) => {
  const { table } = makeTable('fdb');
  for (let at = 0; at < 50_000; at++) table.put(plainRow(1, { rowId: at }), 1);
  const start = process.cpuUsage().user;
  table.resync();
  for (let at = 0; at < 50_000; at++) table.put(plainRow(1, { rowId: at }), 2);
  table.settle(2);
  // A look at each pair would be minutes.
  t.ok(process.cpuUsage().user - start < 5_000_000);
  t.equal(table.count, 50_000);
});

t.test('a row of every table with every field set is kept and read as it was, and found again by its content', async (t) => {
  for (const section of SECTIONS) {
    const { table } = makeTable(section);
    const row: Row = { ...ROWS[section], netnsId: ID, rowId: 0 };
    t.equal(table.put(row, 1), 'changed', section);
    t.strictSame(allOf(table), [row], section);
    t.equal(table.put(row, 2), 'known', section);
    table.resync();
    t.equal(table.put({ ...row, rowId: 7 }, 3), 'known', section);
    table.settle(4);
    t.equal(table.count, 1, section);
  }
});
