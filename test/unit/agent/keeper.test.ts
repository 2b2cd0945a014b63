import assert from 'node:assert/strict';
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises';
import t from 'tap';
import { createKeeper, type Keeper } from '../../../src/agent/keeper.js';
import type { HostSnapshot, Table } from '../../../src/model/types.js';
import { fakeNetns, fakeSnapshot, fakeSource, type FakeSource } from './fake-host.js';

interface Rig {
  keeper: Keeper;
  source: FakeSource;
  clock: { now: number };
  outcomes: (string | undefined)[];
  /** Ends the read that waits the longest. */
  readonly finish: (outcome?: Error) => void;
  readonly get: (...tables: Table[]) => Promise<HostSnapshot>;
}

const never = new AbortController().signal;

/** A keeper whose reads end when the test says so. */
function rig({ maxAgeMs = 1000, readLimitMs = 60_000 } = {}): Rig {
  const waiting: ((outcome?: Error) => void)[] = [];
  const source = fakeSource(
    () =>
      new Promise((resolve, reject) =>
        waiting.push((problem) =>
          problem === undefined ? resolve(fakeSnapshot([fakeNetns(source.reads.length)])) : reject(problem),
        ),
      ),
  );
  const clock = { now: 0 };
  const outcomes: (string | undefined)[] = [];
  const keeper = createKeeper({
    source,
    maxAgeMs,
    readLimitMs,
    now: () => clock.now,
    onOutcome: (problem) => outcomes.push(problem?.message),
  });
  return {
    keeper,
    source,
    clock,
    outcomes,
    finish: (outcome) => {
      const first = waiting.shift();
      assert.ok(first !== undefined, 'no read is under way');
      first(outcome);
    },
    get: (...tables) => keeper.get(tables, new AbortController().signal),
  };
}

t.test('requests that come together share one read', async (t) => {
  const { get, finish, source } = rig();
  const answers = Promise.all(Array.from({ length: 200 }, () => get('LINKS')));
  finish();
  const snapshots = await answers;
  t.equal(source.reads.length, 1);
  t.equal(new Set(snapshots).size, 1);
});

t.test('a read answers requests until it is maxAgeMs old, counted from when it began', async (t) => {
  const { get, finish, source, clock } = rig();
  const first = get('LINKS');
  clock.now = 600;
  finish();
  const snapshot = await first;
  clock.now = 1000;
  t.equal(await get('LINKS'), snapshot);
  clock.now = 1001;
  const second = get('LINKS');
  finish();
  t.not(await second, snapshot);
  t.equal(source.reads.length, 2);
});

t.test('with a maximal age of 0 only requests of the same moment share a read', async (t) => {
  const { get, finish, source, clock } = rig({ maxAgeMs: 0 });
  const both = Promise.all([get('LINKS'), get('LINKS')]);
  clock.now = 1;
  const later = get('LINKS');
  finish();
  await both;
  await turn();
  finish();
  await later;
  t.equal(source.reads.length, 2);
});

t.test('requests for other tables wait for one next read that has all of them, and no two reads run at once', async (t) => {
  const { get, finish, source } = rig();
  const links = get('LINKS');
  const others = Promise.all([get('LINKS', 'FDB'), get('ROUTES'), get('LINKS')]);
  t.strictSame(source.reads, [['LINKS']]);
  finish();
  await links;
  await turn();
  t.strictSame(
    source.reads.map((tables) => [...tables].sort()),
    [['LINKS'], ['FDB', 'LINKS', 'ROUTES']],
  );
  finish();
  const [fdb, routes, alsoLinks] = await others;
  t.equal(fdb, routes);
  t.equal(alsoLinks, await links);
  t.equal(source.maxActive, 1);
});

t.test('a kept read with more tables answers for fewer', async (t) => {
  const { get, finish, source } = rig();
  const all = get('LINKS', 'FDB', 'ROUTES');
  finish();
  await all;
  t.equal(await get('FDB'), await all);
  t.equal(source.reads.length, 1);
});

t.test('a read that fails is an error for everybody who waits, and the next request reads anew', async (t) => {
  const { get, finish, outcomes } = rig();
  const both = [get('LINKS'), get('LINKS')];
  finish(new Error('no /proc'));
  for (const answer of both) await t.rejects(answer, /no \/proc/);
  const next = get('LINKS');
  finish();
  t.equal((await next).namespaces.length, 1);
  t.strictSame(outcomes, ['no /proc', undefined]);
});

t.test('a read that failed does not stop those who wait for the next one', async (t) => {
  const { get, finish } = rig();
  const links = get('LINKS');
  const fdb = get('FDB');
  finish(new Error('no /proc'));
  await t.rejects(links);
  await turn();
  finish();
  t.equal((await fdb).namespaces.length, 1);
});

t.test('a source that throws at once is a failed read, too', async (t) => {
  const { keeper, source } = rig();
  source.answer = () => {
    throw new Error('at once');
  };
  await t.rejects(keeper.get(['LINKS'], never), /at once/);
});

t.test('a caller that cancels stops waiting, and a read that nobody wants any more is not begun', async (t) => {
  const { keeper, get, finish, source } = rig();
  const links = get('LINKS');
  const controller = new AbortController();
  const fdb = keeper.get(['FDB'], controller.signal);
  controller.abort(new Error('gone'));
  await t.rejects(fdb, /gone/);
  finish();
  await links;
  await turn();
  t.strictSame(source.reads, [['LINKS']]);
  await t.rejects(keeper.get(['LINKS'], controller.signal), /gone/);
});

t.test('a caller that cancels leaves the read to the others', async (t) => {
  const { keeper, get, finish } = rig();
  const controller = new AbortController();
  const one = keeper.get(['LINKS'], controller.signal);
  const other = get('LINKS');
  controller.abort(new Error('gone'));
  await t.rejects(one, /gone/);
  finish();
  t.equal((await other).namespaces.length, 1);
});

t.test('a read that does not end is an error after the limit, and no second one is begun beside it', async (t) => {
  const { get, finish, source, outcomes } = rig({ readLimitMs: 20 });
  await t.rejects(get('LINKS'), { name: 'LiveError', code: 'ERR_NSATLAS_READ_TIMEOUT' });
  await t.rejects(get('FDB'), { code: 'ERR_NSATLAS_READ_TIMEOUT' });
  t.equal(source.reads.length, 1);
  t.match(outcomes[0] ?? '', /not ended within 0.02 s/);
  finish();
  await turn();
  t.equal(outcomes.at(-1), undefined);
});

t.test('what is known of the last read outlives its rows', async (t) => {
  const { keeper, get, finish, clock, source } = rig({ maxAgeMs: 10 });
  t.equal(keeper.last(), undefined);
  const first = get('LINKS');
  finish();
  await first;
  clock.now = 5;
  t.strictSame(
    [keeper.last()?.ageMs, keeper.last()?.namespaces, keeper.last()?.interfaces, keeper.last()?.snapshot.host?.id],
    [5, 1, 1, 'h1'],
  );
  // The clock of the test stands still, so only the timer can have let go of the snapshot.
  await delay(40);
  const second = get('LINKS');
  t.equal(source.reads.length, 2);
  finish();
  await second;
  keeper.close();
});
