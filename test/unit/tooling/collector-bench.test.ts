import assert from 'node:assert/strict';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import type { WatchFeed } from '../../../src/serve/feed.js';
import type { FdbEntry, Interface, Neighbor, Netns } from '../../../src/model/types.js';
import { decode } from '../../../src/wire/codec.js';
import { watchMessage } from '../../../src/wire/watch-bytes.js';
import { WatchMerger } from '../../../src/wire/watch-merge.js';
import { ROOT } from '../../support/root.js';

interface Shape {
  readonly agents: number;
  readonly namespaces: number;
  readonly interfaces: number;
  readonly rows: number;
}

type Lists = Pick<Netns, 'interfaces' | 'fdb' | 'neighbors'>;

type Live = ConstructorParameters<typeof WatchFeed>[0] & {
  readonly targets: { readonly links: number[]; readonly rows: number[] };
  maker(): ConstructorParameters<typeof WatchFeed<Uint8Array>>[2];
  flapLink(key: number, value: number): object;
  changeRow(key: number, table: 0 | 1, value: number): object;
  restart(): void;
};

async function load<Module>(path: string): Promise<Module> {
  return (await import(pathToFileURL(join(ROOT, path)).href)) as Module;
}

const { planOf, namespacesOf, endpointRows, stampedMac, stampOf } = await load<{
  planOf: (shape: Shape) => { links: number; namespaces: number; rows: number; rowsOfOne: number; overlays: number };
  namespacesOf: (shape: Shape, agent: number) => { head: Netns; links: Interface[]; overlay?: number }[];
  endpointRows: (
    shape: Shape,
    agent: number,
    overlay: number,
    at: number,
  ) => { make: () => { fdb: FdbEntry; neighbor: Neighbor } };
  stampedMac: (slot: number, value: number) => string;
  stampOf: (mac: string | undefined) => { slot: number; value: number } | undefined;
}>('bench/replay-host.mjs');
const { ReplayHost, SharedParts } = await load<{
  ReplayHost: new (shape: Shape, agent: number, shared: object) => Live;
  SharedParts: new () => object;
}>('bench/replay-live.mjs');
const { digestOf, digestOfNamespaces } = await load<{
  digestOf: (lists: Lists) => Record<string, string>;
  digestOfNamespaces: (namespaces: readonly Lists[]) => Record<string, string>;
}>('bench/replay-digest.mjs');
const { collectorTargets, growth, spread } = await load<{
  collectorTargets: (measured: object) => { measure: string; limit?: number; value: number }[];
  growth: (runs: readonly { liveBytes: number; count: number }[], count: (run: { count: number }) => number) => number[];
  spread: (values: readonly number[]) => number;
}>('bench/collector-report.mjs');
const { arrivalsOf } = await load<{
  arrivalsOf: (changes: readonly object[], arrivals: readonly object[]) => { fromSentMs: number[]; lost: number };
}>('bench/collector.mjs');
// The compiled one, which the benchmark uses, too: with a History of another copy of the module nothing would change.
const { WatchFeed: Feed } = await load<{ WatchFeed: typeof WatchFeed }>('dist/src/serve/feed.js');

const SHAPE: Shape = { agents: 3, namespaces: 30, interfaces: 4, rows: 60 };

/** A reader of a made-up host. */
class Reader {
  readonly merger = new WatchMerger();
  readonly #steps: ReturnType<WatchFeed<Uint8Array>['steps']>;

  constructor(live: Live, after?: { epoch: string; revision: bigint }) {
    this.#steps = new Feed(live, { selector: {}, tables: [], after }, live.maker()).steps();
  }

  /** Takes everything there is to be told. */
  read(): Record<string, string> {
    for (;;) {
      const { value: step } = this.#steps.next();
      if (step === 'wait') return digestOfNamespaces(this.merger.snapshot()?.namespaces ?? []);
      if (step !== 'again') this.merger.apply(decode('nsatlas.v1.WatchResponse', watchMessage(step.cursor, step.body)));
    }
  }
}

