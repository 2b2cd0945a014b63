import t from 'tap';
import { parseEvents } from '../../../src/native/observer.js';

/** Words as ObservedEvents::drain() writes them (native/observer/events.cc); the time in nanoseconds. */
function words(
  head: { lost?: number; mounts?: number; messages?: number; time?: bigint },
  dead: number[],
  changes: number[][],
): Int32Array {
  const { lost = 0, mounts = 0, messages = 0, time = 0n } = head;
  const [low, high] = [Number(BigInt.asIntN(32, time)), Number(BigInt.asIntN(32, time >> 32n))];
  return Int32Array.from([lost, mounts, messages, 0, low, high, dead.length, changes.length, ...dead, ...changes.flat()]);
}

t.test('events from the addon', async (t) => {
  t.test('are nothing when nothing happened', async (t) => {
    t.strictSame(parseEvents(words({}, [], [])), { changes: [], dead: [], lost: 0, mounts: false, messages: 0 });
  });

  t.test('are changes with their interfaces, deaths, losses and mounts', async (t) => {
    const tables = [0, 1, 2, 63];
    const changes = tables.map((table) => [1000 + table, table, 2, 7, 9]);
    const events = parseEvents(words({ lost: 3, mounts: 1 }, [4, 2 ** 31 - 1], [...changes, [5, 4, 0]]));
    t.strictSame(events, {
      changes: [
        ...tables.map((table) => ({ nsid: 1000 + table, table, ifindexes: [7, 9] })),
        { nsid: 5, table: 4, ifindexes: [] },
      ],
      dead: [4, 2 ** 31 - 1],
      lost: 3,
      mounts: true,
      messages: 0,
    });
  });

  t.test('have the time of the oldest on the clock of performance.now()', async (t) => {
    // More than 32 bits of nanoseconds, with the highest bit of the lower word set or not.
    for (const age of [0n, 2n ** 31n, 3n * 10n ** 9n]) {
      const { oldestAtMs = Number.NaN, messages } = parseEvents(
        words({ messages: 2, time: process.hrtime.bigint() - age }, [], []),
      );
      t.equal(messages, 2);
      t.ok(Math.abs(performance.now() - Number(age) / 1e6 - oldestAtMs) < 1000, `${oldestAtMs}`);
    }
  });

  t.test('that end too early are an error, not a guess', async (t) => {
    const good = words({ messages: 1 }, [4], [[1, 0, 2, 7, 9]]);
    for (let length = 8; length < good.length; length++)
      t.throws(() => parseEvents(good.slice(0, length)), { name: 'NativeError', code: 'ERR_NSATLAS_FRAME' }, `${length}`);
  });
});
