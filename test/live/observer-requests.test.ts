// The requests that read a part of a table, and those about ids, as this kernel answers them.
import t from 'tap';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DumpDecoder } from '../support/dump.js';
import type { NetnsReader } from '../../src/native/types.js';
import * as requests from '../support/requests.js';
import { guardHygiene } from '../support/hygiene.js';
import { testReader } from '../support/native-addon.js';
import { withoutPreload } from '../support/native-namespaces.js';
import { type ScratchNetns, Scratch } from '../support/netns.js';
import { closeListeners, giveIds, Listener, placeOf } from '../support/observer.js';
import { ROOT } from '../support/root.js';

t.setTimeout(0);

const ENODEV = 19;
const EEXIST = 17;
const EINVAL = 22;

/** Sends one request in a namespace. @returns what it answered, and errno of the end */
async function ask(reader: NetnsReader, path: string, bytes: Uint8Array): Promise<{ decoder: DumpDecoder; errno: number }> {
  const decoder = new DumpDecoder();
  let errno = -1;
  await reader.read(
    { requests: [{ bytes }], targets: [{ path, requests: [0] }] },
    {
      datagram: (_target, _request, view, start, end) => decoder.datagram(view, start, end),
      requestEnd: (_target, _request, ended) => (errno = ended),
    },
  );
  assert.deepEqual(decoder.errors, []);
  return { decoder, errno };
}

/** Two bridges with a port each (2 to 5: br0, br1, va, vb), and rows of every table on all of them. */
function furnish(netns: ScratchNetns): void {
  netns.ipBatch(['link add br0 index 2 type bridge', 'link add br1 index 3 type bridge']);
  netns.ipBatch(['link add va index 4 type veth peer name vb index 5', 'link set va master br0', 'link set vb master br1']);
  netns.ipBatch(['br0', 'br1', 'va', 'vb'].map((name) => `link set ${name} up`));
  for (const [at, name] of ['br0', 'br1'].entries()) {
    netns.ipBatch([`addr add 10.${at}.0.1/24 dev ${name}`, `addr add fd00:${at}::1/64 dev ${name} nodad`]);
    netns.ip(`neigh add 10.${at}.0.9 lladdr 02:00:00:00:00:09 dev ${name} nud permanent`);
    netns.ip(`neigh add fd00:${at}::9 lladdr 02:00:00:00:00:09 dev ${name} nud permanent`);
  }
  for (const name of ['va', 'vb']) netns.exec(['bridge', 'fdb', 'add', '02:00:00:00:00:01', 'dev', name, 'master', 'static']);
}