t.test('a host that is made up', async (t) => {
  t.test('has as many of everything as its shape says', async (t) => {
    for (const shape of [SHAPE, { agents: 200, namespaces: 100, interfaces: 4, rows: 200 }]) {
      const plan = planOf(shape);
      t.strictSame([plan.namespaces, plan.links, plan.rows], [shape.namespaces, shape.namespaces * 4, shape.rows]);
      t.equal(namespacesOf(shape, 0).flatMap(({ links }) => links).length, plan.links);
    }
  });

  t.test('has pairs whose ends point at each other, and ports whose bridge is there', async (t) => {
    const namespaces = namespacesOf(SHAPE, 1);
    const links = new Map(
      namespaces.flatMap((netns) => netns.links.map((link) => [`${netns.head.id} ${link.ifindex}`, link] as const)),
    );
    let pairs = 0;
    for (const link of links.values()) {
      if (link.masterIfindex !== undefined) t.equal(links.get(`${link.netnsId} ${link.masterIfindex}`)?.name, link.masterName);
      const peer = link.veth?.peer;
      if (peer === undefined) continue;
      const back = links.get(`${peer.netnsId} ${peer.ifindex}`);
      t.strictSame(back?.veth?.peer, { netnsId: link.netnsId, ifindex: link.ifindex, name: link.name });
      pairs++;
    }
    t.ok(pairs > 50, `${pairs} ends`);
  });

  t.test('tells of other hosts the endpoints that those have, and of none of its own', async (t) => {
    const endpoints = new Map<string, number>();
    for (let agent = 0; agent < SHAPE.agents; agent++)
      for (const { links } of namespacesOf(SHAPE, agent))
        for (const { name, kind, mac = '' } of links) if (name === 'eth0' && kind === 'veth') endpoints.set(mac, agent);
    const [seen, { overlays, rowsOfOne }] = [new Set<number | undefined>(), planOf(SHAPE)];
    for (let overlay = 0; overlay < overlays; overlay++)
      for (let at = 0; at < rowsOfOne; at++) seen.add(endpoints.get(endpointRows(SHAPE, 1, overlay, at).make().fdb.mac ?? ''));
    t.equal(seen.has(1), false);
    t.ok(seen.has(0) && seen.has(2));
  });

  t.test('is told as it is, also where its interfaces are copies of those of another host', async (t) => {
    const shared = new SharedParts();
    for (const agent of [0, 1, 2]) {
      const merger = new Reader(new ReplayHost(SHAPE, agent, shared));
      merger.read();
      for (const { head, links } of namespacesOf(SHAPE, agent)) {
        const told = merger.merger.snapshot()?.namespaces.find(({ id }) => id === head.id);
        t.strictSame(told?.interfaces, links);
      }
    }
  });

  t.test('tells its changes to who follows, to who comes back, and everything anew after a restart', async (t) => {
    const live = new ReplayHost(SHAPE, 0, new SharedParts());
    const [follower, sleeper] = [new Reader(live), new Reader(live)];
    const before = follower.read();
    sleeper.read();
    for (let value = 1; value <= 200; value++) {
      const [links, rows] = [live.targets.links, live.targets.rows];
      if (value % 2 === 0) live.flapLink(links[value % links.length] ?? 0, value);
      else live.changeRow(rows[value % rows.length] ?? 0, value % 4 === 1 ? 0 : 1, value);
      if (value % 7 === 0) follower.read();
    }
    const after = follower.read();
    for (const table of ['interfaces', 'fdb', 'neighbors']) t.not(after[table], before[table], table);
    t.strictSame(after, sleeper.read());
    t.strictSame(after, new Reader(live).read());
    live.restart();
    const again = new Reader(live, follower.merger.cursor);
    t.strictSame(again.read(), after);
    t.not(again.merger.cursor?.epoch, follower.merger.cursor?.epoch);
  });

  t.test('writes into MAC addresses which change they are', async (t) => {
    for (const [slot, value] of [
      [0, 1],
      [7, 60_000],
      [255, 2 ** 32 - 1],
    ] as const)
      t.strictSame(stampOf(stampedMac(slot, value)), { slot, value });
    for (const other of [undefined, '02:42:0a:00:00:02']) t.equal(stampOf(other), undefined);
  });
});

