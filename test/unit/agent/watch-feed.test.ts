import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { SharedBytes } from '../../../src/serve/shared-bytes.js';
import type { FdbEntry, Gap, Ifindex, WatchEvent } from '../../../src/model/types.js';
import { MAX_PART_BYTES } from '../../../src/wire/chunks.js';
import { fakeLink, fakeNetns, withFdb } from './fake-host.js';
import { FakeLive } from './fake-live.js';
import { TestReader, unordered } from './watch-rig.js';

const fdbRow = (number: number, at: number, dst = '192.0.2.2'): FdbEntry => ({
  netnsId: `net:[${number}]`,
  ifindex: 1 as Ifindex,
  ifname: 'vxlan0',
  mac: `02:42:00:00:00:${at.toString(16).padStart(2, '0')}`,
  dst,
  state: 'PERMANENT',
  rawState: 0x80,
  flags: ['SELF'],
});

/** Which one of its fields an event has. */
const sortOf = ({ cursor: _cursor, ...event }: WatchEvent): string => Object.keys(event).join();
const sorts = (events: readonly WatchEvent[]): string[] => events.map(sortOf);

t.test(
  'a reader without a cursor is told to restart, then everything, then that it is in sync; the cursor moves only then',
  async (t) => {
    const live = new FakeLive({ namespaces: [fakeNetns(1, { role: 'HOST' }), withFdb(2, 3)] });
    const reader = new TestReader(live);
    const events = reader.drain();
    t.strictSame(sorts(events), ['restart', 'host', 'networks', 'netns', 'netns', 'netns', 'gaps', 'synced']);
    t.equal(events[0]?.restart?.reason, 'no cursor was given');
    t.strictSame(new Set(events.slice(0, -1).map(({ cursor }) => cursor.revision)), new Set([0n]));
    t.strictSame(events.at(-1)?.cursor, { epoch: live.epoch, revision: BigInt(live.revision) });
    t.strictSame(unordered(reader.merger.snapshot()), unordered(live.snapshot()));
  },
);

t.test('what changes while the first state is told is told before the mark, and nothing is told twice', async (t) => {
  const live = new FakeLive({ namespaces: [fakeNetns(1), fakeNetns(2), fakeNetns(3)] });
  const reader = new TestReader(live);
  while (!reader.events.some(({ netns }) => netns?.netns.id === 'net:[2]')) reader.step();
  live.setLink(fakeLink('net:[1]', 1, { mtu: 1400 }));
  live.setLink(fakeLink('net:[3]', 1, { mtu: 1300 }));
  live.add(fakeNetns(4));
  live.remove('net:[2]');
  const seen = [...reader.events];
  const rest = reader.drain();
  const ids = (events: readonly WatchEvent[]): string[] => events.flatMap(({ netns }) => netns?.netns.id ?? []);
  t.strictSame(ids(seen), ['net:[1]', 'net:[2]']);
  t.strictSame(ids(rest), ['net:[3]', 'net:[1]', 'net:[4]']);
  t.strictSame(unordered(reader.merger.snapshot()), unordered(live.snapshot()));
});

t.test('one row of a namespace with 10,000 is one small message', async (t) => {
  const live = new FakeLive({ namespaces: [withFdb(1, 10_000)] });
  const reader = new TestReader(live);
  reader.drain();
  t.ok(reader.sizes.every((size) => size <= MAX_PART_BYTES));
  const rowId = live.addRow('fdb', fdbRow(1, 7));
  t.strictSame(sorts(reader.drain()), ['netns']);
  t.ok((reader.sizes[0] ?? 0) < 400, `${reader.sizes[0]} bytes`);
  live.dropRow('fdb', 'net:[1]', rowId);
  const [event] = reader.drain();
  t.strictSame([event?.netns?.removedFdb.length, event?.netns?.fdb.length], [1, 0]);
  t.equal(event?.cursor.revision, BigInt(live.revision));
});

