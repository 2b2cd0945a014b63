import { setTimeout as delay } from 'node:timers/promises';
import type { Selector } from '../model/select.js';
import type { Cursor, FabricEvent, HostCursor, Table, WatchEvent } from '../model/types.js';
import type { ClientTls } from '../rpc/types.js';
import { backoff, spread } from '../text/backoff.js';
import { duration } from '../text/duration.js';
import { isTransient } from '../text/error.js';
import { liveHost } from './host.js';
import type { WatchFlags } from './options.js';

/** What to watch, without the place to resume from. */
export interface Watched {
  readonly selector: Selector;
  readonly tables: readonly Table[];
}

/** Who receives the events, and until when. */
export interface Following<Event> {
  /** Set for a server with TLS. */
  readonly tls?: ClientTls | undefined;
  readonly onEvent: (event: Event) => Promise<void>;
  readonly signal: AbortSignal;
  /** One line on stderr. */
  readonly warn: (line: string) => void;
}

/** Watches this host until the signal is aborted. */
export async function followHost(
  flags: WatchFlags,
  wish: Watched,
  { onEvent, signal, warn }: Following<WatchEvent>,
): Promise<void> {
  const { watchLive } = await import('../serve/local.js');
  const live = await liveHost(flags, (problem) => warn(`reading this host: ${problem.message}`));
  try {
    await watchLive(live, wish, onEvent, signal);
  } finally {
    live.close();
  }
}

/** Watches through an agent. @param cursor where to resume */
export async function followAgent(
  address: string,
  wish: Watched,
  { cursor, tls, ...following }: Following<WatchEvent> & { readonly cursor: () => Cursor | undefined },
): Promise<void> {
  // Loaded only if needed: loading gRPC takes longer than reading a host.
  const { createAgentClient } = await import('../client/agent.js');
  const client = createAgentClient(address, { tls, warn: following.warn });
  try {
    await persist((onEvent, signal) => client.watch({ ...wish, after: cursor() }, onEvent, signal), following);
  } finally {
    client.close();
  }
}

/** Watches through a collector. @param cursors where to resume, host by host */
export async function followCollector(
  address: string,
  wish: Watched,
  { cursors, tls, ...following }: Following<FabricEvent> & { readonly cursors: () => readonly HostCursor[] },
): Promise<void> {
  const { createCollectorClient } = await import('../client/collector.js');
  const client = createCollectorClient(address, { tls, warn: following.warn });
  try {
    await persist((onEvent, signal) => client.watch({ ...wish, after: cursors() }, onEvent, signal), following);
  } finally {
    client.close();
  }
}

/** Delays between attempts to connect, in milliseconds. */
const RETRY = { firstMs: 250, longestMs: 10_000 };

/** Reconnects to a server that was reached before; one that never was is an error, and so is a failure that a retry would not change. */
async function persist<Event>(
  watch: (onEvent: (event: Event) => Promise<void>, signal: AbortSignal) => Promise<void>,
  { onEvent, signal, warn }: Following<Event>,
): Promise<void> {
  const server = { isKnown: false, failures: 0 };
  const onNext = (event: Event): Promise<void> => {
    server.isKnown = true;
    server.failures = 0;
    return onEvent(event);
  };
  while (!signal.aborted) {
    try {
      await watch(onNext, signal);
    } catch (cause) {
      if (!server.isKnown || !isTransient(cause)) throw cause;
      // Jitter, in case many watch the same server.
      const pause = spread(backoff(server.failures++, RETRY), Math.random());
      warn(`${(cause as Error).message}; retrying in ${duration(pause)}`);
      await delay(pause, undefined, { signal }).catch(() => undefined);
    }
  }
}