t.test('the digest of what a host has', async (t) => {
  const lists = (): Lists => {
    const links = namespacesOf(SHAPE, 0).flatMap((netns) => netns.links);
    const rows = Array.from({ length: 10 }, (_, at) => endpointRows(SHAPE, 0, 0, at).make());
    return { interfaces: links, fdb: rows.map(({ fdb }) => fdb), neighbors: rows.map(({ neighbor }) => neighbor) };
  };

  t.test('is the same in whatever order it comes and whoever names it', async (t) => {
    const { interfaces, fdb, neighbors } = lists();
    const named = fdb.map((row, at) => ({ rowId: at, host: 'h', netnsName: 'n', ...row }));
    t.strictSame(digestOf({ interfaces: interfaces.toReversed(), fdb: named.toReversed(), neighbors }), digestOf(lists()));
  });

  t.test('is another one when a row is missing, comes twice or differs in one field', async (t) => {
    const { interfaces, fdb, neighbors } = lists();
    const [first] = fdb;
    assert.ok(first !== undefined);
    for (const other of [fdb.slice(1), [...fdb, first], fdb.with(0, { ...first, dst: '192.0.2.1' })])
      t.not(digestOf({ interfaces, fdb: other, neighbors }).fdb, digestOf(lists()).fdb);
  });
});

t.test('changes that arrive through a collector', async (t) => {
  const change = (value: number, hasGone = false): object => ({ key: 'k', value, hasGone, sent: 0n, acknowledged: 0n });
  const arrival = (value: number): object => ({ key: 'k', value, at: BigInt(value) * 1_000_000n });

  t.test('are lost when they came and nothing was told of them', async (t) => {
    t.strictSame(arrivalsOf([change(1), change(2, true), change(3)], [arrival(1)]), {
      fromSentMs: [1],
      fromAcknowledgedMs: [1],
      lost: 1,
    });
  });

  t.test('are not lost when what came has gone before anybody was told, and later ones count', async (t) => {
    t.equal(arrivalsOf([change(1), change(2, true)], []).lost, 0);
    // Nobody was told of the first: that the row came again does not mean that it took until then.
    t.strictSame(arrivalsOf([change(1), change(2, true), change(3)], [arrival(3)]).fromSentMs, [3]);
    t.strictSame(arrivalsOf([change(1), change(3)], [arrival(3)]).fromSentMs, [3, 3]);
  });
});

t.test('the verdicts on a collector', async (t) => {
  t.test('take growth between sizes, and its spread', async (t) => {
    const runs = [
      { liveBytes: 1000, count: 10 },
      { liveBytes: 3000, count: 20 },
      { liveBytes: 8000, count: 40 },
    ];
    t.strictSame(
      growth(runs, ({ count }) => count),
      [200, 250],
    );
    t.equal(spread([200, 250]), 25);
  });

  t.test('are given at full size alone', async (t) => {
    const run = (agents: number, namespaces: number, rows: number): object => ({
      shape: { agents, namespaces, rows },
      plan: { agents, namespaces },
      counts: { interfaces: agents, rows },
      stretch: { ownMs: 1 },
      liveBytes: agents * rows,
      syncedMs: 1,
      peakMb: 1,
    });
    const more = { steady: { lost: 0, wrong: ['a'], p99Ms: 1, cpuPercent: 1 }, restart: { syncedMs: 1 } };
    const measured = (agents: number, bigAgents: number): object => ({
      many: { ...run(agents, 100, 200), ...more },
      big: run(bigAgents, 10, 50_000),
      byInterfaces: [run(1, 100, 200), run(2, 100, 200), run(agents, 100, 200)],
      byRows: [run(bigAgents, 10, 1), run(bigAgents, 10, 2), run(bigAgents, 10, 50_000)],
    });
    const limits = (of: object): number => collectorTargets(of).filter(({ limit }) => limit !== undefined).length;
    t.equal(limits(measured(200, 50)), collectorTargets(measured(200, 50)).length);
    t.equal(limits(measured(20, 5)), 0);
    t.equal(collectorTargets(measured(200, 50)).find(({ measure }) => measure.startsWith('steady'))?.value, 1);
  });
});