t.test('a reader that takes nothing for a while is told the newest state only', async (t) => {
  const live = new FakeLive({ namespaces: [fakeNetns(1)] });
  const reader = new TestReader(live);
  reader.drain();
  for (let mtu = 1000; mtu < 3000; mtu++) live.setLink(fakeLink('net:[1]', 1, { mtu }));
  const events = reader.drain();
  t.equal(events.length, 1);
  t.equal(events[0]?.netns?.interfaces[0]?.mtu, 2999);
});

t.test('a reader that comes back is told what it missed, and no more', async (t) => {
  const live = new FakeLive({ namespaces: [fakeNetns(1), withFdb(2, 100), fakeNetns(3)] });
  const first = new TestReader(live);
  first.drain();
  const { merger } = first;
  live.dropRow('fdb', 'net:[2]', live.rowIds('fdb', 'net:[2]')[5] ?? 0);
  live.remove('net:[3]');
  live.add(fakeNetns(3, { cookie: 9n }));
  t.ok(merger.cursor !== undefined);
  const second = new TestReader(live, { after: merger.cursor }, { merger });
  const events = second.drain();
  t.strictSame(sorts(events), ['removed', 'netns', 'netns', 'synced']);
  t.strictSame(unordered(merger.snapshot()), unordered(live.snapshot()));
});

t.test('a reader whose place in history is gone, unknown or of another process is told why and everything', async (t) => {
  const live = new FakeLive({ namespaces: [fakeNetns(1)] });
  const reasonAfter = (epoch: string, revision: bigint): string | undefined =>
    new TestReader(live, { after: { epoch, revision } }).drain()[0]?.restart?.reason;
  live.setHead('net:[1]', { pids: [1] });
  live.forgetHistory();
  t.equal(reasonAfter('another', 2n), 'the agent was restarted');
  t.equal(reasonAfter(live.epoch, 1n), 'too much has happened since');
  t.equal(reasonAfter(live.epoch, 2n ** 64n - 1n), 'the cursor is ahead of the history');
  t.equal(reasonAfter(live.epoch, 0n), 'the cursor is from before the end of the initial state');
  t.equal(reasonAfter(live.epoch, BigInt(live.revision)), undefined);
});

t.test('a reader that is so slow that history goes on without it starts anew', async (t) => {
  const live = new FakeLive({ namespaces: [fakeNetns(1)] });
  const reader = new TestReader(live);
  reader.drain();
  live.remove('net:[1]');
  live.add(fakeNetns(2));
  live.forgetHistory();
  const events = reader.drain();
  t.equal(events[0]?.restart?.reason, 'too much has happened since');
  t.equal(sortOf(events.at(-1) as WatchEvent), 'synced');
  t.strictSame(unordered(reader.merger.snapshot()), unordered(live.snapshot()));
});

t.test('with a selector a namespace that comes to fit is told whole, and one that no longer fits is removed', async (t) => {
  const live = new FakeLive({ namespaces: [fakeNetns(1), fakeNetns(2, { role: 'CONTAINER' })] });
  const reader = new TestReader(live, { selector: { roles: ['CONTAINER'] } });
  const ids = (): string[] => reader.merger.snapshot()?.namespaces.map(({ id }) => id) ?? [];
  reader.drain();
  t.strictSame(ids(), ['net:[2]']);
  live.setLink(fakeLink('net:[1]', 1, { mtu: 1400 }));
  t.strictSame(reader.drain(), []);
  live.setHead('net:[1]', { role: 'CONTAINER' });
  t.equal(reader.drain()[0]?.netns?.whole, true);
  t.strictSame(ids(), ['net:[2]', 'net:[1]']);
  live.setHead('net:[2]', { role: 'OTHER' });
  t.strictSame(reader.drain()[0]?.removed?.id, 'net:[2]');
  live.remove('net:[2]');
  t.strictSame(reader.drain(), []);
  live.remove('net:[1]');
  t.equal(reader.drain()[0]?.removed?.id, 'net:[1]');
  t.strictSame(ids(), []);
});

