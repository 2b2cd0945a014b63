import { liveOptions } from '../support/live-options.js';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import t from 'tap';
import type { Table } from '../../src/model/types.js';
import { ALL_TABLES } from '../../src/tables/index.js';
import { createLiveHost, readHost, type LiveHostOptions, type OpenLiveHost } from '../../src/live/index.js';
import { eventually, guardHygiene } from '../support/hygiene.js';
import { comparableHost, stateDifferences, wholeNetns } from '../support/live-compare.js';
import { exec, Scratch, type ScratchNetns } from '../support/netns.js';
import { buildTopology } from '../support/topology.js';

t.setTimeout(0);

const NEVER = 3_600_000;

const open: { live: OpenLiveHost; problems: Error[] }[] = [];

/** A live host over the namespaces of a folder, whose only way to hear of changes is the kernel's events. */
async function watch(scratch: Scratch, more: Partial<LiveHostOptions> = {}): Promise<OpenLiveHost> {
  const problems: Error[] = [];
  const onProblem = (problem: Error): void => void problems.push(problem);
  const live = createLiveHost({ ...liveOptions(scratch.dir), rescanMs: NEVER, onProblem, ...more });
  open.push({ live, problems });
  live.lease(ALL_TABLES);
  await ready(live);
  return live;
}

function closeAll(): void {
  for (const { live, problems } of open.splice(0)) {
    live.close();
    assert.deepEqual(problems, []);
  }
}

const ready = (live: OpenLiveHost, tables: readonly Table[] = ALL_TABLES): Promise<void> =>
  live.ready(tables, AbortSignal.timeout(20_000));

