import t from 'tap';
import { backoff, between, spread } from '../../../src/text/backoff.js';
import { duration, shortDuration } from '../../../src/text/duration.js';
import { compare } from '../../../src/text/order.js';

t.test('a time span', async (t) => {
  t.test('has two units at most in a sentence', async (t) => {
    const spans: [number, string][] = [
      [-5, '0 s'],
      [420, '0.4 s'],
      [5000, '5 s'],
      [7300, '7.3 s'],
      [9960, '10 s'],
      [60_000, '60 s'],
      [61_000, '1 min 1 s'],
      [120_000, '2 min'],
      [3_600_000, '1 h'],
      [11_100_000, '3 h 5 min'],
      [172_800_000, '2 d'],
      [180_000_000, '2 d 2 h'],
    ];
    for (const [ms, text] of spans) t.equal(duration(ms), text);
  });

  t.test('has one unit in a column', async (t) => {
    t.strictSame([0, 61_000, 300_000, 8_000_000, 400_000_000].map(shortDuration), ['0.0s', '61s', '5m', '2h', '5d']);
  });
});

t.test('the pause before another attempt', async (t) => {
  t.test('doubles up to its limit, however many attempts failed', async (t) => {
    const limits = { firstMs: 250, longestMs: 10_000 };
    t.strictSame(
      [0, 1, 2, 5, 6, 5000].map((failures) => backoff(failures, limits)),
      [250, 500, 1000, 8000, 10_000, 10_000],
    );
  });

  t.test('is spread, and never less than half', async (t) => {
    t.strictSame([spread(1000, 0), spread(1000, 0.5), spread(1000, 1)], [500, 750, 1000]);
    t.strictSame([between(10, 30, 0), between(10, 30, 1)], [10, 30]);
  });
});

t.test('order', async (t) => {
  t.test('is that of code units and numbers, and an absent text comes first', async (t) => {
    t.strictSame(['b', 'a', 'B', 'ä'].sort(compare), ['B', 'a', 'b', 'ä']);
    t.strictSame([10, 9, -1].sort(compare), [-1, 9, 10]);
    t.equal(compare(undefined, ''), 0);
    t.equal(compare(undefined, 'a'), -1);
  });
});
