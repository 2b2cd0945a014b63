// A reader of a feed, driven by the test: it takes an event when the test says so.

import assert from 'node:assert/strict';
import { type FeedStep, WatchFeed, type WatchWish } from '../../../src/serve/feed.js';
import { SharedBytes } from '../../../src/serve/shared-bytes.js';
import type { HostSnapshot, WatchEvent } from '../../../src/model/types.js';
import { ALL_TABLES } from '../../../src/tables/index.js';
import type { LiveHost } from '../../../src/live/types.js';
import { decode } from '../../../src/wire/codec.js';
import { watchMessage } from '../../../src/wire/watch-bytes.js';
import { WatchMerger } from '../../../src/wire/watch-merge.js';

export const EVERYTHING: WatchWish = { selector: {}, tables: ALL_TABLES, after: undefined };

/** Takes the events of a feed as a client does: as bytes, decoded and merged. */
export class TestReader {
  readonly merger: WatchMerger;
  readonly events: WatchEvent[] = [];
  readonly sizes: number[] = [];
  readonly #steps: Generator<FeedStep<Uint8Array>, never>;

  constructor(live: LiveHost, wish: Partial<WatchWish> = {}, { merger = new WatchMerger(), bytes = new SharedBytes(live) } = {}) {
    this.merger = merger;
    this.#steps = new WatchFeed(live, { ...EVERYTHING, ...wish }, bytes).steps();
  }

  /** One step; whether it was not 'wait'. */
  step(): boolean {
    const { value: step } = this.#steps.next();
    if (step === 'wait') return false;
    if (step === 'again') return true;
    const message = watchMessage(step.cursor, step.body);
    const event = decode('nsatlas.v1.WatchResponse', message);
    this.events.push(event);
    this.sizes.push(message.length);
    this.merger.apply(event);
    return true;
  }

  /** Everything there is. @returns the events since the last call */
  drain(): WatchEvent[] {
    this.events.length = 0;
    this.sizes.length = 0;
    for (let steps = 0; this.step(); steps++) assert.ok(steps < 1_000_000, 'the feed comes to no end');
    return this.events;
  }
}

/** What a snapshot says, whatever the order in which its parts came to be known. */
export function unordered(snapshot: HostSnapshot | undefined): object {
  assert.ok(snapshot !== undefined, 'nothing is known yet');
  const sorted = <Item>(items: readonly Item[], key: (item: Item) => string | number): Item[] =>
    [...items].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  const rowId = (row: { rowId?: number }): number => row.rowId ?? 0;
  return {
    ...snapshot,
    gaps: sorted(snapshot.gaps, ({ message }) => message),
    namespaces: sorted(snapshot.namespaces, ({ id }) => id).map((netns) => ({
      ...netns,
      interfaces: sorted(netns.interfaces, ({ ifindex }) => ifindex),
      fdb: sorted(netns.fdb, rowId),
      neighbors: sorted(netns.neighbors, rowId),
      routes: sorted(netns.routes, rowId),
    })),
  };
}
