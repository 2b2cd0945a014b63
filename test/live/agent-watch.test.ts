import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { constants } from 'node:http2';
import t, { type Test } from 'tap';
import { AgentError } from '../../src/client/error.js';
import { LISTS } from '../../src/model/lists.js';
import type { WatchWish } from '../../src/serve/feed.js';
import type { WatchEvent } from '../../src/model/types.js';
import { ALL_TABLES } from '../../src/tables/index.js';
import { decode } from '../../src/wire/codec.js';
import { toJson } from '../../src/wire/json.js';
import { WatchMerger } from '../../src/wire/watch-merge.js';
import { fakeLink, fakeNetns, withFdb } from '../unit/agent/fake-host.js';
import { FakeLive } from '../unit/agent/fake-live.js';
import { EVERYTHING, unordered } from '../unit/agent/watch-rig.js';
import { eventually } from '../support/hygiene.js';
import { assertGrownLess, memoryInUse } from '../support/memory.js';
import { BUF, curl, framesOf, holdCall, holdSession, messagesOf, serve, type Served } from './agent-rig.js';

t.setTimeout(0);

async function serveLive(t: Test, live: FakeLive, options: Parameters<typeof serve>[2] = {}): Promise<Served> {
  return serve(t, () => live.snapshot(), { live, ...options });
}

interface Watching {
  readonly merger: WatchMerger;
  readonly events: WatchEvent[];
  /** Rejects with what ended the stream. */
  readonly ended: Promise<void>;
  stop(): void;
}

/** Watches until it is stopped or the test ends. */
function watch(t: Test, { client }: Pick<Served, 'client'>, wish: Partial<WatchWish> = {}, merger = new WatchMerger()): Watching {
  const controller = new AbortController();
  const events: WatchEvent[] = [];
  const onEvent = (event: WatchEvent): void => {
    events.push(event);
    merger.apply(event);
  };
  const ended = client.watch({ ...EVERYTHING, ...wish }, onEvent, controller.signal);
  ended.catch(() => undefined);
  t.after(() => controller.abort());
  return { merger, events, ended, stop: () => controller.abort() };
}

const isSame = (merger: WatchMerger, live: FakeLive): boolean => {
  if (!merger.synced) return false;
  try {
    assert.deepEqual(unordered(merger.snapshot()), unordered(live.snapshot()));
    return true;
  } catch {
    return false;
  }
};

t.test('a foreign client watches through reflection alone: what is, the mark, and each change', async (t) => {
  const live = new FakeLive({ namespaces: [fakeNetns(1)] });
  const { address } = await serveLive(t, live);
  const args = ['curl', '--http2-prior-knowledge', '--protocol', 'grpc', '-d', '{"tables":["LINKS","FDB"]}'];
  const child = spawn(BUF, [...args, `http://${address}/nsatlas.v1.Agent/Watch`], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill());
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const messages = (): Record<string, unknown>[] => messagesOf(text) as Record<string, unknown>[];
  await eventually('the mark has come', () => messages().some((message) => 'synced' in message));
  t.strictSame(messages()[0]?.['restart'], { reason: 'no cursor was given' });
  live.setLink(fakeLink('net:[1]', 1, { mtu: 1400 }));
  await eventually('the change has come', () => messages().some((message) => JSON.stringify(message).includes('"mtu":1400')));
  const change = messages().at(-1) as { cursor: unknown; netns: { interfaces: unknown[] } };
  t.strictSame(change.cursor, { epoch: live.epoch, revision: String(live.revision) });
  const ours = JSON.parse(toJson({ items: [fakeLink('net:[1]', 1, { mtu: 1400 })] })) as { items: unknown[] };
  t.strictSame(change.netns.interfaces, ours.items);
});

t.test(
  'changes come one by one, a watch that goes on after a break is told what it missed, and readers hold no lease when they have gone',
  async (t) => {
    const live = new FakeLive({ namespaces: [withFdb(1, 2000), fakeNetns(2)] });
    const served = await serveLive(t, live);
    const first = watch(t, served);
    await eventually('the first state is told', () => isSame(first.merger, live));
    live.setLink(fakeLink('net:[2]', 1, { mtu: 1400 }));
    await eventually('the change is told', () => isSame(first.merger, live));
    first.stop();
    await first.ended;
    await eventually('the lease is let go', () => live.released === 1);
    t.equal(live.listeners, 0);
    live.remove('net:[2]');
    live.dropRow('fdb', 'net:[1]', live.rowIds('fdb', 'net:[1]')[7] ?? 0);
    const second = watch(t, served, { after: first.merger.cursor }, first.merger);
    // The merger is in sync already: the mark is what ends the telling.
    await eventually('what was missed is told', () => second.events.some(({ synced }) => synced !== undefined));
    t.ok(isSame(second.merger, live));
    t.strictSame(
      second.events.map((event) => Object.keys(event)[1]),
      ['removed', 'netns', 'synced'],
    );
  },
);

t.test('a watch through 200 streams costs each part once', async (t) => {
  const live = new FakeLive({ namespaces: Array.from({ length: 20 }, (_, at) => fakeNetns(at + 1)) });
  const served = await serveLive(t, live);
  const all = Array.from({ length: 200 }, () => watch(t, served));
  await eventually('all are in sync', () => all.every(({ merger }) => merger.synced));
  const made = live.made;
  live.setLink(fakeLink('net:[7]', 1, { mtu: 1400 }));
  await eventually('all know', () => all.every(({ merger, events }) => events.at(-1)?.netns !== undefined && merger.synced));
  // Whoever has used up its turn with encoding it keeps it only in its next one: another one makes it, too.
  t.ok(live.made - made <= 5, `${live.made - made} times`);
});

