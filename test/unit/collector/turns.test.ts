import t from 'tap';
import { createTurns } from '../../../src/collector/follow/turns.js';

/** Keeps the thread for a while. */
function work(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

t.test('turns are given in the order in which they were asked for, one at a time', async (t) => {
  const turns = createTurns();
  const seen: string[] = [];
  const piece = async (name: string): Promise<void> => {
    await turns.turn();
    seen.push(`${name} begins`);
    // What is settled already is no end of a turn.
    await Promise.resolve().then(() => Promise.resolve());
    seen.push(`${name} ends`);
  };
  await Promise.all([piece('a'), piece('b'), piece('c')]);
  t.strictSame(
    seen,
    ['a', 'b', 'c'].flatMap((name) => [`${name} begins`, `${name} ends`]),
  );
});

t.test('however much work there is, sockets and timers are served in between, and no stream goes short', async (t) => {
  const turns = createTurns({ budgetMs: 5 });
  const done = Array.from({ length: 20 }, () => 0);
  let breaks = 0;
  let isOver = false;
  const look = (): void => {
    breaks++;
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  const stream = async (at: number): Promise<void> => {
    while (!isOver) {
      await turns.turn();
      work(1);
      done[at] = (done[at] ?? 0) + 1;
      isOver ||= done.reduce((sum, count) => sum + count, 0) >= 200;
    }
  };
  await Promise.all(done.map((_, at) => stream(at)));
  const total = done.reduce((sum, count) => sum + count, 0);
  t.ok(breaks >= total / 8, `${breaks} breaks in ${total} pieces of a millisecond`);
  t.ok(Math.max(...done) - Math.min(...done) <= 1, done.join());
});

t.test('small pieces share a stretch: a turn is no round of the event loop', async (t) => {
  let now = 0;
  const turns = createTurns({ budgetMs: 5, now: () => now });
  let rounds = 0;
  let isOver = false;
  const look = (): void => {
    rounds++;
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  await Promise.all(
    Array.from({ length: 1000 }, async () => {
      await turns.turn();
      now += 0.01;
    }),
  );
  isOver = true;
  // 10 ms of work with a break after each 5.
  t.ok(rounds <= 6, `${rounds} rounds`);
});

t.test('a piece of work that throws takes no turn from anybody', async (t) => {
  const turns = createTurns();
  const results = await Promise.allSettled(
    [1, 2, 3].map(async (at) => {
      await turns.turn();
      if (at === 2) throw new Error('no');
      return at;
    }),
  );
  t.strictSame(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  await turns.turn();
});
