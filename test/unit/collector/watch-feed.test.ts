import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { SharedBytes } from '../../../src/serve/shared-bytes.js';
import type { HubStep } from '../../../src/serve/hub.js';
import { FabricFeed, type FabricWish } from '../../../src/collector/serve/feed.js';
import type { Cursor, FabricEvent, HostEntry } from '../../../src/model/types.js';
import { ALL_TABLES } from '../../../src/tables/index.js';
import { decode } from '../../../src/wire/codec.js';
import { WatchMerger } from '../../../src/wire/watch-merge.js';
import { fakeLink, fakeNetns, withFdb } from '../agent/fake-host.js';
import { unordered } from '../agent/watch-rig.js';
import { FakeMembers, unreachedEntry } from './fake-members.js';

/** A client: one merger for each host. */
class Reader {
  readonly mergers: Map<string, WatchMerger>;
  readonly entries = new Map<string, HostEntry>();
  readonly feed: FabricFeed;
  events: FabricEvent[] = [];
  readonly #steps: Generator<HubStep, never>;
  readonly #forget: () => void;

  constructor(members: FakeMembers, wish: Partial<FabricWish> = {}, mergers = new Map<string, WatchMerger>()) {
    this.mergers = mergers;
    const after = new Map<string, Cursor>();
    for (const [host, { cursor }] of mergers) if (cursor !== undefined) after.set(host, cursor);
    this.feed = new FabricFeed(members, { selector: {}, tables: ALL_TABLES, after, ...wish }, (live) => new SharedBytes(live));
    this.#steps = this.feed.steps();
    this.#forget = members.subscribe(() => this.feed.rosterChanged());
  }

  leave(): void {
    this.#forget();
    this.feed.close();
  }

  step(): boolean {
    const { value: step } = this.#steps.next();
    if (step === 'wait') return false;
    if (step !== 'again') this.#take(decode('nsatlas.v1.CollectorWatchResponse', step));
    return true;
  }

  /** Everything there is. @returns the events since the last call */
  drain(): FabricEvent[] {
    this.events = [];
    for (let steps = 0; this.step(); steps++) assert.ok(steps < 100_000, 'the feed comes to no end');
    return this.events;
  }

  #take(event: FabricEvent): void {
    this.events.push(event);
    const { host = '' } = event;
    if (event.entry !== undefined) this.entries.set(host, event.entry);
    if (event.forgotten !== undefined) {
      this.mergers.delete(host);
      this.entries.delete(host);
    }
    if (event.event === undefined) return;
    const merger = this.mergers.get(host) ?? new WatchMerger();
    this.mergers.set(host, merger);
    merger.apply(event.event);
  }
}

const what = (event: FabricEvent): string => {
  if (event.event !== undefined) return `${event.host} ${Object.keys(event.event).filter((key) => key !== 'cursor')[0]}`;
  return `${event.host ?? '-'} ${event.entry?.state ?? (event.forgotten !== undefined ? 'forgotten' : 'synced')}`;
};

