import { setTimeout as delay } from 'node:timers/promises';
import type { Selector } from '../model/select.js';
import type { Cursor, FabricEvent, HostCursor, Table, WatchEvent } from '../model/types.js';
import type { ClientTls } from '../rpc/types.js';
import { backoff, spread } from '../text/backoff.js';
import { duration } from '../text/duration.js';
import { liveHost } from './host.js';
import type { WatchFlags } from './options.js';

/** What is watched, but for where an earlier stream ended. */
export interface Watched {
  readonly selector: Selector;
  readonly tables: readonly Table[];
}

/** Who is told, and until when. */
export interface Following<Event> {
  /** Where a server is asked that speaks TLS. */
  readonly tls?: ClientTls | undefined;
  readonly onEvent: (event: Event) => Promise<void>;
  readonly signal: AbortSignal;
  /** One line on stderr. */
  readonly warn: (line: string) => void;
}

/** Watches this host, until the signal is aborted. */
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

/** Watches through an agent. @param cursor where to go on */
export async function followAgent(
  address: string,
  wish: Watched,
  { cursor, tls, ...following }: Following<WatchEvent> & { readonly cursor: () => Cursor | undefined },
): Promise<void> {
  // Loaded only when asked for: gRPC takes longer to load than a host to read.
  const { createAgentClient } = await import('../client/agent.js');
  const client = createAgentClient(address, { tls, warn: following.warn });
  try {
    await persist((onEvent, signal) => client.watch({ ...wish, after: cursor() }, onEvent, signal), following);
  } finally {
    client.close();
  }
}

/** Watches through a collector. @param cursors where to go on, host by host */
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

/** Times between two attempts to connect, in milliseconds. */
const RETRY = { firstMs: 250, longestMs: 10_000 };

/** Who was there once is waited for; who never was is an error, and so is what another attempt would not change. */
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
      if (!server.isKnown || !isPassing(cause)) throw cause;
      // Not all at once, where many watch the same server.
      const pause = spread(backoff(server.failures++, RETRY), Math.random());
      warn(`${cause.message}; trying again in ${duration(pause)}`);
      await delay(pause, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** AgentError or CollectorError of a sort that another attempt may not meet. */
function isPassing(cause: unknown): cause is Error {
  if (!(cause instanceof Error) || !('code' in cause)) return false;
  return /^ERR_NSATLAS_(AGENT|COLLECTOR)_(UNREACHABLE|TIMEOUT|FAILED)$/.test(String(cause.code));
}
