import t from 'tap';
import { eachSection, noRemovals, noRows } from '../../../src/tables/index.js';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { FdbEntry, HostSnapshot, Ifindex, Neighbor, NetnsChange, Route } from '../../../src/model/types.js';
import { fakeLink, fakeNetns, withFdb } from '../agent/fake-host.js';
import { FakeLive } from '../agent/fake-live.js';
import { TestReader, unordered } from '../agent/watch-rig.js';
import { makeReplica, sameForAll, snapshotOf, TestLink } from './replica-rig.js';

const ifindex = 1 as Ifindex;

const emptyChange: Omit<NetnsChange, 'netns'> = {
  whole: false,
  removedIfindexes: [],
  interfaces: [],
  ...noRows(),
  ...noRemovals(),
};

/** A replica that was told everything. */
function drained(agent: FakeLive): TestLink {
  const link = new TestLink(agent);
  link.drain();
  return link;
}

type Edit = { do: (typeof KINDS)[number]; n: number; m: number };

const KINDS = [
  'add',
  'remove',
  'replace',
  'head',
  'link',
  'dropLink',
  'row',
  'dropRow',
  'gap',
  'fresh',
  // The agent loses its history, its connection or its life.
  'forget',
  'reconnect',
  'restart',
  // How far the replica and those who read it have come.
  'follow',
  'read',
  'return',
] as const;

const edits: fc.Arbitrary<Edit[]> = fc.array(fc.record({ do: fc.constantFrom(...KINDS), n: fc.nat(3), m: fc.nat(40) }), {
  maxLength: 120,
});

const SECTIONS = ['fdb', 'neighbors', 'routes'] as const;
const MACS = ['02:42:00:00:00:01', '02:42:00:00:00:02', 'not a MAC', '02:42:00:00:00:0A', undefined];
const IPS = ['10.0.0.1', 'fd00::1', 'fd00:0::1', '010.0.0.1', '::', '::ffff:10.0.0.1', ''];

/** Few different ones, so that there are equal ones and ones that come again. */
function rowOf(section: (typeof SECTIONS)[number], netnsId: string, m: number): FdbEntry | Neighbor | Route {
  const mac = MACS[m % MACS.length];
  const ip = IPS[m % IPS.length] ?? '';
  const common = { netnsId, ifindex, ...(mac !== undefined && { mac }), state: m % 2 ? 'STALE' : 'PERMANENT', rawState: m % 2 };
  if (section === 'fdb') return { ...common, flags: m % 3 ? ['SELF'] : [], ...(m % 4 > 0 && { dst: ip }) };
  if (section === 'neighbors') return { ...common, flags: [], ip };
  const rest = { type: 'unicast', scope: 'global', protocol: 'static', flags: [], nextHops: [], metrics: { mtu: m % 2 } };
  return { netnsId, ifindex, family: 'inet', table: 254, dst: m % 5 ? `${ip}/${m}` : 'default', ...rest };
}

/** What an edit does to the agent's host; several in a row are one revision when `hold`. */
function edit(agent: FakeLive, { do: what, n, m }: Edit): void {
  const id = `net:[${n}]`;
  const has = agent.ids().includes(id);
  const hold = m % 3 === 0;
  const section = SECTIONS[m % 3] ?? 'fdb';
  const cookie = BigInt(agent.revision + 1);
  if (what === 'add' && !has) agent.add({ ...withFdb(n, m % 5), ...(m % 4 > 0 && { cookie }) }, hold);
  if (!has) return;
  if (what === 'remove' || what === 'replace') agent.remove(id, hold);
  if (what === 'replace') agent.add({ ...fakeNetns(n), ...(m % 4 > 0 && { cookie }) }, hold);
  if (what === 'head') agent.setHead(id, { pids: [m], role: m % 2 === 0 ? 'HOST' : 'OTHER' }, hold);
  if (what === 'link') agent.setLink(fakeLink(id, (m % 4) + 1, { mtu: m }), hold);
  if (what === 'dropLink') agent.dropLink(id, (m % 4) + 1, hold);
  if (what === 'row') agent.addRow(section, rowOf(section, id, m), hold);
  const ids = agent.ids().includes(id) ? agent.rowIds(section, id) : [];
  if (what === 'dropRow' && ids.length > 0) agent.dropRow(section, id, ids[m % ids.length] ?? 0, hold);
  if (what === 'gap') agent.setGaps([{ status: 'FAILED', netnsId: id, message: `${m}` }], hold);
  if (what === 'fresh') agent.setFreshness({ lostEvents: m }, hold);
}

