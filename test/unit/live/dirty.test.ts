import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DirtyQueue } from '../../../src/live/dirty.js';

describe('what events have made dirty', () => {
  it('is due at once the first time, and after a rest when the namespace was just read', () => {
    const queue = new DirtyQueue();
    queue.mark(1, 'LINKS', new Set([2]), 100);
    assert.deepEqual(queue.take(100, 10), [{ key: 1, tables: new Map([['LINKS', new Set([2])]]) }]);
    queue.rest(1, 150);
    queue.mark(1, 'LINKS', new Set([2]), 101);
    queue.mark(2, 'LINKS', new Set([2]), 102);
    assert.deepEqual(
      queue.take(102, 10).map(({ key }) => key),
      [2],
      'another namespace does not wait',
    );
    assert.equal(queue.nextDueAt(), 150);
    assert.deepEqual(
      queue.take(150, 10).map(({ key }) => key),
      [1],
    );
    assert.ok(queue.isEmpty);
  });

  it('is taken together, and says since when it waits', () => {
    const queue = new DirtyQueue();
    queue.mark(1, 'FDB', new Set([3]), 5);
    queue.mark(1, 'FDB', new Set([4]), 6);
    queue.mark(1, 'ADDRESSES', 'whole', 7);
    assert.equal(queue.oldestAt, 5);
    assert.deepEqual(
      queue.take(7, 1)[0]?.tables,
      new Map<string, unknown>([
        ['FDB', new Set([3, 4])],
        ['ADDRESSES', 'whole'],
      ]),
    );
    assert.equal(queue.oldestAt, undefined);
  });

  it('is the whole table when it is many interfaces', () => {
    const queue = new DirtyQueue();
    for (let ifindex = 1; ifindex <= 65; ifindex++) queue.mark(1, 'LINKS', new Set([ifindex]), 0);
    assert.equal(queue.take(0, 1)[0]?.tables.get('LINKS'), 'whole');
    queue.mark(1, 'LINKS', 'whole', 1);
    queue.mark(1, 'LINKS', new Set([1]), 1);
    assert.equal(queue.take(1, 1)[0]?.tables.get('LINKS'), 'whole');
  });

  it('takes as many as wanted, the longest waiting first', () => {
    const queue = new DirtyQueue();
    for (const key of [5, 3, 4]) queue.mark(key, 'LINKS', 'whole', key);
    assert.deepEqual(
      queue.take(10, 2).map(({ key }) => key),
      [5, 3],
    );
    queue.drop(4);
    assert.deepEqual(queue.take(10, 2), []);
  });
});
