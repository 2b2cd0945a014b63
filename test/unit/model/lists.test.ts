import assert from 'node:assert/strict';
import t from 'tap';
import { LISTS } from '../../../src/model/lists.js';
import type { Selector } from '../../../src/model/select.js';
import type { Gap } from '../../../src/model/types.js';
import { sampleSnapshot } from '../../support/sample.js';

t.test('lists', async (t) => {
  t.test('veths has each pair once, the container’s end first, with masters and owners', async (t) => {
    const { items } = LISTS.veths.list(sampleSnapshot(), {});
    t.strictSame(
      items.map(({ status, a, b }) => [status, a.netnsName, a.name, a.addresses[0], b?.netnsName, b?.name, b?.masterName]),
      [
        ['PAIRED', 'app_web.1.x', 'eth1', '172.18.0.3/16', 'host', 'veth9', 'docker_gwbridge'],
        ['PAIRED', 'app_web.1.x', 'eth0', '10.0.1.2/24', 'overlay:app_net', 'veth0', 'br0'],
      ],
    );
  });

  t.test('vxlans has VNI, network, subnet of the bridge, and the rows that lead to a VTEP', async (t) => {
    const [row, ...others] = LISTS.vxlans.list(sampleSnapshot(), {}).items;
    t.equal(others.length, 0);
    t.strictSame(
      [row?.vni, row?.dstPort, row?.networkName, row?.subnets, row?.fdbEntries, row?.masterName],
      [4097, 4789, 'app_net', ['10.0.1.1/24'], 1, 'br0'],
    );
  });

  t.test('vxlans counts rows that lead to a group of next hops', async (t) => {
    const snapshot = sampleSnapshot();
    const rows = snapshot.namespaces[1]?.fdb;
    const [row] = rows?.filter(({ dst }) => dst !== undefined) ?? [];
    assert.ok(rows && row);
    const { dst: _dst, ...nowhere } = row;
    rows.push({ ...nowhere, nexthopId: 30 }, nowhere);
    t.equal(LISTS.vxlans.list(snapshot, {}).items[0]?.fdbEntries, 2);
  });

  t.test('vxlans says nothing of forwarding entries when that table could not be read', async (t) => {
    const snapshot = sampleSnapshot();
    for (const netns of snapshot.namespaces) for (const table of netns.tables) if (table.table === 'FDB') table.status = 'FAILED';
    const [row] = LISTS.vxlans.list(snapshot, {}).items;
    t.ok(row !== undefined && !('fdbEntries' in row));
  });

  t.test('rows say the host, the interface’s name and what people call the namespace', async (t) => {
    const [row] = LISTS.fdb.list(sampleSnapshot(), { macs: ['02:42:0A:00:01:07'] }).items;
    t.strictSame([row?.host, row?.ifname, row?.netnsName, row?.dst], ['host-1', 'vxlan0', 'overlay:app_net', '192.168.0.2']);
  });

  t.test('netns leaves out what is in the namespaces', async (t) => {
    const { items } = LISTS.netns.list(sampleSnapshot(), {});
    t.strictSame(
      items.map((netns) => [netns.netnsName, netns.role, netns.interfaces.length, netns.neighbors.length]),
      [
        ['host', 'HOST', 0, 0],
        ['overlay:app_net', 'OVERLAY', 0, 0],
        ['app_web.1.x', 'CONTAINER', 0, 0],
      ],
    );
  });
});

