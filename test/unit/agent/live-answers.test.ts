import assert from 'node:assert/strict';
import t from 'tap';
import { liveList, liveSnapshot } from '../../../src/serve/answers.js';
import { onlyTables, selectSnapshot } from './narrow.js';
import { LISTS, type ListName } from '../../../src/model/lists.js';
import type { Selector } from '../../../src/model/select.js';
import type { HostSnapshot, Listing, Table } from '../../../src/model/types.js';
import { ALL_TABLES, SECTIONS } from '../../../src/tables/index.js';
import { decode } from '../../../src/wire/codec.js';
import { mergeListing, SnapshotMerger } from '../../../src/wire/merge.js';
import { LIST_RPCS } from '../../../src/wire/messages.js';
import { sampleSnapshot } from '../../support/sample.js';
import { withFdb } from './fake-host.js';
import { FakeLive } from './fake-live.js';

/** The sample with gaps of all sorts, and with a namespace that is large for parts of two rows. */
function host(): { live: FakeLive; snapshot: HostSnapshot } {
  const sample = sampleSnapshot();
  sample.gaps = [
    { status: 'FAILED', netnsId: 'net:[20]', table: 'FDB', message: 'a' },
    { status: 'DENIED', netnsId: 'net:[30]', message: 'b' },
    { status: 'FAILED', table: 'ROUTES', netnsId: 'net:[30]', message: 'c' },
    { status: 'FAILED', path: '/x', message: 'd' },
  ];
  sample.namespaces.push(withFdb(77, 23));
  const live = new FakeLive(sample);
  live.partRows = 2;
  return { live, snapshot: withoutIds(live.snapshot()) };
}

/** Ids of rows are for those who watch. */
function withoutIds(snapshot: HostSnapshot): HostSnapshot {
  for (const netns of snapshot.namespaces)
    for (const section of SECTIONS) netns[section] = netns[section].map(({ rowId: _id, ...row }) => row) as never;
  return snapshot;
}

/** A clock by which every step takes long: then each part is a message of its own. */
function slowly(): () => number {
  let at = 0;
  return () => (at += 10);
}

const SELECTORS: readonly Selector[] = [
  {},
  { roles: ['OVERLAY'] },
  { netns: ['net:[999]'] },
  { kinds: ['vxlan'] },
  { kinds: ['veth'], roles: ['HOST', 'CONTAINER'] },
  { vnis: [4097] },
  { interfaces: ['eth0', 'veth9'] },
  { macs: ['02:42:0a:00:01:07'] },
  { ips: ['10.0.1.2', '192.168.0.2'] },
  { containers: ['app_web.1.x'] },
];

for (const name of Object.keys(LISTS) as ListName[]) {
  t.test(`${name} of a live host, part by part, is ${name} of its snapshot`, async (t) => {
    const { live, snapshot } = host();
    for (const selector of SELECTORS) {
      const messages = [...liveList(name, { live, selector, now: slowly(), freshness: live.freshness() })].filter(
        (step) => step !== undefined,
      );
      const parts = messages.map((bytes) => decode(`nsatlas.v1.List${LIST_RPCS[name]}Response`, bytes) as Listing<unknown>);
      const { freshness, ...listing } = mergeListing(parts);
      const { tables } = LISTS[name];
      t.strictSame(listing, LISTS[name].list(onlyTables(snapshot, tables), selector), JSON.stringify(selector));
      t.equal(freshness?.mode, 'EVENTS');
      t.ok(parts[0]?.freshness !== undefined && parts.slice(1).every((part) => part.freshness === undefined));
    }
  });
}

t.test('a snapshot of a live host, part by part, is its snapshot', async (t) => {
  const { live, snapshot } = host();
  for (const tables of [ALL_TABLES, ['LINKS', 'ADDRESSES', 'NSIDS', 'FDB']] satisfies (readonly Table[])[]) {
    for (const selector of SELECTORS) {
      const merger = new SnapshotMerger();
      for (const step of liveSnapshot(tables, { live, selector, now: slowly() }))
        if (step !== undefined) merger.add(decode('nsatlas.v1.HostSnapshot', step));
      t.strictSame(merger.finish(), selectSnapshot(onlyTables(snapshot, tables), selector), JSON.stringify(selector));
    }
  }
});

t.test('vxlans counts the rows that lead to a VTEP, of any part, and no others', async (t) => {
  const { live } = host();
  const id = 'net:[20]';
  const [row] = live.snapshot().namespaces.find((netns) => netns.id === id)?.fdb ?? [];
  assert.ok(row?.dst !== undefined);
  const { dst: _dst, ...local } = row;
  for (let more = 0; more < 5; more++) live.addRow('fdb', row);
  live.addRow('fdb', local);
  const steps = [...liveList('vxlans', { live, selector: {}, now: slowly() })];
  const items = steps.flatMap((step) => (step === undefined ? [] : decode('nsatlas.v1.ListVxlansResponse', step).items));
  t.strictSame(
    items.map(({ fdbEntries }) => fdbEntries),
    [6],
  );
});

t.test('pairs that are pulled apart while the list is made are told as they are in the end', async (t) => {
  let told = 0;
  for (let cut = 0; cut < 12; cut++) {
    const { live } = host();
    const steps = liveList('veths', { live, selector: {}, now: slowly() });
    for (let taken = 0; taken < cut; taken++) steps.next();
    const veths = live.snapshot().namespaces.flatMap(({ interfaces }) => interfaces.filter(({ veth }) => veth !== undefined));
    for (const link of veths) {
      if (link.netnsId === 'net:[30]') live.dropLink(link.netnsId, link.ifindex, true);
      else live.setLink({ ...link, veth: { status: 'PEER_NOT_VISIBLE' } }, true);
    }
    live.commit();
    const items = [...steps].flatMap((step) =>
      step === undefined ? [] : decode('nsatlas.v1.ListVethPairsResponse', step).items,
    );
    t.ok(
      items.every(({ status, b }) => (status === 'PAIRED') === (b !== undefined)),
      JSON.stringify(items),
    );
    told += items.length;
  }
  t.ok(told > 0);
});
