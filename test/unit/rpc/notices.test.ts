import t from 'tap';
import { createNotices } from '../../../src/rpc/notices.js';
import { fakeLog } from '../agent/fake-host.js';

t.test('so many lines a minute of each kind are logged, and then how many were left out', async (t) => {
  const log = fakeLog();
  let at = 1000;
  const notice = createNotices(log, { perMinute: 2, now: () => at });
  for (let number = 0; number < 5; number++) notice('a', { number }, 'a');
  notice('b', {}, 'b');
  t.strictSame(
    log.lines.map(({ message }) => message),
    ['a', 'a', 'b'],
  );
  at += 59_999;
  notice('a', {}, 'a');
  t.equal(log.lines.length, 3);
  at += 1;
  notice('a', { number: 6 }, 'a');
  t.strictSame(log.lines.at(-1)?.fields, { number: 6, leftOut: 4 });
  at += 60_000;
  notice('a', { number: 7 }, 'a');
  t.strictSame(log.lines.at(-1)?.fields, { number: 7 });
});