t.test('requests for a part', async (t) => {
  let reader: NetnsReader | undefined;
  t.afterEach(() => {
    reader?.close();
    closeListeners();
  });
  guardHygiene(t);

  t.test('of a table give the rows of that interface, all of them and no others', async (t) => {
    const netns = Scratch.create(t).netns();
    furnish(netns);
    reader = testReader();
    const all = {
      links: (await ask(reader, netns.path, requests.dumpLinks({ counters: false }))).decoder.links,
      addresses: (await ask(reader, netns.path, requests.dumpAddresses())).decoder.addresses,
      neighbors: (await ask(reader, netns.path, requests.dumpNeighbors())).decoder.neighbors,
      fdb: (await ask(reader, netns.path, requests.dumpFdb())).decoder.fdb,
    };
    for (const ifindex of [1, 2, 3, 4, 5]) {
      const link = await ask(reader, netns.path, requests.getLink(ifindex));
      const name = (record: { name?: unknown; ifindex: number } | undefined): unknown[] => [record?.ifindex, record?.name];
      t.strictSame([link.errno, link.decoder.links.length], [0, 1]);
      t.strictSame(name(link.decoder.links[0]), name(all.links.find((row) => row.ifindex === ifindex)));
      const addresses = await ask(reader, netns.path, requests.dumpAddresses(ifindex));
      const neighbors = await ask(reader, netns.path, requests.dumpNeighbors(ifindex));
      const fdb = await ask(reader, netns.path, requests.dumpFdb(ifindex));
      t.strictSame([addresses.errno, neighbors.errno, fdb.errno], [0, 0, 0]);
      const keys = (rows: readonly { readonly ifindex: number }[]): string[] => rows.map((row) => rowKey(row)).sort();
      const own = <Row extends { readonly ifindex: number }>(rows: readonly Row[]): Row[] =>
        rows.filter((row) => row.ifindex === ifindex);
      t.strictSame(keys(addresses.decoder.addresses), keys(own(all.addresses)));
      // Multicast addresses (NOARP) are made by the kernel meanwhile.
      const lasting = (row: { readonly state: string }): boolean => row.state !== 'NOARP';
      t.strictSame(keys(neighbors.decoder.neighbors.filter(lasting)), keys(own(all.neighbors).filter(lasting)));
      // Of a bridge the kernel gives more than its own rows: whoever asked for one interface leaves the others'.
      t.strictSame(keys(own(fdb.decoder.fdb)), keys(own(all.fdb)));
    }
    t.ok(all.addresses.length >= 6 && all.neighbors.length >= 4 && all.fdb.length >= 4, 'too few rows: this proves nothing');
  });

  t.test('of a table say what they say of an interface that is gone', async (t) => {
    const netns = Scratch.create(t).netns();
    reader = testReader();
    const gone = 77;
    t.equal((await ask(reader, netns.path, requests.getLink(77))).errno, ENODEV);
    t.equal((await ask(reader, netns.path, requests.dumpAddresses(gone))).errno, ENODEV);
    // Of these nothing, as if it were there and had no rows.
    for (const bytes of [requests.dumpFdb(gone), requests.dumpNeighbors(gone)]) {
      const { errno, decoder } = await ask(reader, netns.path, bytes);
      t.strictSame([errno, decoder.rows], [0, 0]);
    }
  });

  t.test('of the ids: one dump in the observer namespace pairs those of a namespace with the observer’s', async (t) => {
    const scratch = Scratch.create(t);
    const [asker, one, two, stranger] = [scratch.netns(), scratch.netns(), scratch.netns(), scratch.netns()];
    const listener = new Listener();
    reader = listener.reader;
    const there = { path: asker.path, identity: { dev: asker.dev, ino: asker.ino } };
    t.strictSame(await giveIds(reader, there, [one, two, stranger], 30), [0, 0, 0]);
    const place = placeOf(listener.observer);
    await listener.listenTo([asker, one, two], 0);
    t.strictSame(await giveIds(reader, place, [one], 9), [EEXIST], 'a second id');
    t.strictSame(await giveIds(reader, place, [stranger], 1), [EEXIST], 'an id that is taken');
    const own = await ask(reader, place.path, requests.dumpNsids());
    t.strictSame([own.errno, own.decoder.nsids.map(({ nsid }) => nsid)], [0, [0, 1, 2]]);
    const { errno, decoder } = await ask(reader, place.path, requests.dumpNsids({ targetNsid: 0 }));
    t.equal(errno, 0);
    const pairs = decoder.nsids.map(({ nsid, currentNsid }) => [nsid, currentNsid]);
    t.strictSame(pairs, [
      [30, 1],
      [31, 2],
      [32, undefined],
    ]);
    // The id of nobody.
    t.equal((await ask(reader, place.path, requests.dumpNsids({ targetNsid: 99 }))).errno, EINVAL);
  });
});

t.test('the C++ that walks events', async (t) => {
  t.test('passes every seed of its fuzzer', async (t) => {
    const seeds = readdirSync(join(ROOT, 'test', 'fixtures', 'fuzz-events')).length;
    const script = join(ROOT, 'scripts', 'fuzz-native.mjs');
    const said = execFileSync(process.execPath, [script, 'events', '--replay'], { env: withoutPreload(), encoding: 'utf8' });
    t.equal(said, `events: ${seeds} seeds replayed\n`);
  });
});

/** What makes a row of any table the same row: everything but its ages. */
function rowKey(row: object): string {
  const counted = /[aA]ge|[cC]ache|[lL]ifetime|[uU]sed|[uU]pdated|[cC]onfirmed|stamp|probes/;
  const said = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);
  return JSON.stringify(Object.fromEntries(Object.entries(row).filter(([key]) => !counted.test(key))), said);
}
