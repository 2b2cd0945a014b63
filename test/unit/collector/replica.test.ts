import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FdbEntry, HostSnapshot, Ifindex, Neighbor, Route } from '../../../src/model/types.js';
import { fakeLink, fakeNetns, withFdb } from '../agent/fake-host.js';
import { FakeLive } from '../agent/fake-live.js';
import { TestReader, unordered } from '../agent/watch-rig.js';
import { sameForAll, snapshotOf, TestLink } from './replica-rig.js';

const ifindex = 1 as Ifindex;

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

test('after any changes, stalls, restarts and reconnects a replica is what its agent tells, and so are those who read it', () => {
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
    { numRuns: 400 },
  );
});

test('an agent that is merely restarted changes nothing for those who read the replica', () => {
  const agent = new FakeLive({ namespaces: [withFdb(1, 300), fakeNetns(2)] });
  for (let m = 0; m < 40; m++) for (const section of SECTIONS) agent.addRow(section, rowOf(section, 'net:[1]', m));
  const link = new TestLink(agent);
  link.drain();
  const { replica, merger } = link;
  const reader = new TestReader(replica);
  reader.drain();
  const { revision } = replica;
  new TestLink(restarted(agent, 'agent-2'), { replica, merger }).drain();
  assert.equal(replica.cursor?.epoch, 'agent-2');
  assert.equal(replica.revision, revision);
  assert.deepEqual(reader.drain(), []);
});