/** The same host in a new process: nothing is where it was, and the rows have other ids. */
function restarted(agent: FakeLive, epoch: string): FakeLive {
  const snapshot = agent.snapshot();
  const turned = (netns: HostSnapshot['namespaces'][number]): typeof netns => ({
    ...netns,
    interfaces: [...netns.interfaces].reverse(),
    fdb: [...netns.fdb].reverse(),
    neighbors: [...netns.neighbors].reverse(),
    routes: [...netns.routes].reverse(),
  });
  const again = new FakeLive({ ...snapshot, namespaces: snapshot.namespaces.map(turned).reverse() }, epoch);
  again.partRows = agent.partRows;
  again.setFreshness(agent.freshness());
  return again;
}

t.test(
  'after any changes, stalls, restarts and reconnects a replica is what its agent tells, and so are those who read it',
  async () => {
    fc.assert(
      fc.property(edits, (all) => {
        let agent = new FakeLive({ namespaces: [withFdb(1, 9), fakeNetns(2, { role: 'CONTAINER' })] });
        agent.partRows = 2;
        let link = new TestLink(agent);
        link.drain();
        const { replica, merger } = link;
        let reader = new TestReader(replica);
        for (const [at, each] of all.entries()) {
          if (each.do === 'follow') for (let steps = 0; steps < each.m && link.step(); steps++);
          else if (each.do === 'read') for (let steps = 0; steps < each.m && reader.step(); steps++);
          else if (each.do === 'return')
            reader = new TestReader(replica, { after: reader.merger.cursor }, { merger: reader.merger });
          else if (each.do === 'reconnect') link = new TestLink(agent, { replica, merger });
          else if (each.do === 'forget') agent.forgetHistory();
          else if (each.do === 'restart') {
            agent = restarted(agent, `agent-${at}`);
            link = new TestLink(agent, { replica, merger });
          } else edit(agent, each);
        }
        agent.commit();
        link.drain();
        reader.drain();
        assert.deepEqual(sameForAll(snapshotOf(replica)), sameForAll(merger.snapshot()));
        assert.deepEqual(sameForAll(snapshotOf(replica)), sameForAll(agent.snapshot()));
        assert.deepEqual(unordered(reader.merger.snapshot()), unordered(snapshotOf(replica)));
        assert.deepEqual(replica.counts, merger.counts);
        assert.deepEqual(replica.cursor, merger.cursor);
        assert.ok(replica.synced && reader.merger.synced);
      }),
      { numRuns: 150 },
    );
  },
);

t.test('an agent that is merely restarted changes nothing for those who read the replica', async (t) => {
  const agent = new FakeLive({ namespaces: [withFdb(1, 300), fakeNetns(2)] });
  for (let m = 0; m < 40; m++) for (const section of SECTIONS) agent.addRow(section, rowOf(section, 'net:[1]', m));
  const link = new TestLink(agent);
  link.drain();
  const { replica, merger } = link;
  const reader = new TestReader(replica);
  reader.drain();
  const { revision } = replica;
  new TestLink(restarted(agent, 'agent-2'), { replica, merger }).drain();
  t.equal(replica.cursor?.epoch, 'agent-2');
  t.equal(replica.revision, revision);
  t.strictSame(reader.drain(), []);
});