t.test('a client that reads nothing costs a message, others are told at once, and it ends with the newest state', async (t) => {
  const live = new FakeLive({ namespaces: [withFdb(1, 50_000)] });
  const served = await serveLive(t, live);
  const other = watch(t, served);
  await eventually('the other one is in sync', () => other.merger.synced);
  const call = holdCall(holdSession(t, served.address), '/nsatlas.v1.Agent/Watch');
  await eventually('it has begun', () => live.leased.length === 2);
  const before = memoryInUse().buffers;
  for (let mtu = 1000; mtu < 21_000; mtu++) live.setLink(fakeLink('net:[1]', 1, { mtu }));
  await eventually('the other one knows', () => other.merger.snapshot()?.namespaces[0]?.interfaces[0]?.mtu === 20_999);
  await assertGrownLess(5, () => memoryInUse().buffers - before);
  const merger = new WatchMerger();
  const chunks: Buffer[] = [];
  let events = 0;
  call.on('data', (chunk: Buffer) => chunks.push(chunk));
  call.resume();
  await eventually(
    'it is in sync',
    () => {
      const body = Buffer.concat(chunks);
      const frames = [...framesOf(body)];
      // The last one may have come in part.
      for (const frame of frames.slice(events).filter((bytes, at) => isWhole(body, events + at, bytes))) {
        merger.apply(decode('nsatlas.v1.WatchResponse', frame));
        events++;
      }
      return isSame(merger, live);
    },
    20_000,
  );
  call.close(constants.NGHTTP2_CANCEL);
});

/** Whether a frame is not the last one of a body that was cut off. */
function isWhole(body: Buffer, at: number, frame: Buffer): boolean {
  let start = 0;
  for (let skipped = 0; skipped < at; skipped++) start += 5 + body.readUInt32BE(start + 1);
  return body.length >= start + 5 && frame.length === body.readUInt32BE(start + 1);
}

t.test('an agent that stops ends the watches, saying so, and the next one goes on', async (t) => {
  const live = new FakeLive({ namespaces: [fakeNetns(1)] });
  const served = await serveLive(t, live);
  const first = watch(t, served);
  await eventually('it is in sync', () => first.merger.synced);
  const started = performance.now();
  await served.agent.drain(60_000);
  t.ok(performance.now() - started < 30_000);
  await assert.rejects(
    first.ended,
    (cause) =>
      cause instanceof AgentError && cause.code === 'ERR_NSATLAS_AGENT_UNREACHABLE' && /it has stopped/.test(cause.message),
  );
  live.add(fakeNetns(2));
  const next = await serveLive(t, live);
  const second = watch(t, next, { after: first.merger.cursor }, first.merger);
  await eventually('the second is in sync', () => isSame(second.merger, live));
  t.ok(second.events.every(({ restart }) => restart === undefined));
});

t.test('a watch of interfaces or rows is refused, naming the field', async (t) => {
  const { address } = await serveLive(t, new FakeLive({ namespaces: [] }));
  const { stderr } = await curl(address, '/nsatlas.v1.Agent/Watch', ['-d', '{"selector":{"kinds":["veth"]}}']);
  assert.match(stderr, /invalid_argument/);
  assert.match(stderr, /selector\.kinds: a watch is narrowed by namespaces only/);
});

t.test('a host that cannot be read is an error for who watches, and health says so', async (t) => {
  const live = new FakeLive({ namespaces: [] });
  live.answer = () => Promise.reject(new Error('EMFILE: too many open files'));
  const { client, address } = await serveLive(t, live);
  await t.rejects(
    client.watch(EVERYTHING, () => undefined, new AbortController().signal),
    /this host could not be read: EMFILE/,
  );
  await t.rejects(client.list('netns', {}), /this host could not be read: EMFILE/);
  const health = await curl(address, '/grpc.health.v1.Health/Check', ['-d', '{"service":"nsatlas.v1.Agent"}']);
  t.strictSame(messagesOf(health.stdout), [{ status: 'NOT_SERVING' }]);
});

t.test('lists and snapshots come from what is known, and from a fresh read when counters are asked for', async (t) => {
  const live = new FakeLive({ namespaces: [withFdb(1, 3000), fakeNetns(2)] });
  const { client } = await serveLive(t, live);
  assert.equal((await client.list('fdb', {})).items.length, 3000);
  assert.equal((await client.list('interfaces', {})).freshness?.mode, 'EVENTS');
  assert.equal((await client.snapshot({}, ALL_TABLES)).namespaces.length, 2);
  const status = await client.status();
  assert.deepEqual([status.namespaces, status.interfaces, status.freshness?.mode, status.host?.id], [2, 2, 'EVENTS', 'h1']);
  assert.deepEqual(live.freshReads, []);
  assert.equal((await client.list('fdb', {}, { counters: true })).items.length, 3000);
  assert.deepEqual(live.freshReads, [LISTS.fdb.tables]);
  const fresh = await client.snapshot({}, ALL_TABLES, { counters: true });
  assert.deepEqual([fresh.host.freshness?.mode, live.freshReads.length], ['EVENTS', 2]);
});
