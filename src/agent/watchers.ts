import type { FeedStream } from '../rpc/calls.js';
import type { Cursor } from '../model/types.js';
import type { LiveHost } from '../live/types.js';
import { encodeWatchBody, watchMessage } from '../wire/watch-bytes.js';
import { SharedBytes } from '../serve/shared-bytes.js';
import { WatchFeed, type WatchWish } from '../serve/feed.js';
import { Hub, type HubStep } from '../serve/hub.js';

/** Those who watch a live host. */
export interface Watchers {
  /**
   * Serves one reader until it goes away.
   * @throws what stream.write throws; stream.signal.reason; CallError UNAVAILABLE when the agent stops
   */
  serve(wish: WatchWish & { readonly heartbeatMs: number }, stream: FeedStream): Promise<never>;
  /** Ends all of them, so that they connect elsewhere or again. */
  stop(): void;
}

/** @param now milliseconds on a clock that never goes back */
export function createWatchers({ live, now }: { readonly live: LiveHost; readonly now: () => number }): Watchers {
  const hub = new Hub({ subscribe: (listener) => live.subscribe(listener), now, who: 'agent' });
  const bytes = new SharedBytes(live, () => hub.count > 1);
  return {
    serve: ({ heartbeatMs, ...wish }, stream) => {
      let cursor: Cursor | undefined;
      const messages = function* (): Generator<HubStep, never> {
        const steps = new WatchFeed(live, wish, bytes).steps();
        for (;;) {
          const { value: step } = steps.next();
          if (typeof step !== 'string') cursor = step.cursor;
          yield typeof step === 'string' ? step : watchMessage(step.cursor, step.body);
        }
      };
      // A waiting reader was sent everything up to its cursor, so the mark is correct for it.
      const mark = (): Uint8Array | undefined =>
        cursor && watchMessage(cursor, encodeWatchBody({ synced: { freshness: live.freshness() } }));
      return hub.serve(messages(), stream, { everyMs: heartbeatMs, mark });
    },
    stop: () => hub.stop(),
  };
}
