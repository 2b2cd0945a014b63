import assert from 'node:assert/strict';
import { test } from 'node:test';
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

test('tables that were not asked for are not in the answer, whoever else asked for them', () => {
  const narrow = onlyTables(host(), ['LINKS']);
  assert.deepEqual(
    narrow.namespaces.map((netns) => netns.tables.map(({ table }) => table)),
    [['LINKS'], ['LINKS']],
  );
  assert.deepEqual(narrow.namespaces[1]?.fdb, []);
  assert.deepEqual(narrow.namespaces[0]?.interfaces[0]?.addresses, []);
  assert.equal(narrow.namespaces[0]?.interfaces[0]?.name, 'eth1');
  assert.deepEqual(
    narrow.gaps.map(({ table, path, netnsId }) => table ?? path ?? netnsId),
    ['/x', 'net:[9]'],
  );
  assert.deepEqual(onlyTables(host(), ['ROUTES']).namespaces[0]?.interfaces, []);
  const whole = host();
  assert.equal(onlyTables(whole, ALL_TABLES), whole);
});

test('a selector of namespaces leaves their rows whole, and gaps of others out', () => {
  const chosen = selectSnapshot(host(), { roles: ['OVERLAY'] });
  assert.deepEqual(
    chosen.namespaces.map((netns) => [netns.id, netns.fdb.length]),
    [['net:[2]', 3]],
  );
  assert.deepEqual(
    chosen.gaps.map(({ table, path, netnsId }) => table ?? path ?? netnsId),
    ['ROUTES', '/x', 'net:[9]'],
  );
});

test('a selector of rows leaves the rows that fit, and the namespaces that have some', () => {
  const chosen = selectSnapshot(host(), { macs: ['02:42:00:00:00:01'] });
  assert.deepEqual(
    chosen.namespaces.map((netns) => [netns.id, netns.interfaces.length, netns.fdb.length]),
    [['net:[2]', 0, 1]],
  );
  const [row] = chosen.namespaces[0]?.fdb ?? [];
  assert.equal(row?.mac, '02:42:00:00:00:01');
  assert.equal('netnsName' in (row ?? {}) || 'host' in (row ?? {}), false);
});

test('a namespace without a row that fits keeps its gaps', () => {
  const chosen = selectSnapshot(host(), { kinds: ['vxlan'] });
  assert.deepEqual(
    chosen.namespaces.map((netns) => netns.id),
    ['net:[2]'],
  );
  assert.equal(chosen.gaps.length, 4);
});

test('an empty selector is the snapshot itself', () => {
  const whole = host();
  assert.equal(selectSnapshot(whole, { kinds: [] }), whole);
});
