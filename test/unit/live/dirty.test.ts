import assert from 'node:assert/strict';
import t from 'tap';
import { DirtyQueue } from '../../../src/live/dirty.js';

t.test('what events have made dirty', async (t) => {
  t.test('is due at once the first time, and after a rest when the namespace was just read', async (t) => {
    const queue = new DirtyQueue();
    queue.mark(1, 'LINKS', new Set([2]), 100);
    assert.deepEqual(queue.take(100, 10), [{ key: 1, tables: new Map([['LINKS', new Set([2])]]), since: 100 }]);
    queue.rest(1, 150);
    queue.mark(1, 'LINKS', new Set([2]), 101);
    queue.mark(2, 'LINKS', new Set([2]), 102);
    t.strictSame(
      queue.take(102, 10).map(({ key }) => key),
      [2],
      'another namespace does not wait',
    );
    t.equal(queue.nextDueAt(), 150);
    t.strictSame(
      queue.take(150, 10).map(({ key }) => key),
      [1],
    );
    t.equal(queue.oldestAt, undefined);
  });

  t.test('is taken together, and says since when it waits', async (t) => {
    const queue = new DirtyQueue();
    queue.mark(1, 'FDB', new Set([3]), 5);
    queue.mark(1, 'FDB', new Set([4]), 6);
    queue.mark(1, 'ADDRESSES', 'whole', 7);
    t.equal(queue.oldestAt, 5);
    t.strictSame(
      queue.take(7, 1)[0]?.tables,
      new Map<string, unknown>([
        ['FDB', new Set([3, 4])],
        ['ADDRESSES', 'whole'],
      ]),
    );
    t.equal(queue.oldestAt, undefined);
  });

  t.test('is the whole table when it is many interfaces', async (t) => {
    const queue = new DirtyQueue();
    for (let ifindex = 1; ifindex <= 65; ifindex++) queue.mark(1, 'LINKS', new Set([ifindex]), 0);
    t.equal(queue.take(0, 1)[0]?.tables.get('LINKS'), 'whole');
    queue.mark(1, 'LINKS', 'whole', 1);
    queue.mark(1, 'LINKS', new Set([1]), 1);
    t.equal(queue.take(1, 1)[0]?.tables.get('LINKS'), 'whole');
  });

  t.test('takes as many as wanted, the longest waiting first', async (t) => {
    const queue = new DirtyQueue();
    for (const key of [5, 3, 4]) queue.mark(key, 'LINKS', 'whole', key);
    t.strictSame(
      queue.take(10, 2).map(({ key }) => key),
      [5, 3],
    );
    queue.drop(4);
    t.strictSame(queue.take(10, 2), []);
  });
});
