import t from 'tap';
import { eachSection, noRemovals, noRows } from '../../../src/tables/index.js';
import type { FdbEntry, Interface, NetnsChange, WatchEvent } from '../../../src/model/types.js';
import { decode } from '../../../src/wire/codec.js';
import { toJson } from '../../../src/wire/json.js';
import { encodeWatchBody, watchMessage } from '../../../src/wire/watch-bytes.js';
import { watchJson } from '../../../src/wire/watch-json.js';
import { WatchMerger, type WatchChange } from '../../../src/wire/watch-merge.js';
import { freshness, netns as maximal, watchEvent } from './maximal-model.js';

const head = { ...maximal, interfaces: [], ...noRows() };
const [LINK] = maximal.interfaces as [Interface];
const [ROW] = maximal.fdb as [FdbEntry];
const link = (ifindex: number, more: Partial<Interface> = {}): Interface => ({ ...LINK, ifindex: ifindex as never, ...more });
const row = (rowId: number, more: Partial<FdbEntry> = {}): FdbEntry => ({ ...ROW, rowId, ...more });

let revision = 0n;
function told(change: Partial<NetnsChange>, moved = true): WatchEvent {
  if (moved) revision++;
  const none = { removedIfindexes: [], interfaces: [], ...noRows(), ...noRemovals() };
  const netns = { netns: head, whole: false, ...none, ...change };
  return { cursor: { epoch: 'e', revision }, netns };
}

/** "+interface 1", "~fdb 7" */
const brief = (changes: readonly WatchChange[]): string[] =>
  changes.map((change) => {
    const sign = change.old === undefined ? '+' : change.new === undefined ? '-' : '~';
    const value = (change.new ?? change.old) as { ifindex?: number; rowId?: number };
    return `${sign}${change.what} ${change.what === 'netns' ? '' : (value.rowId ?? value.ifindex)}`.trim();
  });

t.test('changes say what was and what is, and what is told twice is told once', async (t) => {
  const merger = new WatchMerger();
  const first = told({ whole: true, interfaces: [link(1), link(2)], fdb: [row(7)] });
  t.strictSame(brief(merger.apply(first)), ['+netns', '+interface 1', '+interface 2', '+fdb 7']);
  const again = told({ interfaces: [link(1), link(2)], fdb: [row(7)] });
  t.strictSame(brief(merger.apply(again)), []);
  const other = merger.apply(told({ interfaces: [link(1, { mtu: 9000 })], removedIfindexes: [2, 99] }));
  t.strictSame(brief(other), ['-interface 2', '~interface 1']);
  t.strictSame(
    other.map(({ old, new: now }) => [(old as Interface | undefined)?.mtu, (now as Interface | undefined)?.mtu]),
    [
      [LINK.mtu, undefined],
      [LINK.mtu, 9000],
    ],
  );
});

t.test(
  'a row that is removed and added in one event has changed; others are gone or new; unknown ends are no harm',
  async (t) => {
    const merger = new WatchMerger();
    merger.apply(told({ whole: true, fdb: [row(1), row(2, { mac: '02:00:00:00:00:02' })] }));
    const removedFdb = [row(1), row(2, { mac: '02:00:00:00:00:02' }), row(99)];
    const changes = merger.apply(told({ removedFdb, fdb: [row(3, { dst: '192.0.2.9' }), row(4, { mac: '02:00:00:00:00:04' })] }));
    t.strictSame(brief(changes), ['~fdb 3', '+fdb 4', '-fdb 2']);
    t.strictSame(
      merger.snapshot()?.namespaces[0]?.fdb.map(({ rowId }) => rowId),
      undefined,
    );
    merger.apply({ cursor: { epoch: 'e', revision }, host: watchEvent.host });
    t.strictSame(
      merger.snapshot()?.namespaces[0]?.fdb.map(({ rowId }) => rowId),
      [3, 4],
    );
  },
);

t.test(
  'a row that is removed in one message of a change and added in a later one has changed, and others are gone at its end',
  async (t) => {
    const merger = new WatchMerger();
    merger.apply(told({ whole: true, fdb: [row(1), row(2, { mac: '02:00:00:00:00:02' })] }));
    const removedFdb = [row(1), row(2, { mac: '02:00:00:00:00:02' })];
    t.strictSame(brief(merger.apply(told({ removedFdb }, false))), []);
    t.strictSame(brief(merger.apply(told({ fdb: [row(1, { dst: '192.0.2.9' })] }))), ['~fdb 1', '-fdb 2']);
    t.equal(merger.counts.fdb, 1);
  },
);

t.test('a namespace that is told anew forgets at once, and says what is gone when all of it was told', async (t) => {
  const merger = new WatchMerger();
  merger.apply({ cursor: { epoch: 'e', revision }, host: watchEvent.host });
  merger.apply(told({ whole: true, interfaces: [link(1), link(2)], fdb: [row(1), row(2, { mac: '02:00:00:00:00:02' })] }));
  t.strictSame(brief(merger.apply(told({ whole: true, interfaces: [link(1)] }, false))), []);
  t.strictSame(merger.counts, { namespaces: 1, interfaces: 1, ...eachSection(() => 0) });
  t.strictSame(brief(merger.apply(told({ fdb: [row(8)] }))), ['-interface 2', '-fdb 2']);
  t.equal(merger.snapshot()?.namespaces[0]?.fdb.length, 1);
});

t.test('an end of an earlier namespace with the same inode does not take the later one', async (t) => {
  const merger = new WatchMerger();
  merger.apply(told({ whole: true, interfaces: [link(1)] }));
  const later = { ...head, cookie: 77n };
  t.strictSame(brief(merger.apply(told({ netns: later, whole: true, interfaces: [link(1)] }))), [
    '-netns',
    '+netns',
    '+interface 1',
  ]);
  const cursor = { epoch: 'e', revision };
  t.strictSame(merger.apply({ cursor, removed: { id: head.id, cookie: head.cookie, netnsName: 'x' } }), []);
  t.strictSame(brief(merger.apply({ cursor, removed: { id: head.id, cookie: 77n, netnsName: 'x' } })), ['-netns']);
});

t.test('a restart forgets everything, and the mark says when everything is known again', async (t) => {
  const merger = new WatchMerger();
  merger.apply(told({ whole: true, interfaces: [link(1)] }));
  const cursor = { epoch: 'e', revision: 0n };
  merger.apply({ cursor, synced: { freshness } });
  t.ok(merger.synced);
  merger.apply({ cursor, restart: { reason: 'r' } });
  t.strictSame([merger.synced, merger.counts.namespaces, merger.snapshot()], [false, 0, undefined]);
});

t.test('a message of a cursor and a shared body is the message', async (t) => {
  const { cursor, ...body } = watchEvent;
  const bytes = watchMessage(cursor, encodeWatchBody(body));
  t.strictSame(decode('nsatlas.v1.WatchResponse', bytes), watchEvent);
});

t.test('the line of an event is its JSON', async (t) => {
  const line = watchJson(watchEvent);
  t.notMatch(line, /\n/);
  t.strictSame(JSON.parse(line), JSON.parse(toJson(watchEvent)));
  t.strictSame(JSON.parse(watchJson(told({ whole: true }))), JSON.parse(toJson(told({ whole: true }, false))));
});
