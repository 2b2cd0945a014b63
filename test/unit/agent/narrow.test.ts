import t from 'tap';
import { onlyTables, selectSnapshot } from '../../../src/serve/narrow.js';
import type { Gap, HostSnapshot } from '../../../src/model/types.js';
import { ALL_TABLES } from '../../../src/tables/index.js';
import { fakeLink, fakeNetns, fakeSnapshot, withFdb } from './fake-host.js';

const gapOf = (more: Partial<Gap>): Gap => ({ status: 'DENIED', message: 'm', ...more });

function host(): HostSnapshot {
  const overlay = {
    ...withFdb(2, 3),
    role: 'OVERLAY' as const,
    interfaces: [fakeLink('net:[2]', 1, { kind: 'vxlan', name: 'vxlan0', addressDetails: [], addresses: [] })],
  };
  const gaps = [
    gapOf({ netnsId: 'net:[1]', table: 'FDB' }),
    gapOf({ netnsId: 'net:[2]', table: 'ROUTES' }),
    gapOf({ path: '/x' }),
    gapOf({ netnsId: 'net:[9]' }),
  ];
  return { ...fakeSnapshot([fakeNetns(1), overlay]), gaps };
}

t.test('tables that were not asked for are not in the answer, whoever else asked for them', async (t) => {
  const narrow = onlyTables(host(), ['LINKS']);
  t.strictSame(
    narrow.namespaces.map((netns) => netns.tables.map(({ table }) => table)),
    [['LINKS'], ['LINKS']],
  );
  t.strictSame(narrow.namespaces[1]?.fdb, []);
  t.strictSame(narrow.namespaces[0]?.interfaces[0]?.addresses, []);
  t.equal(narrow.namespaces[0]?.interfaces[0]?.name, 'eth1');
  t.strictSame(
    narrow.gaps.map(({ table, path, netnsId }) => table ?? path ?? netnsId),
    ['/x', 'net:[9]'],
  );
  t.strictSame(onlyTables(host(), ['ROUTES']).namespaces[0]?.interfaces, []);
  const whole = host();
  t.equal(onlyTables(whole, ALL_TABLES), whole);
});

t.test('a selector of namespaces leaves their rows whole, and gaps of others out', async (t) => {
  const chosen = selectSnapshot(host(), { roles: ['OVERLAY'] });
  t.strictSame(
    chosen.namespaces.map((netns) => [netns.id, netns.fdb.length]),
    [['net:[2]', 3]],
  );
  t.strictSame(
    chosen.gaps.map(({ table, path, netnsId }) => table ?? path ?? netnsId),
    ['ROUTES', '/x', 'net:[9]'],
  );
});

t.test('a selector of rows leaves the rows that fit, and the namespaces that have some', async (t) => {
  const chosen = selectSnapshot(host(), { macs: ['02:42:00:00:00:01'] });
  t.strictSame(
    chosen.namespaces.map((netns) => [netns.id, netns.interfaces.length, netns.fdb.length]),
    [['net:[2]', 0, 1]],
  );
  const [row] = chosen.namespaces[0]?.fdb ?? [];
  t.equal(row?.mac, '02:42:00:00:00:01');
  t.equal('netnsName' in (row ?? {}) || 'host' in (row ?? {}), false);
});

t.test('a namespace without a row that fits keeps its gaps', async (t) => {
  const chosen = selectSnapshot(host(), { kinds: ['vxlan'] });
  t.strictSame(
    chosen.namespaces.map((netns) => netns.id),
    ['net:[2]'],
  );
  t.equal(chosen.gaps.length, 4);
});

t.test('an empty selector is the snapshot itself', async (t) => {
  const whole = host();
  t.equal(selectSnapshot(whole, { kinds: [] }), whole);
});
