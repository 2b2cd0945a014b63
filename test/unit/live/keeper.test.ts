import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import t from 'tap';
import { EVENT_TABLES } from '../../../src/tables/index.js';
import type { NetnsReader, ObservedEvents, ReadJob, ReadVisitor } from '../../../src/native/types.js';
import { Keeper } from '../../../src/live/keeper.js';
import type { LiveNetns } from '../../../src/live/live-netns.js';
import { LiveState } from '../../../src/live/live-state.js';
import { Population } from '../../../src/live/population.js';
import { foundAt } from '../../support/live-rows.js';

const NOTHING: ObservedEvents = { changes: [], dead: [], lost: 0, mounts: false, messages: 0 };
const OBSERVER = { path: '/observer', identity: { dev: 4, ino: 1 } };

/** A keeper over a reader that says of each path what `answer` does: true, everything is there and empty; false, it is gone; 'stuck', it
 * does not answer. */
function world(
  answer: (path: string) => boolean | 'stuck',
  now: () => number = () => performance.now(),
  /** Whether jobs fail as a whole, and what is said of that. */
  broken?: { is: boolean; readonly problems: Error[] },
): {
  state: LiveState;
  population: Population;
  keeper: Keeper;
  read: string[];
  given: string[];
} {
  const [read, given]: [string[], string[]] = [[], []];
  let stopped = false;
  const reader: NetnsReader = {
    read: async (job: ReadJob, visitor: ReadVisitor) => {
      stopped = false;
      if (broken?.is === true) throw new Error('no thread');
      for (const [at, target] of job.targets.entries()) {
        await nextTurn();
        if (stopped && at > 0) break;
        let isCut = false;
        for (const request of target.requests) {
          const path = job.requests[request]?.netnsFd?.path;
          // The rest of the requests is not carried out.
          isCut ||= path !== undefined && answer(path) === 'stuck';
          if (isCut) break;
          if (path !== undefined && answer(path) !== false) given.push(path);
          if (path !== undefined) visitor.requestEnd?.(at, request, answer(path) === false ? 2 : 0, 'netns-fd');
          else if (answer(target.path) === true) visitor.requestEnd?.(at, request, 0, 'receive');
        }
        if (target.path !== OBSERVER.path) read.push(target.path);
        const gone = { problem: 'not-found', operation: 'open', errno: 2, detail: '' } as const;
        const stuck = { problem: 'timeout', operation: 'time-limit', errno: 0, detail: '' } as const;
        const problems = { true: undefined, false: gone, stuck };
        visitor.targetEnd?.(at, isCut ? stuck : target.path === OBSERVER.path ? undefined : problems[`${answer(target.path)}`]);
      }
    },
    identify: async () => [],
    stop: () => {
      stopped = true;
    },
    forget: () => undefined,
    close: () => undefined,
  };
  const state = new LiveState();
  const population = new Population(state);
  const keeper = new Keeper({
    state,
    population,
    reader,
    observer: OBSERVER,
    onDemand: false,
    pairs: () => true,
    timeLimitMs: 1000,
    now,
    onLost: () => undefined,
    onProblem: (problem) => (broken === undefined ? assert.fail(problem) : void broken.problems.push(problem)),
    onProgress: () => undefined,
  });
  return { state, population, keeper, read, given };
}

async function come({ population, keeper }: ReturnType<typeof world>, ...found: ReturnType<typeof foundAt>[]): Promise<void> {
  const { come: all } = await population.apply({ namespaces: found }, population.mark);
  for (const netns of all) netns.tables.LINKS.kept = true;
  keeper.added(all);
}

async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1000 && !holds(); turn++) await nextTurn();
  assert.ok(holds());
}