t.test('gaps are told of the tables and the namespaces that are watched', async (t) => {
  const gap = (more: Partial<Gap>): Gap => ({ status: 'FAILED', message: JSON.stringify(more), ...more });
  const live = new FakeLive({
    namespaces: [fakeNetns(1), fakeNetns(2, { role: 'CONTAINER' })],
    gaps: [gap({ netnsId: 'net:[1]' }), gap({ netnsId: 'net:[2]', table: 'LINKS' }), gap({ table: 'FDB' }), gap({ path: '/x' })],
  });
  const gapsFor = (selector: object): (string | undefined)[] | undefined => {
    const events = new TestReader(live, { selector, tables: ['LINKS'] }).drain();
    return events.find(({ gaps }) => gaps)?.gaps?.gaps.map(({ netnsId, path }) => netnsId ?? path);
  };
  t.strictSame(gapsFor({}), ['net:[1]', 'net:[2]', '/x']);
  t.strictSame(gapsFor({ roles: ['CONTAINER'] }), ['net:[2]', '/x']);
});

t.test('the gap of a namespace that is gone does not stay with one that has its inode and does not fit', async (t) => {
  const live = new FakeLive({
    namespaces: [fakeNetns(1, { role: 'CONTAINER', cookie: 1n })],
    gaps: [{ status: 'FAILED', netnsId: 'net:[1]', message: 'm' }],
  });
  const reader = new TestReader(live, { selector: { roles: ['CONTAINER'] } });
  reader.drain();
  t.equal(reader.merger.gaps.length, 1);
  live.remove('net:[1]', true);
  live.add(fakeNetns(1, { cookie: 2n }));
  reader.drain();
  t.strictSame([reader.merger.counts.namespaces, reader.merger.gaps], [0, []]);
});

t.test('the mark comes again when the freshness changes', async (t) => {
  const live = new FakeLive({ namespaces: [] });
  const reader = new TestReader(live);
  reader.drain();
  live.setFreshness({ lostEvents: 3 });
  const events = reader.drain();
  t.strictSame(sorts(events), ['synced']);
  t.equal(reader.merger.freshness?.lostEvents, 3);
});

t.test('readers who know the same share what was made for one of them', async (t) => {
  const live = new FakeLive({ namespaces: [fakeNetns(1)] });
  const bytes = new SharedBytes(live);
  const readers = Array.from({ length: 50 }, () => new TestReader(live, {}, { bytes }));
  for (const reader of readers) reader.drain();
  const made = live.made;
  t.ok(made <= 2, `${made} parts for 50 first states`);
  live.setLink(fakeLink('net:[1]', 1, { mtu: 1400 }));
  for (const reader of readers) t.equal(reader.drain()[0]?.netns?.interfaces[0]?.mtu, 1400);
  t.equal(live.made - made, 1);
});

t.test('for one reader alone nothing is kept', async (t) => {
  const live = new FakeLive({ namespaces: [fakeNetns(1)] });
  const bytes = new SharedBytes(live, () => false);
  for (let reader = 0; reader < 3; reader++) new TestReader(live, {}, { bytes }).drain();
  t.equal(live.made, 3);
});

t.test('links with very long names come in messages that are small enough', async (t) => {
  const altnames = Array.from({ length: 300 }, (_, at) => `${at}`.padEnd(127, 'x'));
  const links = Array.from({ length: 60 }, (_, at) => fakeLink('net:[1]', at + 1, { altnames }));
  const live = new FakeLive({ namespaces: [fakeNetns(1, { interfaces: links })] });
  const reader = new TestReader(live);
  reader.drain();
  t.ok(reader.sizes.length > 10 && reader.sizes.every((size) => size <= MAX_PART_BYTES + 100));
  t.strictSame(unordered(reader.merger.snapshot()), unordered(live.snapshot()));
});

type Edit =
  | {
      do: 'add' | 'remove' | 'replace' | 'head' | 'link' | 'dropLink' | 'row' | 'dropRow' | 'gap' | 'fresh';
      n: number;
      m: number;
    }
  | { do: 'read'; n: number; m: number }
  | { do: 'reconnect'; n: number; m: number }
  | { do: 'forget'; n: number; m: number };

const KINDS = [
  'add',
  'remove',
  'replace',
  'head',
  'link',
  'dropLink',
  'row',
  'dropRow',
  'gap',
  'fresh',
  'read',
  'reconnect',
  'forget',
];
const edits: fc.Arbitrary<Edit[]> = fc.array(
  fc.record({ do: fc.constantFrom(...KINDS), n: fc.nat(3), m: fc.nat(30) }) as fc.Arbitrary<Edit>,
  { maxLength: 120 },
);

