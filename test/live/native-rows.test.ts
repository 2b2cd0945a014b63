// Remembered rows, on the real kernel.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { encodeRowFormats } from '../../src/native/row-formats.js';
import { LITTLE_ENDIAN } from '../../src/netlink/attributes.js';
import type { AttributeFilter, FilterChoice, NetlinkRequest, NetnsReader, RowFormat } from '../../src/native/types.js';
import { guardHygiene } from '../support/hygiene.js';
import { testAddon } from '../support/native-addon.js';
import { dump, getLink, message, NLM_F_REQUEST, RTM_GETLINK, RTM_GETNEIGHTBL } from '../support/native-requests.js';
import { readAll } from '../support/native-records.js';
import {
  ADDRESSES,
  addressRows,
  failed,
  LINKS,
  linkRows,
  NEIGHBOR_HEADS,
  neighborRows,
  NEIGHBORS,
  rowReader,
  TableKeeper,
  told,
} from '../support/native-rows.js';
import { Scratch, type ScratchNetns } from '../support/netns.js';

t.setTimeout(0);

guardHygiene(t);

const ENODEV = 19;
const EOPNOTSUPP = 95;
const NTF_PROXY = 8;
/** Offset of ndm_state in struct ndmsg, and a state. // linux/neighbour.h */
const NDM_STATE = 8;
const NUD_PERMANENT = 0x80;

const scratch = Scratch.create({ after: (fn) => t.after(fn) });
let reader: NetnsReader;
let keeper: TableKeeper;

t.beforeEach(() => {
  reader = rowReader();
  keeper = new TableKeeper();
});

t.afterEach(() => reader.close());

/** A namespace with veths a0 to a3 and their peers, all down: nothing changes in it by itself. Ifindexes 2 to 9. */
function quietNetns(): ScratchNetns {
  const netns = scratch.netns();
  netns.ipBatch([0, 1, 2, 3].map((at) => `link add a${at} type veth peer name b${at}`));
  return netns;
}

/** A namespace with permanent neighbours on a0. */
function netnsWithNeighbors(count: number): ScratchNetns {
  const netns = quietNetns();
  netns.ipBatch(neighbors(count, (at) => `add ${address(at)} lladdr 02:00:00:00:00:01 dev a0 nud permanent`));
  return netns;
}

function neighbors(count: number, line: (at: number) => string): string[] {
  return Array.from({ length: count }, (_, at) => `neigh ${line(at)}`);
}

function address(at: number): string {
  return `10.1.${at >> 8}.${at & 255}`;
}

/** What a reader that knows nothing is told of a table. */
async function freshRows(path: string, request: NetlinkRequest): Promise<string[]> {
  const fresh = rowReader();
  const fullKeeper = new TableKeeper();
  await fullKeeper.read(fresh, path, 1, [request]);
  fresh.close();
  return fullKeeper.rows(request.rows?.format ?? -1);
}

