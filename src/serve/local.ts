import { setImmediate as nextTurn } from 'node:timers/promises';
import type { WatchEvent } from '../model/types.js';
import type { LiveHost, ReadLiveHost } from '../live/types.js';
import type { WatchBody } from '../wire/watch-bytes.js';
import { type EventMaker, WatchFeed, type WatchWish } from './feed.js';

/** How long the feed works at a stretch, in milliseconds. */
const BUDGET_MS = 2;
/** Any time will do. */
const LONG_MS = 3_600_000;

/**
 * Watches a live host of this process as a client watches an agent: the same events in the same order, the next one made when `onEvent` is
 * done with the one before. Resolves when the signal is aborted.
 * @throws LiveError when the host cannot be read; what onEvent throws
 */
export async function watchLive(
  live: ReadLiveHost,
  wish: WatchWish,
  onEvent: (event: WatchEvent) => void | Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const maker: EventMaker<WatchBody> = {
    make: (event) => event,
    *parts(...args) {
      for (const netns of live.parts(...args)) yield { id: netns.netns.id, body: { netns } };
    },
  };
  const release = live.lease(wish.tables);
  // A live host does not keep the process running; waiting for its changes is meant to.
  const alive = setInterval(() => undefined, LONG_MS);
  try {
    await live.ready(wish.tables, signal).catch((cause: unknown) => {
      if (!signal.aborted) throw cause;
    });
    const steps = new WatchFeed(live, wish, maker).steps();
    let since = performance.now();
    while (!signal.aborted) {
      const { value: step } = steps.next();
      if (step === 'wait') await changed(live, signal);
      else if (step !== 'again') await onEvent({ cursor: step.cursor, ...step.body });
      else if (performance.now() - since > BUDGET_MS) await nextTurn();
      else continue;
      since = performance.now();
    }
  } finally {
    clearInterval(alive);
    release();
  }
}

function changed(live: LiveHost, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      unsubscribe();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const unsubscribe = live.subscribe(done);
    signal.addEventListener('abort', done, { once: true });
  });
}