t.test(
  'while a restarted agent tells everything anew nothing that was known is missing, and what it does not tell again is gone at the mark',
  async (t) => {
    const agent = new FakeLive({ namespaces: [withFdb(1, 20), withFdb(2, 20)] });
    agent.partRows = 3;
    const first = new TestLink(agent);
    first.drain();
    const { replica, merger } = first;
    const before = replica.counts;
    agent.remove('net:[2]', true);
    agent.dropRow('fdb', 'net:[1]', agent.rowIds('fdb', 'net:[1]')[0] ?? 0, true);
    agent.dropLink('net:[1]', 1);
    for (const stopAfter of [3, 9, undefined]) {
      // The connection is lost in the midst of it, twice.
      const link = new TestLink(restarted(agent, `agent-${stopAfter}`), { replica, merger });
      for (let steps = 0; steps !== stopAfter && link.step(); steps++)
        if (!replica.synced) t.strictSame(replica.counts, before, `after ${steps} steps`);
    }
    t.strictSame(replica.counts, { namespaces: 1, interfaces: 0, ...eachSection(() => 0), fdb: 19 });
  },
);

t.test('a namespace that was being told whole when the agent began anew keeps what it had until the mark', async (t) => {
  const { replica } = drained(new FakeLive({ namespaces: [withFdb(1, 20)] }));
  const { cursor, counts } = replica;
  assert.ok(cursor !== undefined);
  replica.apply({ cursor, netns: { ...emptyChange, netns: fakeNetns(1), whole: true } });
  replica.apply({ cursor: { epoch: 'agent-2', revision: 0n }, restart: { reason: 'the agent was restarted' } });
  t.strictSame(replica.counts, counts);
});

t.test('rows keep their ids over a restart of the agent, and a new row has none that a reader knows', async (t) => {
  const agent = new FakeLive({ namespaces: [withFdb(1, 10)] });
  const first = new TestLink(agent);
  first.drain();
  const { replica, merger } = first;
  const ids = (): Map<string, number> =>
    new Map(snapshotOf(replica).namespaces[0]?.fdb.map(({ mac = '', rowId = -1 }) => [mac, rowId]));
  const before = ids();
  const again = restarted(agent, 'agent-2');
  again.addRow('fdb', rowOf('fdb', 'net:[1]', 2));
  new TestLink(again, { replica, merger }).drain();
  const after = ids();
  for (const [mac, id] of before) t.equal(after.get(mac), id);
  t.equal(new Set(after.values()).size, 11);
});

t.test('a namespace of another cookie is another one, and the end of the one before does not end it', async (t) => {
  const replica = makeReplica();
  const cursor = { epoch: 'a', revision: 1n };
  const tell = (cookie: bigint): void =>
    replica.apply({ cursor, netns: { ...emptyChange, whole: true, netns: { ...fakeNetns(1), cookie } } });
  tell(1n);
  const [first] = replica.keys();
  tell(2n);
  const [second] = replica.keys();
  replica.apply({ cursor, removed: { id: 'net:[1]', cookie: 1n, netnsName: '1' } });
  t.not(first, second);
  t.strictSame(replica.keys(), [second]);
});

t.test('the first that is told of a namespace after a restart stands for all of it, also where it does not say so', async (t) => {
  const agent = new FakeLive({ namespaces: [withFdb(1, 5)] });
  const { replica } = drained(agent);
  const cursor = { epoch: 'agent-2', revision: 0n };
  replica.apply({ cursor, restart: { reason: 'the agent was restarted' } });
  replica.apply({
    cursor,
    netns: { ...emptyChange, netns: fakeNetns(1), fdb: [{ ...rowOf('fdb', 'net:[1]', 1), rowId: 3 } as FdbEntry] },
  });
  replica.apply({ cursor: { ...cursor, revision: 1n }, synced: { freshness: agent.freshness() } });
  t.strictSame(replica.counts, { namespaces: 1, interfaces: 0, ...eachSection(() => 0), fdb: 1 });
});

t.test('the host namespace comes first, then they come by inode', async (t) => {
  const agent = new FakeLive({ namespaces: [fakeNetns(30), fakeNetns(4), fakeNetns(20, { role: 'HOST' }), fakeNetns(100)] });
  const { replica } = drained(agent);
  const order = (): (string | undefined)[] => replica.keys().map((key) => replica.head(key)?.id);
  t.strictSame(order(), ['net:[20]', 'net:[4]', 'net:[30]', 'net:[100]']);
});