/** What the edits do to the host; several in a row are one revision when `hold`. */
function edit(live: FakeLive, { do: what, n, m }: Edit): void {
  const id = `net:[${n}]`;
  const has = live.ids().includes(id);
  const hold = m % 3 === 0;
  const sections = ['fdb', 'neighbors', 'routes'] as const;
  const section = sections[m % 3] ?? 'fdb';
  if (what === 'add' && !has) live.add({ ...withFdb(n, m % 5), cookie: BigInt(live.revision + 1) }, hold);
  if (!has) return;
  if (what === 'remove' || what === 'replace') live.remove(id, hold);
  if (what === 'replace') live.add({ ...fakeNetns(n), cookie: BigInt(live.revision + 1) }, hold);
  if (what === 'head') live.setHead(id, { pids: [m], role: m % 2 === 0 ? 'CONTAINER' : 'OTHER' }, hold);
  if (what === 'link') live.setLink(fakeLink(id, (m % 4) + 1, { mtu: m }), hold);
  if (what === 'dropLink') live.dropLink(id, (m % 4) + 1, hold);
  if (what === 'row') live.addRow(section, section === 'fdb' ? fdbRow(n, m % 7, `192.0.2.${m}`) : otherRow(section, id, m), hold);
  const ids = live.ids().includes(id) ? live.rowIds(section, id) : [];
  if (what === 'dropRow' && ids.length > 0) live.dropRow(section, id, ids[m % ids.length] ?? 0, hold);
  if (what === 'gap') live.setGaps([{ status: 'FAILED', netnsId: id, message: `${m}` }], hold);
  if (what === 'fresh') live.setFreshness({ lostEvents: m }, hold);
}

function otherRow(section: 'neighbors' | 'routes', netnsId: string, m: number): Parameters<FakeLive['addRow']>[1] {
  const ifindex = 1 as Ifindex;
  if (section === 'neighbors') return { netnsId, ifindex, ip: `10.0.0.${m}`, state: 'STALE', rawState: 4, flags: [] };
  const rest = { type: 'unicast', scope: 'global', protocol: 'static', flags: [], nextHops: [], metrics: {} };
  return { netnsId, ifindex, family: 'inet', table: 254, dst: `10.${m}.0.0/16`, ...rest };
}

/** What a reader with this selector is to know. */
function expected(live: FakeLive, containersOnly: boolean): object {
  const snapshot = live.snapshot();
  if (!containersOnly) return unordered(snapshot);
  const namespaces = snapshot.namespaces.filter(({ role }) => role === 'CONTAINER');
  const ids = new Set(namespaces.map(({ id }) => id));
  return unordered({ ...snapshot, namespaces, gaps: snapshot.gaps.filter(({ netnsId }) => ids.has(netnsId ?? '')) });
}

for (const containersOnly of [false, true]) {
  t.test(
    `after any changes, stalls and reconnects a reader${containersOnly ? ' with a selector' : ''} knows exactly what the host is`,
    async () => {
      const selector = containersOnly ? { roles: ['CONTAINER' as const] } : {};
      fc.assert(
        fc.property(edits, (all) => {
          const live = new FakeLive({ namespaces: [withFdb(1, 9), fakeNetns(2, { role: 'CONTAINER' })] });
          live.partRows = 2;
          let reader = new TestReader(live, { selector });
          for (const each of all) {
            if (each.do === 'read') for (let steps = 0; steps < each.m && reader.step(); steps++);
            else if (each.do === 'forget') {
              if (each.m < 5) live.forgetHistory();
            } else if (each.do === 'reconnect') {
              reader = new TestReader(live, { selector, after: reader.merger.cursor }, { merger: reader.merger });
            } else edit(live, each);
          }
          live.commit();
          reader.drain();
          assert.deepEqual(unordered(reader.merger.snapshot()), expected(live, containersOnly));
          assert.ok(reader.merger.synced);
        }),
        { numRuns: 400 },
      );
    },
  );
}
