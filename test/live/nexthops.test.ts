import assert from 'node:assert/strict';
import t from 'tap';
import { fabricHostOf, finish, joinFabric, overlayList } from '../../src/fabric/index.js';
import { listHost, snapshotOf } from '../../src/serve/view.js';
import { ipNexthop, nexthopAsIp } from '../support/ip-tables.js';
import { guardLiveHosts, rows, said, tried, watch } from '../support/one-netns.js';

t.setTimeout(0);

guardLiveHosts();

const NEXTHOPS = [
  'nexthop add id 1 via 10.9.0.2 dev v0',
  'nexthop add id 2 group 1',
  'nexthop add id 3 dev v0',
  'nexthop add id 4 group 1,5/3 type resilient buckets 32 idle_timer 60 unbalanced_timer 300',
  'nexthop add id 5 blackhole',
  'nexthop add id 6 via 10.9.0.3 fdb',
  'nexthop add id 7 group 6 fdb',
  'nexthop add id 9 via 10.9.0.7 dev v0 onlink proto bgp',
  'nexthop add id 10 via fd00:9::7 dev v0',
  'nexthop add id 4000000000 group 1,256/10,1',
];

t.test('next hops are what ip -j nexthop shows, as they come, change, and go with their interface', async (t) => {
  const { live, netns } = await watch(t);
  const assertSame = (): Promise<void> =>
    rows(live, 'nexthops', (found) => {
      const ours = [...found].sort((a, b) => a.id - b.id).map(nexthopAsIp);
      assert.deepEqual(
        ours,
        said(netns, 'nexthop')
          .map(ipNexthop)
          .sort((a, b) => Number(a['id']) - Number(b['id'])),
      );
    });
  await assertSame();
  const made = NEXTHOPS.filter((command) => tried(netns, command));
  tried(netns, 'nexthop add id 8 encap mpls 100 via 10.9.0.2 dev v0');
  // Resilient groups have come with Linux 5.13; a group of two families is refused by all.
  t.ok(made.length >= 8, made.join('\n'));
  await assertSame();
  netns.ip('nexthop replace id 1 via 10.9.0.22 dev v0');
  netns.ip('nexthop del id 5');
  await assertSame();
  await rows(live, 'nexthops', (found) => assert.equal(found.find(({ id }) => id === 1)?.gateway, '10.9.0.22'));
  netns.ip('link set v1 down');
  await assertSame();
  netns.ip('link set v0 down');
  await assertSame();
  t.ok(said(netns, 'nexthop').every(({ dev }) => dev === undefined));
});

t.test(
  'a forwarding row of a group of next hops is what bridge -j fdb shows, and leads to the gateways of the group',
  async (t) => {
    const { live, netns } = await watch(t);
    netns.ipBatch([
      'nexthop add id 20 via 192.0.2.1 fdb',
      'nexthop add id 21 via 192.0.2.2 fdb',
      'nexthop add id 30 group 20/21 fdb',
      'link add vx0 type vxlan id 100 local 192.0.2.9 dstport 4789 nolearning',
    ]);
    netns.exec(['bridge', 'fdb', 'add', '02:00:00:00:00:01', 'dev', 'vx0', 'nhid', '30']);
    await rows(live, 'fdb', (found) => {
      const theirs = JSON.parse(netns.exec(['bridge', '-j', 'fdb', 'show', 'dev', 'vx0'])) as Record<string, unknown>[];
      assert.deepEqual(
        found.filter(({ ifname }) => ifname === 'vx0').map(({ mac, dst, nexthopId }) => [mac, dst, nexthopId]),
        theirs.map(({ mac, dst, nhid }) => [mac, dst, nhid]),
      );
      assert.deepEqual(
        theirs.map(({ nhid }) => nhid),
        [30],
      );
    });
    t.equal(listHost('vxlans', live, {}).items[0]?.fdbEntries, 1);
    const [overlay] = [...overlayList(finish(joinFabric([fabricHostOf(snapshotOf(live))])), {})].flat();
    t.strictSame(
      overlay?.members.map(({ fdbEntries, remotes }) => [fdbEntries, remotes.map(({ vtep }) => vtep)]),
      [[1, ['192.0.2.1', '192.0.2.2']]],
    );
  },
);
