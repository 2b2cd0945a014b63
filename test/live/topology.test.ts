import assert from 'node:assert/strict';
import t from 'tap';
import { nsatlas } from '../support/cli.js';
import { compareLink } from '../support/ip-compare.js';
import { Scratch } from '../support/netns.js';
import { buildTopology } from '../support/topology.js';

t.setTimeout(0);

type Json = Record<string, unknown>;

interface SnapshotJson {
  readonly namespaces: { readonly id: string; readonly status: string; readonly interfaces: Json[] }[];
  readonly gaps?: Json[];
}

t.test('a snapshot', async (t) => {
  t.test('equals what ip -d -j addr prints, field by field, in 30 namespaces of all sorts', async (t) => {
    const scratch = Scratch.create(t);
    const namespaces = buildTopology(scratch, 30, 20261121);
    const result = nsatlas(['snapshot', '-o', 'json', '--netns-dir', scratch.dir]);
    t.equal(result.stderr, '');
    t.equal(result.status, 0);
    const snapshot = JSON.parse(result.stdout) as SnapshotJson;
    t.equal(snapshot.namespaces.length, namespaces.length);
    t.equal(snapshot.gaps?.length ?? 0, 0);
    const differences: string[] = [];
    let links = 0;
    for (const netns of namespaces) {
      const ours = snapshot.namespaces.find(({ id }) => id === netns.id);
      assert.ok(ours, netns.id);
      const theirs = netns.ipJson('addr') as Json[];
      assert.deepEqual(
        ours.interfaces.map((link) => link['name']),
        theirs.map((link) => link['ifname']),
      );
      const names = new Map(theirs.map((link) => [Number(link['ifindex']), String(link['ifname'])]));
      for (const [at, link] of theirs.entries()) {
        links++;
        differences.push(...compareLink(ours.interfaces[at] ?? {}, link, { nameOf: (ifindex) => names.get(ifindex) }));
      }
    }
    t.strictSame(differences, []);
    t.ok(links > 250, `${links} links`);
  });

  t.test('says so when it differs: the comparison can fail', async (t) => {
    const theirs = { ifname: 'a', mtu: 1500, addr_info: [{ family: 'inet', local: '10.0.0.1', prefixlen: 8 }], something_new: 1 };
    const ours = {
      name: 'a',
      mtu: 1400,
      addresses: ['10.0.0.1/9'],
      addressDetails: [{ family: 'inet', address: '10.0.0.1', prefixLength: 9 }],
    };
    t.equal(compareLink(ours, theirs, { nameOf: () => undefined }).length, 4);
  });
});
