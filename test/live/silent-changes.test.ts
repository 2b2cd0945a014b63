// What the kernel changes without an event of its own: seen through the events of what caused it, or by the next full read.
import assert from 'node:assert/strict';
import t from 'tap';
import { createLiveHost } from '../../src/live/index.js';
import type { Section, SectionRows, Table } from '../../src/tables/index.js';
import { wholeNetns } from '../support/live-compare.js';
import { liveOptions } from '../support/live-options.js';
import type { ScratchNetns } from '../support/netns.js';
import { guardLiveHosts, keepOpen, said, scratchNetns } from '../support/one-netns.js';

t.setTimeout(0);

guardLiveHosts();

const HOUR_MS = 3_600_000;

/** A section of a namespace of which only some tables are kept; what it is in the end. */
function follow<Name extends Section>(
  tables: readonly Table[],
  section: Name,
  { dir, rescanMs = HOUR_MS }: { readonly dir: string; readonly rescanMs?: number },
): (fits: (found: SectionRows[Name][]) => void, withinMs?: number) => Promise<void> {
  const live = createLiveHost({ ...liveOptions(dir), rescanMs });
  keepOpen(live);
  live.lease(tables);
  return async (fits, withinMs = 10_000) => {
    const deadline = performance.now() + withinMs;
    await live.ready(tables, AbortSignal.timeout(20_000));
    for (;;) {
      const [key] = live.keys();
      assert.ok(key !== undefined);
      try {
        fits((wholeNetns(live, key)?.[section] ?? []) as SectionRows[Name][]);
        return;
      } catch (difference) {
        if (performance.now() > deadline) throw difference;
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
}

t.test('routes go and change with the next hop that they name, although only routes are kept', async (t) => {
  const { netns, dir } = scratchNetns(t);
  netns.ipBatch([
    ...['100 via 10.9.0.2 dev v0', '101 via 10.9.0.3 dev v0', '200 group 100/101', '300 blackhole'].map(
      (hop) => `nexthop add id ${hop}`,
    ),
    'nexthop add id 301 group 300',
    'route add 10.101.0.0/24 nhid 100',
    'route add 10.102.0.0/24 nhid 200',
    'route add 10.103.0.0/24 nhid 301',
  ]);
  const routes = follow(['ROUTES'], 'routes', { dir });
  /** Destination, next hop and legs of the routes with a next hop, as ip shows them. */
  const assertSame = (count: number): Promise<void> =>
    routes((found) => {
      const ours = found
        .filter(({ nexthopId }) => nexthopId !== undefined)
        .map(({ dst, nexthopId, gateway, nextHops }) => [dst, nexthopId, gateway, nextHops.map((leg) => leg.gateway)]);
      const theirs = said(netns, 'route')
        .filter((route) => 'nhid' in route)
        .map((route) => {
          const legs = (route['nexthops'] ?? []) as { gateway: string }[];
          return [route['dst'], route['nhid'], route['gateway'], legs.map(({ gateway }) => gateway)];
        });
      assert.deepEqual(ours, theirs);
      assert.equal(ours.length, count);
    });
  await assertSame(3);
  netns.exec(['sysctl', '-qw', 'net.ipv4.nexthop_compat_mode=0']);
  netns.ip('nexthop replace id 101 via 10.9.0.33 dev v0');
  await assertSame(3);
  netns.ip('nexthop del id 101');
  await assertSame(3);
  netns.ip('nexthop del id 300');
  await assertSame(2);
  netns.ip('nexthop del id 100');
  await assertSame(0);
});

t.test('forwarding rows go with the next hop that they name, although only forwarding rows are kept', async (t) => {
  const { netns, dir } = scratchNetns(t);
  netns.ipBatch([
    'link add vx0 type vxlan id 5 dstport 4789 nolearning local 10.9.0.1',
    'link set vx0 up',
    'nexthop add id 20 via 192.0.2.1 fdb',
    'nexthop add id 21 via 192.0.2.2 fdb',
    'nexthop add id 30 group 20/21 fdb',
  ]);
  const fdb = follow(['FDB'], 'fdb', { dir });
  netns.exec(['bridge', 'fdb', 'add', '02:00:00:00:00:01', 'dev', 'vx0', 'nhid', '30']);
  const ids = (wanted: number[]) => (found: SectionRows['fdb'][]) =>
    assert.deepEqual(
      found.flatMap(({ nexthopId }) => nexthopId ?? []),
      wanted,
    );
  await fdb(ids([30]));
  // Forwarding rows are looked at once more some time after a change of an interface: not then.
  await new Promise((resolve) => setTimeout(resolve, 5000));
  netns.ip('nexthop del id 30');
  await fdb(ids([]), 1000);
});

/** Addresses of proxies. */
function proxies(wanted: readonly string[]): (found: SectionRows['neighbors'][]) => void {
  return (found) =>
    assert.deepEqual(
      found
        .filter(({ flags }) => flags.includes('PROXY'))
        .map(({ ip }) => ip)
        .sort(),
      wanted,
    );
}

function permanent(found: SectionRows['neighbors'][]): void {
  assert.equal(found.filter(({ state }) => state === 'PERMANENT').length, 40);
}

function neighbors(netns: ScratchNetns): void {
  netns.ipBatch(
    Array.from({ length: 40 }, (_, at) => `neigh add 10.9.0.${at + 10} lladdr 02:00:00:00:00:01 dev v1 nud permanent`),
  );
}

t.test('proxies of neighbours are seen by each full read, and the neighbours stay', async (t) => {
  const { netns, dir } = scratchNetns(t);
  neighbors(netns);
  const found = follow(['NEIGHBORS'], 'neighbors', { dir, rescanMs: 300 });
  await found(permanent);
  netns.ip('neigh add proxy 10.0.0.7 dev v0');
  netns.ip('-6 neigh add proxy fd00::7 dev v0');
  // Neighbours themselves are read again in each tenth full read.
  await found(proxies(['10.0.0.7', 'fd00::7']), 1500);
  await found(permanent);
  netns.ip('neigh del proxy 10.0.0.7 dev v0');
  await found(proxies(['fd00::7']), 1500);
  await found(permanent);
});

t.test('proxies of neighbours go with their interface', async (t) => {
  const { netns, dir } = scratchNetns(t);
  neighbors(netns);
  netns.ip('neigh add proxy 10.0.0.7 dev v0');
  const found = follow(['NEIGHBORS'], 'neighbors', { dir });
  await found(proxies(['10.0.0.7']));
  netns.ip('link set v0 down');
  await found(proxies([]));
  await found(permanent);
});