t.test('the freshness of a silent agent grows old', async (t) => {
  const clock = { ms: 1000 };
  const replica = makeReplica({ clock });
  t.equal(replica.freshness().ageMs, 0);
  const freshness = { mode: 'EVENTS' as const, ageMs: 5, rescanMs: 60_000, lostEvents: 0, interruptedDumps: 0 };
  replica.received();
  replica.apply({ cursor: { epoch: 'a', revision: 1n }, synced: { freshness } });
  clock.ms += 200;
  t.strictSame(replica.freshness(), { ...freshness, ageMs: 205 });
  // As it was told.
  t.strictSame(replica.reported, freshness);
  replica.received();
  t.strictSame(replica.freshness(), freshness);
});

t.test('those who listen are called once for each commit, and not where nothing changed', async (t) => {
  const agent = new FakeLive({ namespaces: [withFdb(1, 3)] });
  const { replica, events } = drained(agent);
  let calls = 0;
  const end = replica.subscribe(() => calls++);
  for (const event of events) replica.apply(event);
  replica.commit();
  t.equal(calls, 0, 'what is told twice is nothing new');
  const cursor = { epoch: 'a', revision: 9n };
  replica.apply({ cursor: replica.cursor ?? cursor, removed: { id: 'net:[1]', netnsName: '1' } });
  replica.commit();
  t.equal(calls, 0, 'more of the change is to come');
  replica.apply({ cursor, netns: { ...emptyChange, netns: fakeNetns(2) } });
  const { revision } = replica;
  replica.commit();
  t.strictSame([calls, replica.revision], [1, revision + 1]);
  end();
});

t.test('a reader is told of addresses only when it asks for them', async (t) => {
  const { replica } = drained(new FakeLive({ namespaces: [fakeNetns(1)] }));
  const [key = 0] = replica.keys();
  const [part] = [...replica.parts(key, undefined, ['LINKS'])];
  t.strictSame(part?.interfaces[0]?.addresses, []);
  t.strictSame(
    part?.netns.tables.map(({ table }) => table),
    ['LINKS'],
  );
  t.strictSame(replica.interfaceOf('net:[1]', 1), fakeLink('net:[1]', 1));
});

t.test('a reader of whom more removals were missed than are remembered is told the namespace whole', async (t) => {
  const agent = new FakeLive({ namespaces: [withFdb(1, 2000)] });
  const link = new TestLink(agent);
  link.drain();
  const { replica } = link;
  const { revision } = replica;
  const [key = 0] = replica.keys();
  const since = (): boolean | undefined => [...replica.parts(key, revision, ['FDB'])][0]?.whole;
  const ids = agent.rowIds('fdb', 'net:[1]');
  for (const id of ids.slice(0, 200)) agent.dropRow('fdb', 'net:[1]', id, true);
  agent.commit();
  link.drain();
  t.equal(since(), false);
  for (const id of ids.slice(200)) agent.dropRow('fdb', 'net:[1]', id, true);
  agent.commit();
  link.drain();
  t.equal(since(), true);
});

t.test('an event that cannot be kept leaves counts and readers right, and asks for the full state', async (t) => {
  const agent = new FakeLive({ namespaces: [withFdb(1, 2)] });
  const link = drained(agent);
  const { replica } = link;
  const [key] = replica.keys();
  assert.ok(key !== undefined);
  const { revision, counts } = replica;
  const netns = replica.head(key);
  assert.ok(netns !== undefined);
  const good = { ...withFdb(1, 3).fdb.at(-1), netnsId: netns.id, rowId: 77 } as FdbEntry;
  const bad = Object.defineProperty({ ...good, rowId: 78 }, 'mac', {
    get: () => {
      throw new Error('a bug');
    },
  });
  const event = { cursor: { epoch: replica.cursor?.epoch ?? '', revision: 99n } };
  t.throws(() => replica.apply({ ...event, netns: { ...emptyChange, netns, fdb: [good, bad] } }), { message: 'a bug' });
  replica.commit();
  t.equal(replica.cursor, undefined);
  t.strictSame(replica.counts, { ...counts, fdb: counts.fdb + 1 });
  t.strictSame(replica.changesAfter(revision)?.changed, [key]);
  const sent = [...replica.parts(key, revision, ['FDB'])].flatMap(({ fdb }) => fdb);
  t.strictSame(
    sent.map(({ mac }) => mac),
    [good.mac],
  );
});
