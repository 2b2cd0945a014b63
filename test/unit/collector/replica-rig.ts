// A replica fed by a made-up agent: events as bytes, as a link takes them.

import assert from 'node:assert/strict';
import { ReplicaHost } from '../../../src/collector/replica/replica.js';
import type { HostSnapshot, Netns, NetnsChange, WatchEvent } from '../../../src/model/types.js';
import { ALL_TABLES } from '../../../src/tables/index.js';
import type { LiveHost } from '../../../src/live/types.js';
import { WatchMerger } from '../../../src/wire/watch-merge.js';
import { TestReader } from '../agent/watch-rig.js';

/** A clock that the test sets. */
export interface Clock {
  ms: number;
}

export function makeReplica(options: { mostBytes?: number; clock?: Clock } = {}): ReplicaHost {
  const { clock = { ms: 0 }, mostBytes } = options;
  return new ReplicaHost({ epoch: 'collector-1', now: () => clock.ms, ...(mostBytes !== undefined && { mostBytes }) });
}

/** Follows an agent into a replica and, for comparison, into a merger. Connecting anew is a new one of the same two. */
export class TestLink {
  readonly replica: ReplicaHost;
  readonly merger: WatchMerger;
  readonly #reader: TestReader;
  #taken = 0;

  constructor(agent: LiveHost, { replica = makeReplica(), merger = new WatchMerger() } = {}) {
    this.replica = replica;
    this.merger = merger;
    this.#reader = new TestReader(agent, { after: replica.cursor }, { merger });
  }

  get events(): readonly WatchEvent[] {
    return this.#reader.events;
  }

  /** One step of the stream; whether there was one. */
  step(): boolean {
    const more = this.#reader.step();
    for (; this.#taken < this.#reader.events.length; this.#taken++) {
      this.replica.received();
      // A copy: the merger changes the rows that it is given.
      this.replica.apply(structuredClone(this.#reader.events[this.#taken] as WatchEvent));
      this.replica.commit();
    }
    return more;
  }

  /** Everything there is. */
  drain(): void {
    for (let steps = 0; this.step(); steps++) assert.ok(steps < 1_000_000, 'the agent comes to no end');
  }
}

/** Everything that a live host tells of itself. */
export function snapshotOf(live: LiveHost): HostSnapshot {
  const host = live.host();
  assert.ok(host !== undefined, 'nothing is known yet');
  const namespaces = live.keys().map((key): Netns => {
    const parts = [...live.parts(key, undefined, ALL_TABLES)];
    const [first] = parts;
    assert.ok(first?.whole === true && parts.slice(1).every(({ whole }) => !whole));
    const all = <Name extends 'interfaces' | 'fdb' | 'neighbors' | 'routes'>(name: Name): NetnsChange[Name] =>
      parts.flatMap((part) => part[name] as unknown[]) as NetnsChange[Name];
    return {
      ...first.netns,
      interfaces: all('interfaces'),
      fdb: all('fdb'),
      neighbors: all('neighbors'),
      routes: all('routes'),
    };
  });
  return { host, namespaces, gaps: [...live.gaps()], networks: [...live.networks()] };
}

/** A snapshot without what differs from one teller to another: the order of things and the ids of rows. */
export function sameForAll(snapshot: HostSnapshot | undefined): object {
  assert.ok(snapshot !== undefined, 'nothing is known yet');
  const sorted = <Item extends object>(items: readonly Item[]): object[] =>
    items.map(({ rowId: _id, ...rest }: Item & { rowId?: number }) => rest).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  return {
    ...snapshot,
    gaps: sorted(snapshot.gaps),
    networks: sorted(snapshot.networks),
    namespaces: [...snapshot.namespaces]
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .map((netns) => ({
        ...netns,
        interfaces: [...netns.interfaces].sort((a, b) => a.ifindex - b.ifindex),
        fdb: sorted(netns.fdb),
        neighbors: sorted(netns.neighbors),
        routes: sorted(netns.routes),
      })),
  };
}

function keyOf(item: object): string {
  return JSON.stringify(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));
}
