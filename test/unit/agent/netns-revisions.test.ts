import t from 'tap';
import { liveView } from '../../../src/serve/view.js';
import { NetnsRevisions } from '../../../src/serve/netns-revisions.js';
import { FABRIC_TABLES, FabricMemory } from '../../../src/fabric/index.js';
import type { Table } from '../../../src/model/types.js';
import { fabricOf } from '../../support/fabric-hosts.js';
import { fakeLink, fakeNetns } from './fake-host.js';
import { FakeLive } from './fake-live.js';

const TABLES: readonly Table[] = ['LINKS', 'FDB'];

function neighbor(netnsId: string): ReturnType<typeof fakeNetns>['neighbors'][number] {
  return { netnsId, ifindex: fakeLink(netnsId, 1).ifindex, ip: '10.0.0.1', state: 'STALE', rawState: 4, flags: [] };
}

t.test('revisions of namespaces', async (t) => {
  t.test('stay when something changes elsewhere, or in a table that was not asked for', async (t) => {
    const live = new FakeLive({ namespaces: [fakeNetns(1), fakeNetns(2)] });
    const revisions = new NetnsRevisions(live, TABLES);
    const all = (): string[] => live.keys().map((key) => revisions.of(key));
    const [first, second] = all();
    live.setLink(fakeLink('net:[1]', 7));
    const later = all();
    t.not(later[0], first);
    t.equal(later[1], second);
    live.addRow('neighbors', neighbor('net:[1]'));
    live.setGaps([]);
    t.strictSame(all(), later);
    const { tables } = live.head(live.keys()[0]!)!;
    live.setHead('net:[1]', { tables: tables.map((table) => ({ ...table, rows: 99 })) });
    t.strictSame(all(), later, 'the number of rows alone says nothing');
    live.setHead('net:[1]', {
      tables: tables.map((table) => ({ ...table, status: table.table === 'ROUTES' ? 'FAILED' : 'OK' })),
    });
    t.strictSame(all(), later, 'a table that was not asked for');
    const status = new NetnsRevisions(live, TABLES, ['ROUTES']);
    const [before] = live.keys().map((key) => status.of(key));
    live.setHead('net:[1]', { tables });
    t.not(status.of(live.keys()[0]!), before, 'a table of which the status was asked for');
    live.setHead('net:[1]', { tables: tables.map((table) => ({ ...table, status: 'FAILED' })) });
    t.not(all()[0], later[0]);
  });

  t.test('change with the namespace itself, its links and its rows, also when they go', async (t) => {
    const live = new FakeLive({ namespaces: [fakeNetns(1)] });
    const revisions = new NetnsRevisions(live, TABLES);
    const [key = 0] = live.keys();
    const row = { ...neighbor('net:[1]'), mac: '02:00:00:00:00:01', dst: '192.0.2.1' };
    let rowId = 0;
    const changes: (() => void)[] = [
      () => live.setHead('net:[1]', { networkName: 'app' }),
      () => live.setLink(fakeLink('net:[1]', 7)),
      () => live.dropLink('net:[1]', 7),
      () => (rowId = live.addRow('fdb', row)),
      () => live.dropRow('fdb', 'net:[1]', rowId),
    ];
    for (const [at, change] of changes.entries()) {
      const before = revisions.of(key);
      change();
      t.not(revisions.of(key), before, `change ${at}`);
      t.equal(revisions.of(key), revisions.of(key));
    }
  });

  t.test('are others for another namespace, and with another epoch', async (t) => {
    const live = new FakeLive({ namespaces: [fakeNetns(1)] }, 'epoch-1');
    const other = new FakeLive({ namespaces: [fakeNetns(1)] }, 'epoch-2');
    const [key = 0] = live.keys();
    t.not(new NetnsRevisions(live, TABLES).of(key), new NetnsRevisions(other, TABLES).of(key));
    t.equal(live.made, 0, 'nothing is decoded for it');
  });

  t.test('let the fabric read again only what changed', async (t) => {
    const vxlan = fakeLink('net:[1]', 2, { kind: 'vxlan', vxlan: { vni: 42, dstPort: 4789 } });
    const live = new FakeLive({ namespaces: [fakeNetns(1, { interfaces: [vxlan] }), fakeNetns(2)] });
    const [memory, revisions] = [new FabricMemory(), new NetnsRevisions(live, FABRIC_TABLES)];
    const members = (): number => {
      const view = liveView(live, { selector: {}, tables: FABRIC_TABLES, revisions });
      const host = { view, name: 'node-1', engines: [], networks: [], revision: `${live.revision}` };
      return fabricOf([host], memory).overlays.flatMap((overlay) => overlay.members).length;
    };
    t.equal(members(), 1);
    const made = live.made;
    live.addRow('neighbors', neighbor('net:[1]'));
    t.equal(members(), 1);
    t.equal(live.made, made);
    live.setLink({ ...vxlan, ifindex: fakeLink('net:[2]', 9).ifindex, netnsId: 'net:[2]' });
    t.equal(members(), 2);
    live.remove('net:[1]');
    t.equal(members(), 1);
  });
});
