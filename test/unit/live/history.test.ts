import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { History } from '../../../src/live/history.js';

const gone = (id: string): { id: string; netnsName: string } => ({ id, netnsName: id });

/** Namespaces by key with the revision of their last change. */
function world(): { all: Map<number, { revision: number }>; change: (history: History, ...keys: number[]) => void } {
  const all = new Map<number, { revision: number }>();
  return {
    all,
    change: (history, ...keys) => {
      for (const key of keys) {
        all.set(key, { revision: history.next });
        history.changed(key);
      }
      history.commit();
    },
  };
}

describe('the history of a host', () => {
  it('tells each namespace that changed once, however often it did', () => {
    const history = new History();
    const { all, change } = world();
    for (const key of [1, 2, 3]) change(history, key);
    const since = history.revision;
    change(history, 2);
    change(history, 2, 3);
    assert.deepEqual(history.changesAfter(since, all)?.changed.toSorted(), [2, 3]);
    assert.deepEqual(history.changesAfter(history.revision, all)?.changed, []);
  });

  it('has no revision for nothing', () => {
    const history = new History();
    assert.equal(history.commit(), false);
    assert.equal(history.revision, 0);
  });

  it('finds what changed when its log does not go back so far', () => {
    const history = new History({ revisions: 4 });
    const { all, change } = world();
    for (const key of [1, 2, 3]) change(history, key);
    const since = history.revision;
    for (let round = 0; round < 20; round++) change(history, 2);
    assert.deepEqual(history.changesAfter(since, all)?.changed, [2]);
    assert.deepEqual(history.changesAfter(1, all)?.changed.toSorted(), [2, 3]);
  });

  it('cannot tell what happened before the ends that it has forgotten', () => {
    const history = new History({ removed: 4 });
    const { all, change } = world();
    change(history, 1);
    for (let key = 10; key < 20; key++) {
      history.removed(key, gone(`net:[${key}]`));
      history.commit();
    }
    assert.equal(history.changesAfter(1, all), undefined);
    const recent = history.changesAfter(history.revision - 2, all);
    assert.deepEqual(
      recent?.removed.map(({ key }) => key),
      [18, 19],
    );
  });

  it('knows nothing of a revision that is still to come', () => {
    assert.equal(new History().changesAfter(1, new Map()), undefined);
  });

  it('tells of the host and of gaps by themselves', () => {
    const history = new History();
    history.partChanged('gaps');
    history.commit();
    const since = history.revision;
    history.partChanged('host');
    history.commit();
    const changes = history.changesAfter(since, new Map());
    assert.deepEqual([changes?.host, changes?.gaps, changes?.networks, changes?.freshness], [true, false, false, false]);
  });
});
