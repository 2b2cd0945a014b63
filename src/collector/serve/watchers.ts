import { SharedBytes } from '../../serve/shared-bytes.js';
import { Hub } from '../../serve/hub.js';
import type { FeedStream } from '../../rpc/calls.js';
import type { LiveHost } from '../../live/types.js';
import type { Members } from '../types.js';
import { FabricFeed, type FabricWish } from './feed.js';

/** The watchers of a fabric. */
export interface FabricWatchers {
  /**
   * Serves one reader until it goes away.
   * @throws what stream.write throws; stream.signal.reason; CallError UNAVAILABLE when the collector stops
   */
  serve(wish: FabricWish & { readonly heartbeatMs: number }, stream: FeedStream): Promise<never>;
  /** Ends all of them, so that they reconnect, here or elsewhere. */
  stop(): void;
}

/**
 * How long readers are served at a stretch, in milliseconds: half of the time when they are behind. With much less, readers of many hosts would
 * fall further behind although there is time enough for both.
 */
const BUDGET_MS = 6;
const MOST_MS = 20;

/** @param now milliseconds on a clock that never goes back */
export function createFabricWatchers(members: Members, now: () => number): FabricWatchers {
  const feeds = new Set<FabricFeed>();
  const shared = new WeakMap<LiveHost, SharedBytes>();
  const makerOf = (live: LiveHost): SharedBytes => {
    const known = shared.get(live) ?? new SharedBytes(live, () => feeds.size > 1);
    shared.set(live, known);
    return known;
  };
  const subscribe = (listener: () => void): (() => void) => subscribeAll(members, feeds, listener);
  const hub = new Hub({ subscribe, now, who: 'collector', budgetMs: BUDGET_MS, mostMs: MOST_MS, together: true });
  return {
    serve: async ({ heartbeatMs, ...wish }, stream) => {
      const feed = new FabricFeed(members, wish, makerOf);
      feeds.add(feed);
      try {
        return await hub.serve(feed.steps(), stream, { everyMs: heartbeatMs, mark: () => feed.mark() });
      } finally {
        feeds.delete(feed);
        feed.close();
      }
    },
    stop: () => hub.stop(),
  };
}

/** Listens to every host that there is, and to hosts that come. */
function subscribeAll(members: Members, feeds: ReadonlySet<FabricFeed>, listener: () => void): () => void {
  const followed = new Map<LiveHost, () => void>();
  const follow = (): void => {
    const lives = new Set(members.members().map(({ live }) => live));
    for (const [live, unsubscribe] of followed) {
      if (lives.has(live)) continue;
      unsubscribe();
      followed.delete(live);
    }
    for (const live of lives) if (!followed.has(live)) followed.set(live, live.subscribe(listener));
  };
  const unsubscribe = members.subscribe(() => {
    follow();
    for (const feed of feeds) feed.rosterChanged();
    listener();
  });
  follow();
  return () => {
    unsubscribe();
    for (const end of followed.values()) end();
  };
}
