import t from 'tap';
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

t.test('the history of a host', async (t) => {
  t.test('tells each namespace that changed once, however often it did', async (t) => {
    const history = new History();
    const { all, change } = world();
    for (const key of [1, 2, 3]) change(history, key);
    const since = history.revision;
    change(history, 2);
    change(history, 2, 3);
    t.strictSame(history.changesAfter(since, all)?.changed.toSorted(), [2, 3]);
    t.strictSame(history.changesAfter(history.revision, all)?.changed, []);
  });

  t.test('has no revision for nothing', async (t) => {
    const history = new History();
    t.equal(history.commit(), false);
    t.equal(history.revision, 0);
  });

  t.test('finds what changed when its log does not go back so far', async (t) => {
    const history = new History({ revisions: 4 });
    const { all, change } = world();
    for (const key of [1, 2, 3]) change(history, key);
    const since = history.revision;
    for (let round = 0; round < 20; round++) change(history, 2);
    t.strictSame(history.changesAfter(since, all)?.changed, [2]);
    t.strictSame(history.changesAfter(1, all)?.changed.toSorted(), [2, 3]);
  });

  t.test('cannot tell what happened before the ends that it has forgotten', async (t) => {
    const history = new History({ removed: 4 });
    const { all, change } = world();
    change(history, 1);
    for (let key = 10; key < 20; key++) {
      history.removed(key, gone(`net:[${key}]`));
      history.commit();
    }
    t.equal(history.changesAfter(1, all), undefined);
    const recent = history.changesAfter(history.revision - 2, all);
    t.strictSame(
      recent?.removed.map(({ key }) => key),
      [18, 19],
    );
  });

  t.test('knows nothing of a revision that is still to come', async (t) => {
    t.equal(new History().changesAfter(1, new Map()), undefined);
  });

  t.test('tells of the host and of gaps by themselves', async (t) => {
    const history = new History();
    history.partChanged('gaps');
    history.commit();
    const since = history.revision;
    history.partChanged('host');
    history.commit();
    const changes = history.changesAfter(since, new Map());
    t.strictSame([changes?.host, changes?.gaps, changes?.networks, changes?.freshness], [true, false, false, false]);
  });
});
