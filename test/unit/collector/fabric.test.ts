import t from 'tap';
import { fabricList, fabricOf } from '../../../src/collector/serve/fabric.js';
import { finish } from '../../../src/fabric/index.js';
import type { ReadStatus } from '../../../src/model/types.js';
import { fakeLink, fakeNetns } from '../agent/fake-host.js';
import type { FakeLive } from '../agent/fake-live.js';
import { FakeMembers } from './fake-members.js';

const ID = 'net:[1]';
const VXLAN = fakeLink(ID, 2, { kind: 'vxlan', vxlan: { vni: 42, dstPort: 4789 } });

function setup(): { live: FakeLive; members: FakeMembers; neighbors: () => string[] | undefined } {
  const members = new FakeMembers();
  const live = members.add('h1', [fakeNetns(1, { interfaces: [VXLAN] }), fakeNetns(2)]);
  const neighbors = (): string[] | undefined => {
    const rows = finish(fabricOf(members)).overlays[0]!.members[0]!.rows('neighbors');
    return rows === undefined ? undefined : [...rows].flat().map(({ ip }) => ip);
  };
  return { live, members, neighbors };
}

function neighbor(ip: string) {
  return { netnsId: ID, ifindex: VXLAN.ifindex, ip, state: 'STALE', rawState: 4, flags: [] };
}

t.test('the fabric of a collector', async (t) => {
  t.test('has neighbours as they are, although no join is made because of them', async (t) => {
    const { live, members, neighbors } = setup();
    live.addRow('neighbors', neighbor('10.0.0.1'));
    const { overlays } = finish(fabricOf(members));
    live.addRow('neighbors', neighbor('10.0.0.2'));
    t.equal(finish(fabricOf(members)).overlays, overlays);
    t.strictSame(neighbors(), ['10.0.0.1', '10.0.0.2']);
  });

  t.test('never shows neighbours that could not be read as none', async (t) => {
    const { live, neighbors } = setup();
    t.strictSame(neighbors(), []);
    const { tables } = live.head(live.keys()[0]!)!;
    const set = (status: ReadStatus): void =>
      live.setHead(ID, { tables: tables.map((table) => ({ ...table, status: table.table === 'NEIGHBORS' ? status : 'OK' })) });
    set('INTERRUPTED');
    t.equal(neighbors(), undefined);
    set('OK');
    t.strictSame(neighbors(), []);
  });

  t.test('is read once for all who ask', async (t) => {
    const { live, members } = setup();
    finish(fabricOf(members));
    const { made } = live;
    t.equal([...fabricList('overlays', members, {})].flat().length, 1);
    t.equal(live.made, made);
  });
});