t.test('what keeps namespaces true', async (t) => {
  t.test('is settled although no path leads to one of them, which is told as a gap', async (t) => {
    const all = world(() => true);
    await come(all, foundAt(1), foundAt(2, '/gone', { openPaths: [] }));
    await until(() => all.keeper.isSettled);
    t.strictSame(all.read, ['/run/docker/netns/n1']);
    t.strictSame(
      all.state.gaps().map(({ netnsId, status }) => [netnsId, status]),
      [['net:[2]', 'FAILED']],
    );
  });

  t.test('is behind from the moment on in which events are lost until everything is read', async (t) => {
    const all = world(() => true);
    await come(all, foundAt(1), foundAt(2));
    await until(() => all.keeper.isSettled && all.keeper.behindSince === undefined);
    const before = all.read.length;
    all.keeper.receive({ ...NOTHING, lost: 1 });
    t.ok(all.keeper.behindSince !== undefined, 'what is told then counts as new');
    await new Promise((resolve) => setTimeout(resolve, 20));
    await until(() => all.keeper.behindSince === undefined);
    t.equal(all.read.length, before + 2);
    t.equal(all.keeper.lostEvents, 1);
  });

  t.test('gives an id by the path that leads to a namespace when the first one does not', async (t) => {
    const all = world((path) => path !== '/first');
    await come(all, foundAt(1, '/first', { openPaths: ['/first', '/second'] }));
    await until(() => all.read.includes('/first'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await until(() => all.read.includes('/second'));
    const [netns] = [...all.state.namespaces.values()];
    t.strictSame(all.given, ['/second']);
    assert.ok(netns?.nsid !== undefined && all.population.byNsid(netns.nsid) === netns);
    t.equal(netns.status, 'OK');
  });

  t.test('asks at once what an nsid stands for when the namespace that it stood for is gone', async (t) => {
    const all = world(() => true);
    await come(all, foundAt(1), foundAt(2));
    await until(() => all.keeper.isSettled && all.keeper.behindSince === undefined);
    const [first, second] = [...all.state.namespaces.values()];
    assert.ok(first !== undefined && second !== undefined);
    // As Pairing does it when a link of the first one has its other end in the second.
    first.unresolved.add(7);
    all.state.pairing.askAgain(first);
    all.population.remove(second);
    all.keeper.removed([second]);
    await until(() => all.keeper.isSettled);
    t.notOk(all.state.pairing.hasQuestions);
  });

  t.test('says that a question about nsids had no answer in time, and asks again', async (t) => {
    t.after(() => mock.timers.reset());
    mock.timers.enable({ apis: ['setTimeout', 'Date'] });
    let answers = false;
    const all = world(
      (path) => (path === OBSERVER.path && !answers ? 'stuck' : true),
      () => Date.now(),
    );
    await come(all, foundAt(1), foundAt(2));
    await until(() => all.keeper.isSettled && all.keeper.behindSince === undefined);
    const [first, second] = [...all.state.namespaces.values()];
    assert.ok(first && second);
    const ask = (netns: LiveNetns): void => {
      netns.unresolved.add(7);
      all.state.pairing.askAgain(netns);
      all.keeper.removed([]);
    };
    ask(first);
    await until(() => all.keeper.isSettled && first.nsidGap !== undefined);
    t.strictSame(
      all.state.gaps().map(({ table, status, errno }) => [table, status, errno]),
      [['NSIDS', 'FAILED', 'ETIMEDOUT']],
    );
    answers = true;
    // An answer to another question does not stand for this one's.
    ask(second);
    await until(() => all.keeper.isSettled);
    mock.timers.tick(499);
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    t.ok(first.nsidGap);
    mock.timers.tick(1);
    await until(() => first.nsidGap === undefined);
    t.strictSame(all.state.gaps(), []);
  });

  t.test('loses neither new namespaces nor questions to a job that fails as a whole', async (t) => {
    t.after(() => mock.timers.reset());
    mock.timers.enable({ apis: ['setTimeout', 'Date'] });
    const broken = { is: true, problems: [] as Error[] };
    const all = world(
      () => true,
      () => Date.now(),
      broken,
    );
    await come(all, foundAt(1), foundAt(2));
    await until(() => broken.problems.length === 1);
    broken.is = false;
    mock.timers.tick(1000);
    await until(() => all.keeper.isSettled && all.keeper.behindSince === undefined);
    t.equal(new Set(all.read).size, 2);
    const [first] = [...all.state.namespaces.values()];
    assert.ok(first);
    broken.is = true;
    first.unresolved.add(7);
    all.state.pairing.askAgain(first);
    all.keeper.removed([]);
    await until(() => broken.problems.length === 2);
    t.notOk(all.keeper.isSettled);
    broken.is = false;
    mock.timers.tick(1000);
    await until(() => all.keeper.isSettled);
  });

  t.test('lets a namespace go as soon as the kernel tells of its death, before anybody looks for it', async (t) => {
    const all = world(() => true);
    await come(all, foundAt(1), foundAt(2));
    await until(() => all.keeper.isSettled);
    const [first, second] = [...all.state.namespaces.values()];
    assert.ok(first?.nsid !== undefined && second !== undefined);
    all.keeper.receive({ ...NOTHING, dead: [first.nsid] });
    t.strictSame([...all.state.namespaces.values()], [second]);
  });

  t.test('reads what events tell of before the rest of all that is read again, and then that rest', async (t) => {
    const all = world(() => true);
    const names = [1, 2, 3, 4, 5, 6, 7, 8];
    await come(all, ...names.map((ino) => foundAt(ino)));
    await until(() => all.keeper.isSettled && all.keeper.behindSince === undefined);
    const last = [...all.state.namespaces.values()].at(-1);
    assert.ok(last?.nsid !== undefined);
    // After a read a namespace rests for some milliseconds.
    await new Promise((resolve) => setTimeout(resolve, 20));
    all.read.length = 0;
    all.keeper.rescan(new Map([['LINKS', 'whole']]));
    await until(() => all.read.length > 0);
    all.keeper.receive({
      ...NOTHING,
      changes: [{ nsid: last.nsid, table: EVENT_TABLES.indexOf('LINKS'), ifindexes: [] }],
      messages: 1,
    });
    await until(() => all.keeper.isScanned && all.keeper.behindSince === undefined);
    const paths = names.map((ino) => `/run/docker/netns/n${ino}`);
    const [heard] = paths.splice(-1);
    t.ok(all.read.indexOf(heard ?? '') <= 2, all.read.join());
    t.strictSame([...new Set(all.read)].sort(), [...paths, heard].sort());
    t.equal(all.read.length, names.length + 1, 'the rest, and once more what was heard of');
  });

  t.test('tries again what did not answer, later each time, and is not behind meanwhile', async (t) => {
    t.after(() => mock.timers.reset());
    mock.timers.enable({ apis: ['setTimeout', 'Date'] });
    let answers = false;
    const all = world(
      (path) => (path.endsWith('n2') && !answers ? 'stuck' : true),
      () => Date.now(),
    );
    await come(all, foundAt(1), foundAt(2));
    await until(() => all.keeper.isSettled && all.keeper.behindSince === undefined);
    const stuck = [...all.state.namespaces.values()][1];
    assert.equal(stuck?.status, 'TIMED_OUT');
    const triesAfter = async (ms: number): Promise<number> => {
      mock.timers.tick(ms);
      for (let turn = 0; turn < 20; turn++) await nextTurn();
      assert.equal(all.keeper.behindSince, undefined);
      return all.read.filter((path) => path.endsWith('n2')).length;
    };
    t.strictSame([await triesAfter(0), await triesAfter(499), await triesAfter(1)], [1, 1, 2]);
    t.strictSame([await triesAfter(999), await triesAfter(1), await triesAfter(1999)], [2, 3, 3]);
    answers = true;
    t.strictSame([await triesAfter(1), stuck.status, all.state.gaps()], [4, 'OK', []]);
    t.equal(await triesAfter(600_000), 4);
    // What answered is not read again.
    t.equal(all.read.filter((path) => path.endsWith('n1')).length, 1);
  });

  t.test('gives an id soon after all to what had none because another one did not answer', async (t) => {
    t.after(() => mock.timers.reset());
    mock.timers.enable({ apis: ['setTimeout', 'Date'] });
    let answers = false;
    const all = world(
      (path) => (path.endsWith('n1') && !answers ? 'stuck' : true),
      () => Date.now(),
    );
    await come(all, foundAt(1), foundAt(2));
    await until(() => all.keeper.isSettled && all.keeper.behindSince === undefined);
    const [first, second] = [...all.state.namespaces.values()];
    t.strictSame([first?.nsid, second?.nsid, second?.status], [undefined, undefined, 'OK']);
    answers = true;
    mock.timers.tick(500);
    await until(() => first?.nsid !== undefined && second?.nsid !== undefined);
    t.strictSame(all.given, ['/run/docker/netns/n1', '/run/docker/netns/n2']);
    mock.timers.tick(100);
    await until(() => all.keeper.behindSince === undefined);
    t.equal(first?.status, 'OK');
  });

  t.test('counts how long it took from an event that was received to what it changed, and not what nobody told of', async (t) => {
    const all = world(() => true);
    await come(all, foundAt(1));
    await until(() => all.keeper.isSettled && all.keeper.behindSince === undefined);
    const [netns] = [...all.state.namespaces.values()];
    assert.ok(netns?.nsid !== undefined);
    const lags = (): number => all.keeper.lag.counts.reduce((sum, count) => sum + count, 0);
    t.equal(lags(), 0);
    const change = { nsid: netns.nsid, table: EVENT_TABLES.indexOf('LINKS'), ifindexes: [] } as const;
    // Of a table that is not kept: nothing is read.
    all.keeper.receive({
      ...NOTHING,
      changes: [{ ...change, table: EVENT_TABLES.indexOf('ROUTES') }],
      messages: 2,
      oldestAtMs: performance.now() - 9000,
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    all.keeper.receive({ ...NOTHING, changes: [change], messages: 3, oldestAtMs: performance.now() - 400 });
    await until(() => lags() === 1);
    t.equal(all.keeper.events, 5);
    t.ok(all.keeper.lag.sum >= 0.4 && all.keeper.lag.sum < 9, `${all.keeper.lag.sum}`);
  });
});