t.test('the watch of a fabric', async (t) => {
  t.test('tells each agent, then each host whole, and then that everything was told', async (t) => {
    const members = new FakeMembers();
    const h1 = members.add('h1', [fakeNetns(1)]);
    members.add('h2', [fakeNetns(1), fakeNetns(2)]);
    members.unreached = [unreachedEntry('192.0.2.9:7117')];
    const reader = new Reader(members);
    const told = reader.drain().map(what);
    t.strictSame(told.slice(0, 3), ['h1 LIVE', 'h2 LIVE', '192.0.2.9:7117 UNREACHABLE']);
    t.strictSame(
      told.filter((line) => line.endsWith('synced')),
      ['h1 synced', 'h2 synced', '- synced'],
    );
    t.equal(told.at(-1), '- synced');
    t.strictSame(
      reader.events.at(-1)?.synced?.fabric.hosts.map(({ host, state, ageMs }) => [host, state, ageMs]),
      [
        ['h1', 'LIVE', 3],
        ['h2', 'LIVE', 3],
      ],
    );
    t.strictSame(unordered(reader.mergers.get('h1')?.snapshot()), unordered({ ...h1.snapshot() }));
  });

  t.test('tells changes of one host without a word of the others', async (t) => {
    const members = new FakeMembers();
    members.add('h1', [fakeNetns(1)]);
    const h2 = members.add('h2', [fakeNetns(1)]);
    const reader = new Reader(members);
    reader.drain();
    h2.setLink(fakeLink('net:[1]', 7));
    t.strictSame(reader.drain().map(what), ['h2 netns']);
  });

  t.test('tells of a host that comes, of an agent that falls silent, and of a host that is forgotten', async (t) => {
    const members = new FakeMembers();
    members.add('h1', [fakeNetns(1)]);
    const reader = new Reader(members);
    reader.drain();
    members.add('h2', [fakeNetns(5)]);
    const come = reader.drain().map(what);
    t.equal(come[0], 'h2 LIVE');
    t.equal(come.at(-1), 'h2 synced');
    members.setState('h1', 'STALE');
    t.strictSame(reader.drain().map(what), ['h1 STALE']);
    members.remove('h1');
    t.strictSame(reader.drain().map(what), ['h1 forgotten']);
    t.strictSame([...reader.mergers.keys()], ['h2']);
  });

  t.test('says that an agent without a known host is gone when its host is known', async (t) => {
    const members = new FakeMembers();
    members.unreached = [unreachedEntry('h1:7117')];
    const reader = new Reader(members);
    t.strictSame(reader.drain().map(what), ['h1:7117 UNREACHABLE', '- synced']);
    members.unreached = [];
    members.add('h1', [fakeNetns(1)]);
    t.strictSame(reader.drain().map(what).slice(0, 2), ['h1:7117 forgotten', 'h1 LIVE']);
  });

  t.test('tells of two agents that claim one host under two names', async (t) => {
    const members = new FakeMembers();
    members.add('h1', [fakeNetns(1)]);
    members.unreached = [{ ...unreachedEntry('192.0.2.9:7117'), host: 'h1', state: 'CONFLICT' }];
    const reader = new Reader(members);
    reader.drain();
    t.strictSame(
      [...reader.entries].map(([key, { state }]) => [key, state]),
      [
        ['h1', 'LIVE'],
        ['192.0.2.9:7117', 'CONFLICT'],
      ],
    );
  });

  t.test('goes on where an earlier stream ended', async (t) => {
    const members = new FakeMembers();
    const h1 = members.add('h1', [withFdb(1, 50)]);
    members.add('h2', [fakeNetns(1)]);
    const first = new Reader(members);
    first.drain();
    first.leave();
    h1.setLink(fakeLink('net:[1]', 9));
    const second = new Reader(members, {}, first.mergers);
    const told = second.drain().map(what);
    t.strictSame(told, ['h1 LIVE', 'h2 LIVE', 'h1 netns', 'h1 synced', 'h2 synced', '- synced']);
    t.strictSame(unordered(second.mergers.get('h1')?.snapshot()), unordered(h1.snapshot()));
  });

  t.test('tells a reader to forget a host that it has from an earlier stream and that is not known', async (t) => {
    const members = new FakeMembers();
    members.add('h1', [fakeNetns(1)]);
    const after = new Map([['gone', { epoch: 'e', revision: 4n }]]);
    t.strictSame(new Reader(members, { after }).drain().map(what)[0], 'gone forgotten');
  });

  t.test('is narrowed to hosts', async (t) => {
    const members = new FakeMembers();
    members.add('h1', [fakeNetns(1)]);
    const h2 = members.add('h2', [fakeNetns(1)]);
    const reader = new Reader(members, { selector: { hosts: ['name-of-h1'] } });
    t.ok(reader.drain().every(({ host }) => host === 'h1' || host === undefined));
    h2.setLink(fakeLink('net:[1]', 7));
    members.setState('h2', 'STALE');
    t.strictSame(reader.drain(), []);
  });

  t.test('tells the other hosts although one changes all the time', async () => {
    const members = new FakeMembers();
    const busy = members.add('h1', [fakeNetns(1)]);
    members.add('h2', [fakeNetns(1)]);
    const reader = new Reader(members);
    let steps = 0;
    while (!reader.events.some((event) => what(event) === 'h2 synced')) {
      busy.setLink(fakeLink('net:[1]', 1, { mtu: 1000 + (steps % 100) }));
      reader.step();
      assert.ok(++steps < 1000, 'h2 has no turn');
    }
  });

  t.test('tells of a host that comes although others change all the time', async (t) => {
    const members = new FakeMembers();
    const busy = ['h1', 'h2', 'h3'].map((host) => members.add(host, [fakeNetns(1)]));
    const reader = new Reader(members);
    reader.drain();
    reader.events = [];
    for (let mtu = 1; mtu <= 1500; mtu++) {
      if (mtu === 50) members.add('h4', [fakeNetns(1)]);
      for (const live of busy) live.setLink(fakeLink('net:[1]', 1, { mtu }));
      reader.step();
    }
    t.ok(reader.mergers.get('h4')?.synced);
    reader.leave();
  });

  t.test('ends with the state of every host, however slow the reader is and however often it connects anew', async () => {
    const action = fc.record({
      host: fc.constantFrom('h1', 'h2', 'h3'),
      what: fc.constantFrom('link', 'row', 'netns', 'remove', 'state', 'steps', 'reconnect', 'host'),
      number: fc.integer({ min: 1, max: 6 }),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const members = new FakeMembers();
        const lives = new Map(['h1', 'h2', 'h3'].map((id) => [id, members.add(id, [fakeNetns(1), fakeNetns(2)])]));
        let reader = new Reader(members);
        for (const { host, what: kind, number } of actions) {
          const live = lives.get(host);
          const id = `net:[${number}]`;
          const has = live?.ids().includes(id) === true;
          if (kind === 'steps') for (let left = number; left > 0; left--) reader.step();
          else if (kind === 'reconnect') {
            reader.leave();
            reader = new Reader(members, {}, reader.mergers);
          } else if (kind === 'host') {
            if (live === undefined) lives.set(host, members.add(host, [fakeNetns(number)]));
            else {
              lives.delete(host);
              members.remove(host);
            }
          } else if (live === undefined) continue;
          else if (kind === 'state') members.setState(host, number > 3 ? 'STALE' : 'LIVE');
          else if (kind === 'netns' && !has) live.add(fakeNetns(number));
          else if (kind === 'remove' && has) live.remove(id);
          else if (kind === 'link' && has) live.setLink(fakeLink(id, 3, { mtu: 1000 + number }));
          else if (kind === 'row' && has) live.addRow('fdb', { ...withFdb(number, 1).fdb[0]!, netnsId: id });
        }
        reader.drain();
        assert.deepEqual([...reader.mergers.keys()].sort(), [...lives.keys()].sort());
        for (const [host, live] of lives) {
          assert.deepEqual(unordered(reader.mergers.get(host)?.snapshot()), unordered(live.snapshot()));
          assert.equal(
            reader.entries.get(host)?.state,
            members
              .members()
              .find(({ hostId }) => hostId === host)
              ?.entry().state,
          );
        }
      }),
      { numRuns: 200 },
    );
  });
});