/** Waits until the live host has the same rows as a read of the kernel, and says where it has not. */
async function assertTrue(live: OpenLiveHost, dir: string): Promise<void> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    await ready(live);
    const [ours, theirs] = [comparableHost(live), comparableHost(await readHost(liveOptions(dir), ALL_TABLES))];
    try {
      assert.deepEqual(stateDifferences(ours, theirs), []);
      return;
    } catch (difference) {
      // The kernel goes on for a while after a change: carriers, duplicate address detection.
      if (performance.now() > deadline) throw difference;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function keyOf(live: OpenLiveHost, netns: ScratchNetns): number {
  const key = live.keys().find((candidate) => live.head(candidate)?.id === netns.id);
  assert.ok(key !== undefined, `${netns.id} is not known`);
  return key;
}

const hasProxy = (live: OpenLiveHost, key: number): boolean =>
  wholeNetns(live, key)?.neighbors.some(({ ip }) => ip === '192.0.2.9') === true;

t.test('a live host', async (t) => {
  t.afterEach(closeAll);
  guardHygiene(t);

  t.test('has after the first read what a snapshot has, pairs included, in 30 namespaces of all sorts', async (t) => {
    const scratch = Scratch.create(t);
    buildTopology(scratch, 30, 20261121);
    const live = await watch(scratch);
    await assertTrue(live, scratch.dir);
    t.equal(live.freshness().mode, 'EVENTS');
    t.equal(live.counts.namespaces, 30);
    t.strictSame(live.gaps(), []);
  });

  t.test('hears of every sort of change, and changes nothing else', async (t) => {
    const scratch = Scratch.create(t);
    const [a, b] = [scratch.netns(), scratch.netns()];
    scratch.veth({ netns: a, name: 'left' }, { netns: b, name: 'right' });
    a.ipBatch([
      'link add br0 type bridge',
      'link set left master br0',
      'link add vx0 type vxlan id 42 dstport 4789',
      'link set vx0 master br0',
      'link set br0 up',
    ]);
    const live = await watch(scratch);
    await assertTrue(live, scratch.dir);
    const steps: (() => void)[] = [
      () => b.ip('link set right mtu 1400'),
      () => b.ip('link set right down'),
      () => b.ip('link set right up'),
      () => b.ip('addr add 10.1.1.1/24 dev right'),
      () => b.ip('addr add 10.1.1.2/24 dev right'),
      () => b.ip('addr del 10.1.1.2/24 dev right'),
      () => b.ip('route add 10.9.0.0/16 via 10.1.1.9'),
      () => b.ip('route del 10.9.0.0/16'),
      () => b.ip('neigh add 10.1.1.7 lladdr 02:00:00:00:00:07 dev right nud permanent'),
      () => b.ip('neigh replace 10.1.1.7 lladdr 02:00:00:00:00:08 dev right nud permanent'),
      () => b.ip('neigh del 10.1.1.7 dev right'),
      () => a.exec(['bridge', 'fdb', 'add', '02:00:00:00:00:01', 'dev', 'vx0', 'dst', '192.0.2.1', 'self', 'permanent']),
      () => a.exec(['bridge', 'fdb', 'replace', '02:00:00:00:00:01', 'dev', 'vx0', 'dst', '192.0.2.2', 'self', 'permanent']),
      // Only the row for everything unknown may have several destinations.
      () => a.exec(['bridge', 'fdb', 'add', '00:00:00:00:00:00', 'dev', 'vx0', 'dst', '192.0.2.3', 'self', 'permanent']),
      () => a.exec(['bridge', 'fdb', 'append', '00:00:00:00:00:00', 'dev', 'vx0', 'dst', '192.0.2.4', 'self', 'permanent']),
      () => a.exec(['bridge', 'fdb', 'add', '02:00:00:00:00:05', 'dev', 'left', 'master', 'static']),
      () => a.exec(['bridge', 'fdb', 'del', '00:00:00:00:00:00', 'dev', 'vx0', 'dst', '192.0.2.3', 'self']),
      () => a.ip('link set left nomaster'),
      () => b.ip('link set right name renamed'),
      () => b.ip('link set renamed alias words'),
      () => a.ip('link add more type veth peer name evenmore'),
      () => a.ip(`link set evenmore netns ${b.path}`),
      () => a.ip('link del more'),
    ];
    for (const [at, step] of steps.entries()) {
      const before = live.revision;
      step();
      await eventually(`step ${at} is heard of`, () => live.revision > before);
      await assertTrue(live, scratch.dir);
    }
    t.equal(live.freshness().lostEvents, 0);
  });

  t.test('finds namespaces that come and loses those that go, without being asked', async (t) => {
    const scratch = Scratch.create(t);
    const first = scratch.netns();
    const live = await watch(scratch);
    const next = scratch.netns();
    scratch.veth({ netns: first, name: 'one' }, { netns: next, name: 'two' });
    await eventually('the new namespace is there, paired', () => {
      const key = live.keys().find((candidate) => live.head(candidate)?.id === next.id);
      const links = key === undefined ? [] : (wholeNetns(live, key)?.interfaces ?? []);
      return links.some(({ name, veth }) => name === 'two' && veth?.status === 'PAIRED');
    });
    await assertTrue(live, scratch.dir);
    const before = live.revision;
    next.remove();
    await eventually('the old one is gone', () => !live.keys().some((key) => live.head(key)?.id === next.id));
    t.strictSame(
      live.changesAfter(before)?.removed.map(({ netns }) => netns.id),
      [next.id],
    );
    await eventually('and the other end of its pair', () => wholeNetns(live, keyOf(live, first))?.interfaces.length === 1);
    await assertTrue(live, scratch.dir);
  });

  t.test('reads a namespace by another path when the process that led to it has ended', async (t) => {
    const scratch = Scratch.create(t);
    const netns = scratch.netns();
    const inside = spawn('nsenter', [`--net=${netns.path}`, 'sleep', '1000']);
    t.after(() => inside.kill('SIGKILL'));
    const namespaceOf = (pid: number | undefined): string => readlinkSync(`/proc/${pid}/ns/net`);
    await eventually('it is inside', () => namespaceOf(inside.pid) === netns.id);
    exec(['umount', netns.path]);
    const live = await watch(scratch, { netnsDirs: [] });
    const key = keyOf(live, netns);
    exec(['mount', '--bind', `/proc/${inside.pid}/ns/net`, netns.path]);
    inside.kill('SIGKILL');
    await once(inside, 'exit');
    netns.ip('link add br7 type bridge');
    const links = (): string[] =>
      [...live.parts(key, undefined, ALL_TABLES)].flatMap(({ interfaces }) => interfaces.map(({ name }) => name));
    await eventually('the bridge is known', () => links().includes('br7'));
    t.equal(live.head(key)?.status, 'OK');
    t.strictSame(
      live.gaps().filter(({ netnsId }) => netnsId === netns.id),
      [],
    );
  });

  t.test('reads a namespace of 900 links in part when one of them changes', async (t) => {
    const scratch = Scratch.create(t);
    const [host, other] = [scratch.netns(), scratch.netns()];
    host.ip('link add br0 type bridge');
    host.ipBatch(Array.from({ length: 450 }, (_, at) => `link add p${at} type veth peer name q${at}`));
    const live = await watch(scratch);
    await assertTrue(live, scratch.dir);
    for (const step of [
      'link set p7 mtu 1300',
      'link set p8 up',
      'addr add 10.2.2.2/24 dev p8',
      'link set p9 master br0',
      'link del p10',
      `link set p11 netns ${other.path}`,
    ]) {
      const before = live.revision;
      host.ip(step);
      await eventually(`${step} is heard of`, () => live.revision > before);
      await assertTrue(live, scratch.dir);
    }
  });

  t.test('reads everything again when events were lost, and counts that', async (t) => {
    const scratch = Scratch.create(t);
    const netns = scratch.netns();
    netns.ipBatch(Array.from({ length: 50 }, (_, at) => `link add p${at} type veth peer name q${at}`));
    const live = await watch(scratch, { receiveBufferBytes: 1 });
    const lines = Array.from({ length: 500 }, (_, at) => `link set p${at % 50} mtu ${1300 + at}`);
    await eventually(
      'an event is lost',
      () => {
        netns.ipBatch(lines);
        return live.freshness().lostEvents > 0;
      },
      20_000,
    );
    t.ok(live.freshness().lostEvents > 0, 'no event was lost');
    await assertTrue(live, scratch.dir);
  });

  t.test('finds at some whole read what the kernel tells of in no event: proxy neighbours', async (t) => {
    const scratch = Scratch.create(t);
    const [a, b] = [scratch.netns(), scratch.netns()];
    scratch.veth({ netns: a, name: 'left' }, { netns: b, name: 'right' });
    const live = await watch(scratch, { rescanMs: 50 });
    a.ip('neigh add proxy 192.0.2.9 dev left');
    await eventually('it is there', () => hasProxy(live, keyOf(live, a)));
    a.ip('neigh del proxy 192.0.2.9 dev left');
    await eventually('it is gone', () => !hasProxy(live, keyOf(live, a)));
  });

  t.test('finishes its reads, however often somebody asks for a newer one', async (t) => {
    const scratch = Scratch.create(t);
    buildTopology(scratch, 20, 20);
    const live = createLiveHost({ ...liveOptions(scratch.dir), events: false, maxAgeMs: 1, pollMs: 3_600_000 });
    open.push({ live, problems: [] });
    let done = 0;
    const asked: Promise<void>[] = [];
    // A read of so many namespaces takes longer than that.
    for (let at = 0; at < 500 && done === 0; at++) {
      asked.push(
        ready(live).then(() => {
          done++;
        }),
      );
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    t.ok(done > 0, 'nobody was answered while others went on asking');
    await Promise.all(asked);
  });

  t.test('polls when it may not hear events, says so, and is never older than asked for', async (t) => {
    const scratch = Scratch.create(t);
    const netns = scratch.netns();
    const live = await watch(scratch, { events: false, pollMs: NEVER, maxAgeMs: 1 });
    t.equal(live.freshness().mode, 'POLLING');
    t.match(live.freshness().reason ?? '', /--no-events/);
    netns.ip('link add name a type veth peer name b');
    await new Promise((resolve) => setTimeout(resolve, 20));
    await ready(live);
    t.strictSame(
      wholeNetns(live, keyOf(live, netns))
        ?.interfaces.map(({ name, veth }) => [name, veth?.peer?.name])
        .sort(),
      [
        ['a', 'b'],
        ['b', 'a'],
        ['lo', undefined],
      ],
    );
    await assertTrue(live, scratch.dir);
  });
});