t.test('selectors', async (t) => {
  const names = (selector: Parameters<typeof LISTS.interfaces.list>[1]): string[] =>
    LISTS.interfaces.list(sampleSnapshot(), selector).items.map((item) => item.name);

  t.test('match a namespace by id, number, path and file name', async (t) => {
    for (const wanted of ['net:[20]', '20', '/run/docker/netns/1-x8sn2ys3vd', '1-x8sn2ys3vd']) {
      t.strictSame(names({ netns: [wanted] }), ['br0', 'vxlan0', 'veth0'], wanted);
    }
    t.strictSame(names({ netns: ['2'] }), []);
  });

  t.test('match a container by name and by the beginning of its id, but not by a letter or two', async (t) => {
    t.strictSame(names({ containers: ['app_web.1.x'] }), ['lo', 'eth1', 'eth0']);
    t.strictSame(names({ containers: ['c0ffee'] }), ['lo', 'eth1', 'eth0']);
    t.strictSame(names({ containers: ['c0'] }), []);
  });

  t.test('match a network by name, whole id and prefix, in the overlay and in the containers on it', async (t) => {
    for (const wanted of ['app_net', 'x8sn2ys3vdabcdefghijklmno', 'x8sn2ys']) {
      t.strictSame(names({ networks: [wanted], kinds: ['veth'] }), ['veth0', 'eth1', 'eth0'], wanted);
    }
  });

  t.test('must match in every field and in any value of a field', async (t) => {
    t.strictSame(names({ services: ['app_web'], interfaces: ['eth0', 'veth9'] }), ['eth0']);
    t.strictSame(names({ roles: ['HOST', 'OVERLAY'], kinds: ['bridge'] }), ['docker_gwbridge', 'br0']);
    t.strictSame(names({ vnis: [4097] }), ['vxlan0']);
    t.strictSame(names({ ips: ['10.0.1.2'] }), ['eth0']);
  });

  t.test('select a veth pair by either end', async (t) => {
    t.equal(LISTS.veths.list(sampleSnapshot(), { roles: ['HOST'] }).items.length, 1);
    t.equal(LISTS.veths.list(sampleSnapshot(), { interfaces: ['veth0'] }).items[0]?.a.name, 'eth0');
  });

  t.test('narrow forwarding rows by the VNI of their interface', async (t) => {
    t.equal(LISTS.fdb.list(sampleSnapshot(), { vnis: [4097] }).items.length, 1);
    t.equal(LISTS.fdb.list(sampleSnapshot(), {}).items.length, 2);
  });

  t.test('keep the gaps that bear on the answer', async (t) => {
    const gap = (more: Partial<Gap>): Gap => ({ status: 'FAILED', message: 'm', ...more });
    const snapshot = sampleSnapshot();
    snapshot.gaps = [
      gap({ netnsId: 'net:[20]', table: 'FDB' }),
      gap({ netnsId: 'net:[30]', table: 'FDB' }),
      gap({ netnsId: 'net:[20]', table: 'ROUTES' }),
      gap({ path: '/x' }),
      gap({ engine: '/d' }),
    ];
    const kept = LISTS.fdb.list(snapshot, { netns: ['20'] }).gaps;
    t.strictSame(
      kept.map((each) => each.netnsId ?? each.path ?? each.engine),
      ['net:[20]', '/x', '/d'],
    );
  });
});

t.test('rows that have no ifindex are found by the names of interfaces that they have', async (t) => {
  const snapshot = sampleSnapshot();
  const [netns] = snapshot.namespaces;
  assert.ok(netns);
  const rule = { netnsId: netns.id, family: 'inet', priority: 1, action: 'lookup', flags: [], l3mdev: false };
  netns.rules.push({ ...rule, iif: 'gone' }, { ...rule, priority: 2, oif: 'gone' }, { ...rule, priority: 3 });
  netns.netconf.push(
    { netnsId: netns.id, family: 'inet', ifname: 'all' },
    { netnsId: netns.id, family: 'inet', ifname: 'default' },
  );
  const found = (selector: Selector) => [
    ...LISTS.rules.list(snapshot, selector).items.map(({ priority }) => priority),
    ...LISTS.netconf.list(snapshot, selector).items.map(({ ifname }) => ifname),
  ];
  t.strictSame(found({}), [1, 2, 3, 'all', 'default']);
  t.strictSame(found({ interfaces: ['gone'] }), [1, 2]);
  t.strictSame(found({ interfaces: ['all'] }), ['all']);
  t.strictSame(found({ interfaces: ['gone'], kinds: ['veth'] }), []);
});