t.test('all rows are told at first, and nothing of tables that did not change', async (t) => {
  const { path } = quietNetns();
  t.strictSame(await keeper.read(reader, path, 1, [linkRows, addressRows]), [told(9, 0), told(2, 0)]);
  for (let again = 0; again < 3; again++) {
    t.strictSame(await keeper.read(reader, path, 1, [linkRows, addressRows]), [told(0, 0), told(0, 0)]);
  }
  t.strictSame([...(keeper.tables.get(LINKS)?.keys() ?? [])], [0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

t.test('a row is a message’s payload without what its filter leaves out', async (t) => {
  const { path } = quietNetns();
  const filters = { keep: new Map([[3, 'whole' as const]]), others: false };
  const named = rowReader([{ headerBytes: 16, filter: filters, ordered: true, ifindexAt: 4 }]);
  await keeper.read(named, path, 1, [linkRows]);
  named.close();
  const rows = keeper.rows(LINKS).map((row) => Buffer.from(row, 'hex'));
  const names = rows.map((row) => [row.readInt32LE(4), row.readUInt16LE(18), row.toString('utf8', 20, row.indexOf(0, 20))]);
  const expected = ['lo', 'b0', 'a0', 'b1', 'a1', 'b2', 'a2', 'b3', 'a3'].map((name, at) => [at + 1, 3, name]);
  t.strictSame(names, expected);
});

t.test(
  'the timers of a bridge are left out by a filter that its kind chooses, and a link of another kind is whole',
  async (t) => {
    const netns = quietNetns();
    netns.ipBatch(['link add br0 type bridge', 'link set a0 master br0', 'link set br0 up', 'link set a0 up', 'link set b0 up']);
    // IFLA_LINKINFO: INFO_KIND and INFO_DATA; of a bridge's, IFLA_BR_FORWARD_DELAY.
    const data = { by: 1, filters: new Map([['bridge', { keep: new Map([[1, 'whole' as const]]) }]]) };
    const linkInfo = {
      keep: new Map<number, 'whole' | FilterChoice>([
        [2, data],
        [1, 'whole'],
      ]),
    };
    const filter = { keep: new Map<number, 'whole' | AttributeFilter>([[18, linkInfo]]) };
    const chooser = rowReader([{ headerBytes: 16, filter, ordered: true, ifindexAt: 4 }]);
    await keeper.read(chooser, netns.path, 1, [linkRows]);
    chooser.close();
    const rows = keeper.rows(LINKS).map((row) => row.slice(2 * 16));
    const kind = `0b000100${Buffer.from('bridge\0\0').toString('hex')}`;
    const delay = rows.at(-1)?.slice(-8);
    t.equal(rows.at(-1), `1c001200${kind}0c00020008000100${delay}`);
    const veth = `09000100${Buffer.from('veth\0\0\0\0').toString('hex')}`;
    t.equal(rows[1], `10001200${veth}`);
  },
);

t.test('one changed row of many is removed and added in its slot', async (t) => {
  const netns = netnsWithNeighbors(2000);
  t.strictSame(await keeper.read(reader, netns.path, 1, [neighborRows()]), [told(2000, 0)]);
  netns.ip(`neigh replace ${address(777)} lladdr 02:00:00:00:00:99 dev a0 nud permanent`);
  t.strictSame(await keeper.read(reader, netns.path, 1, [neighborRows()]), [told(1, 1)]);
  t.equal(Math.max(...(keeper.tables.get(NEIGHBORS)?.keys() ?? [])), 1999);
  const others = [3, 1400].map((at) => `neigh replace ${address(at)} lladdr 02:00:00:00:00:98 dev a0 nud permanent`);
  netns.ipBatch(others);
  t.strictSame(await keeper.read(reader, netns.path, 1, [neighborRows()]), [told(2, 2)]);
  netns.ip(`neigh del ${address(5)} dev a0`);
  t.strictSame(await keeper.read(reader, netns.path, 1, [neighborRows()]), [told(0, 1)]);
  t.strictSame(keeper.rows(NEIGHBORS).sort(), (await freshRows(netns.path, neighborRows())).sort());
});

t.test('a changed link keeps its place in an ordered table, which a new one at the end does not disturb', async (t) => {
  const netns = quietNetns();
  await keeper.read(reader, netns.path, 1, [linkRows]);
  netns.ip('link set a1 mtu 1400');
  t.strictSame(await keeper.read(reader, netns.path, 1, [linkRows]), [told(1, 1, 1)]);
  t.strictSame(keeper.rows(LINKS), await freshRows(netns.path, linkRows));
  netns.ip('link add br0 type bridge');
  t.strictSame(await keeper.read(reader, netns.path, 1, [linkRows]), [told(1, 0)]);
  netns.ip('link del a2');
  t.strictSame(await keeper.read(reader, netns.path, 1, [linkRows]), [told(0, 2)]);
  t.strictSame(keeper.rows(LINKS), await freshRows(netns.path, linkRows));
});

t.test('one interface is read by itself and the rest of its tables stays', async (t) => {
  const netns = quietNetns();
  const one = { ...getLink(5), rows: { format: LINKS, ifindex: 5, emptyErrno: ENODEV } };
  await keeper.read(reader, netns.path, 1, [linkRows]);
  t.strictSame(await keeper.read(reader, netns.path, 1, [one]), [told(0, 0)]);
  netns.ipBatch(['link set a1 mtu 1400', 'link set a2 mtu 1300']);
  t.strictSame(await keeper.read(reader, netns.path, 1, [one]), [told(1, 1, 1)]);
  t.strictSame(await keeper.read(reader, netns.path, 1, [linkRows]), [told(1, 1, 1)]);
  t.strictSame(keeper.rows(LINKS), await freshRows(netns.path, linkRows));
  // Rows of other interfaces in an answer are not looked at.
  netns.ip('link set b3 mtu 1200');
  const filtered = { ...dump(RTM_GETLINK), rows: { format: LINKS, ifindex: 5 } };
  t.strictSame(await keeper.read(reader, netns.path, 1, [filtered]), [told(0, 0)]);
  t.strictSame(await keeper.read(reader, netns.path, 1, [linkRows]), [told(1, 1, 1)]);
});

t.test(
  'an interface that is gone is an empty answer where the request says so, else a failure that changes nothing',
  async (t) => {
    const netns = quietNetns();
    const rows = { format: LINKS, ifindex: 5 };
    await keeper.read(reader, netns.path, 1, [linkRows]);
    netns.ip('link del a1');
    t.strictSame(await keeper.read(reader, netns.path, 1, [{ ...getLink(5), rows }]), [failed(ENODEV)]);
    const empty = { ...getLink(5), rows: { ...rows, emptyErrno: ENODEV } };
    t.strictSame(await keeper.read(reader, netns.path, 1, [empty]), [told(0, 1)]);
    t.strictSame(await keeper.read(reader, netns.path, 1, [empty]), [told(0, 0)]);
    t.strictSame(await keeper.read(reader, netns.path, 1, [linkRows]), [told(0, 1)]);
  },
);

t.test('requests that complete each other are compared together, and one that fails spoils them', async (t) => {
  const netns = netnsWithNeighbors(3);
  netns.ip('neigh add proxy 10.2.0.1 dev a0');
  const first = neighborRows({ format: NEIGHBORS, more: true });
  const proxies = neighborRows({ format: NEIGHBORS }, NTF_PROXY);
  t.strictSame(await keeper.read(reader, netns.path, 1, [first, proxies]), [told(0, 0), told(4, 0)]);
  t.strictSame(await keeper.read(reader, netns.path, 1, [first, proxies]), [told(0, 0), told(0, 0)]);
  netns.ip(`neigh del ${address(0)} dev a0`);
  const refused = { bytes: message(RTM_GETNEIGHTBL, NLM_F_REQUEST, new Uint8Array(12)) };
  t.strictSame(await keeper.read(reader, netns.path, 1, [first, { ...refused, rows: { format: NEIGHBORS } }]), [
    told(0, 0),
    failed(EOPNOTSUPP),
  ]);
  const refusedFirst = { ...refused, rows: { format: NEIGHBORS, more: true } };
  t.strictSame(await keeper.read(reader, netns.path, 1, [refusedFirst, proxies]), [failed(EOPNOTSUPP), failed(EOPNOTSUPP)]);
  t.strictSame(await keeper.read(reader, netns.path, 1, [first, proxies]), [told(0, 0), told(0, 1)]);
});

t.test('namespaces and formats have tables of their own, and raw requests go on among them', async (t) => {
  const [one, other] = [quietNetns(), netnsWithNeighbors(2)];
  await keeper.read(reader, one.path, 1, [linkRows, neighborRows()]);
  const elsewhere = new TableKeeper();
  t.strictSame(await elsewhere.read(reader, other.path, 2, [linkRows, neighborRows()]), [told(9, 0), told(2, 0)]);
  t.strictSame(await keeper.read(reader, one.path, 1, [linkRows, neighborRows()]), [told(0, 0), told(0, 0)]);
  const requests = [linkRows, dump(RTM_GETLINK), addressRows];
  const [record] = await readAll(reader, { requests, targets: [{ path: one.path, key: 1, requests: [0, 1, 2] }] });
  assert.ok(record !== undefined && record.datagrams.length > 0 && record.datagrams.every(({ request }) => request === 1));
  t.strictSame(
    record.ends.map(({ request, errno }) => [request, errno]),
    [
      [1, 0],
      [0, 0],
      [2, 0],
    ],
  );
});

t.test('what is forgotten is told again as a whole', async (t) => {
  const { path } = quietNetns();
  await keeper.read(reader, path, 1, [linkRows]);
  await new TableKeeper().read(reader, path, 2, [linkRows]);
  reader.forget(1);
  t.strictSame(await new TableKeeper().read(reader, path, 1, [linkRows]), [told(9, 0)]);
  // In the midst of a job: before the next one.
  const running = new TableKeeper().read(reader, path, 1, [linkRows]);
  reader.forget(1);
  await running;
  t.strictSame(await new TableKeeper().read(reader, path, 1, [linkRows]), [told(9, 0)]);
  t.strictSame(await new TableKeeper().read(reader, path, 2, [linkRows]), [told(0, 0)]);
});

t.test('a job whose visitor threw has told nothing', async (t) => {
  const netns = netnsWithNeighbors(500);
  await keeper.read(reader, netns.path, 1, [linkRows, neighborRows()]);
  netns.ip(`neigh replace ${address(7)} lladdr 02:00:00:00:00:99 dev a0 nud permanent`);
  const job = { requests: [linkRows, neighborRows()], targets: [{ path: netns.path, key: 1, requests: [0, 1] }] };
  const thrower = {
    rowAdded: (): never => {
      throw new Error('on purpose');
    },
  };
  await t.rejects(reader.read(job, thrower), /on purpose/);
  t.strictSame(await new TableKeeper().read(reader, netns.path, 1, job.requests), [told(9, 0), told(500, 0)]);
  // Thrown with everything told and remembered, too.
  const late = {
    targetEnd: (): never => {
      throw new Error('on purpose');
    },
  };
  await t.rejects(reader.read(job, late), /on purpose/);
  t.strictSame(await new TableKeeper().read(reader, netns.path, 1, job.requests), [told(9, 0), told(500, 0)]);
});

t.test('a table larger than many batches is whole, whatever the size of a batch', async (t) => {
  const netns = netnsWithNeighbors(3000);
  const whole = new Map<number, TableKeeper>();
  for (const batchBytes of [1, 100, 4096, 131072]) {
    const some = new TableKeeper();
    whole.set(batchBytes, some);
    t.strictSame(await some.read(reader, netns.path, batchBytes, [neighborRows()], { batchBytes }), [told(3000, 0)]);
    t.equal(new Set(some.rows(NEIGHBORS)).size, 3000);
  }
  netns.ip('link del a0');
  for (const [batchBytes, some] of whole) {
    t.strictSame(await some.read(reader, netns.path, batchBytes, [neighborRows()], { batchBytes }), [told(0, 3000)]);
  }
});

t.test('rows are told when the namespace was left: nobody who listens slowly keeps one alive', async (t) => {
  const netns = netnsWithNeighbors(1000);
  const lives = scratch.canary(netns);
  let rows = 0;
  const sleep = new Int32Array(new SharedArrayBuffer(4));
  await reader.read(
    { requests: [neighborRows()], targets: [{ path: netns.path, key: 1, requests: [0] }], batchBytes: 1 },
    {
      rowAdded: (_target, _request, _slot, view, start) => {
        // The canary's link is up, and the kernel resolves multicast addresses for it.
        if (view.getUint16(start + NDM_STATE, LITTLE_ENDIAN) !== NUD_PERMANENT || ++rows > 1) return;
        netns.remove();
        const limit = performance.now() + 3000;
        while (lives() && performance.now() < limit) Atomics.wait(sleep, 0, 0, 5);
        assert.equal(lives(), false);
      },
    },
  );
  t.equal(rows, 1000);
});

t.test('wrong requests for rows and wrong formats are a TypeError with a code', async (t) => {
  const path = '/proc/self/ns/net';
  const withRows = (rows: unknown): NetlinkRequest => ({ ...dump(RTM_GETLINK), rows: rows as never });
  const wrong: [NetlinkRequest[], number | undefined][] = [
    [[linkRows], undefined],
    [[linkRows], 0],
    [[linkRows], 2 ** 31],
    [[linkRows], 1.5],
    [[withRows({ format: 9 })], 1],
    [[withRows({ format: -1 })], 1],
    [[withRows({ format: LINKS, ifindex: 0.5 })], 1],
    [[withRows({ format: LINKS, emptyErrno: 5000 })], 1],
    [[withRows({ format: LINKS, more: true })], 1],
    [[withRows({ format: LINKS, more: true }), addressRows], 1],
    [[withRows({ format: LINKS, more: true }), dump(RTM_GETLINK)], 1],
    [[withRows({ format: LINKS, more: true }), withRows({ format: LINKS, ifindex: 2 })], 1],
  ];
  for (const [requests, key] of wrong) {
    const job = {
      requests,
      targets: [{ path, requests: requests.map((_, index) => index), ...(key === undefined ? {} : { key }) }],
    };
    await t.rejects(
      reader.read(job, {}),
      { name: 'TypeError', code: 'ERR_NSATLAS_ARGUMENT' },
      JSON.stringify([requests[0]?.rows, key]),
    );
  }
  for (const key of [0, -1, 2 ** 31, Number.NaN]) t.throws(() => reader.forget(key), { code: 'ERR_NSATLAS_ARGUMENT' });
  const noIfindex = rowReader([{ headerBytes: 16, filter: { keep: new Map() }, ordered: false }]);
  const job = { requests: [withRows({ format: 0, ifindex: 2 })], targets: [{ path, requests: [0], key: 1 }] };
  await t.rejects(noIfindex.read(job, {}), { code: 'ERR_NSATLAS_ARGUMENT' });
  noIfindex.close();
});

t.test('the addon refuses what is no row format', async (t) => {
  const nested = (depth: number): AttributeFilter => ({ keep: depth === 1 ? new Map() : new Map([[1, nested(depth - 1)]]) });
  const plain = { headerBytes: 16, filter: nested(1), ordered: true, ifindexAt: 4 };
  rowReader([{ ...plain, filter: nested(8) }]).close();
  const wrong: RowFormat[] = [
    { ...plain, filter: nested(9) },
    { ...plain, headerBytes: 6 },
    { ...plain, headerBytes: 4 },
    { ...plain, headerBytes: 1024 },
    { ...plain, filter: { keep: new Map([[16384, 'whole']]) } },
  ];
  for (const each of wrong) t.throws(() => rowReader([each]), { name: 'TypeError', code: 'ERR_NSATLAS_ARGUMENT' });
  const image = encodeRowFormats([{ ...plain, filter: nested(3) }]);
  for (let length = 0; length < image.length; length++) {
    t.throws(() => testAddon().open(image.slice(0, length)), { name: 'TypeError', code: 'ERR_NSATLAS_ARGUMENT' });
  }
  // Numbers that name nothing: a nest that contains itself, a root that is not there.
  for (const [at, value] of [
    [9, (1 << 2) | 2],
    [15, 3],
  ] as const) {
    const broken = new Uint32Array(image.slice().buffer);
    broken[at] = value;
    t.throws(() => testAddon().open(new Uint8Array(broken.buffer)), { code: 'ERR_NSATLAS_ARGUMENT' }, `word ${at}`);
  }
});

t.test('whatever happens to a table, what was told of it is what is there', async (t) => {
  const netns = quietNetns();
  const requests = [neighborRows(), neighborRows({ format: NEIGHBOR_HEADS })];
  const change = fc.record({ at: fc.nat(11), mac: fc.nat(2), gone: fc.boolean(), dev: fc.constantFrom('a0', 'a1') });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(change, { maxLength: 8 }), { minLength: 1, maxLength: 6 }), async (steps) => {
      for (const step of steps) {
        for (const { at, mac, gone, dev } of step) {
          const known = netns.ip(`neigh show ${address(at)} dev ${dev}`) !== '';
          if (gone && known) netns.ip(`neigh del ${address(at)} dev ${dev}`);
          if (!gone) netns.ip(`neigh replace ${address(at)} lladdr 02:00:00:00:00:0${mac} dev ${dev} nud permanent`);
        }
        await keeper.read(reader, netns.path, 1, requests);
        for (const request of requests) {
          const format = request.rows?.format ?? -1;
          const [kept, fresh] = [keeper.rows(format), await freshRows(netns.path, request)];
          assert.deepEqual(format === NEIGHBOR_HEADS ? kept : kept.sort(), format === NEIGHBOR_HEADS ? fresh : fresh.sort());
          const slots = [...(keeper.tables.get(format)?.keys() ?? [])];
          assert.ok(
            slots.every((slot) => slot < 24),
            'slots are used again',
          );
        }
      }
    }),
    { numRuns: 8 },
  );
  t.equal(keeper.rows(ADDRESSES).length, 0);
});
