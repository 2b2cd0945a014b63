import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import { backoff, spread } from '../text/backoff.js';
import { duration } from '../text/duration.js';
import { isTransient } from '../text/error.js';
import { WatchMerger } from '../wire/watch-merge.js';
import { FabricPrinter } from './fabric-printer.js';
import { liveHost } from './host.js';
import { addWatchOptions, selectorOf, tablesOf, type WatchFlags } from './options.js';
import { type Context, paintFor, writeAll } from './terminal.js';
import { clientTls } from './tls-options.js';
import { type PrinterOptions, WatchPrinter } from './watch-printer.js';

/** `nsatlas watch` */
export function watchCommand(context: Context): Command {
  const command = new Command('watch')
    .description('changes as they happen: namespaces, interfaces, forwarding entries, neighbours, routes')
    .addHelpText('after', '\nExample:\n  nsatlas watch --role overlay --table fdb --timestamps');
  return addWatchOptions(command).action(async (flags: WatchFlags) => {
    const { stdout } = context.terminal;
    const end = new AbortController();
    const stop = (): void => end.abort();
    // On Ctrl-C, on a signal of the service manager, and when the reader goes away.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
    stdout.once('close', stop);
    const following: Follow = (printer) => ({
      signal: end.signal,
      warn: context.warn,
      onEvent: async (event) => {
        await writeAll(stdout, printer.textOf(event));
        if (event.synced !== undefined && flags.untilSynced === true) stop();
      },
    });
    try {
      await follow(flags, printerOptions(flags, context), following);
    } finally {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop);
      stdout.off('close', stop);
    }
  });
}

/** Who receives the events, and until when. */
interface Following<Event> {
  readonly onEvent: (event: Event) => Promise<void>;
  readonly signal: AbortSignal;
  /** One line on stderr. */
  readonly warn: (line: string) => void;
}

/** Events go to a printer, and its text to stdout, at the reader's pace. */
type Follow = <Event extends { readonly synced?: object }>(printer: { textOf(event: Event): string }) => Following<Event>;

async function follow(flags: WatchFlags, options: PrinterOptions, following: Follow): Promise<void> {
  const { collector, agent } = flags;
  const { warn } = options;
  const wish = { selector: selectorOf(flags), tables: tablesOf(flags.table) };
  if (collector !== undefined) {
    const printer = new FabricPrinter(options);
    const tls = await clientTls(flags, collector);
    // Loaded only if needed: loading gRPC takes longer than reading a host.
    const { createCollectorClient } = await import('../client/collector.js');
    const client = createCollectorClient(collector, { tls, warn });
    return persist(client, (...to) => client.watch({ ...wish, after: printer.cursors }, ...to), following(printer));
  }
  const merger = new WatchMerger();
  const printer = new WatchPrinter(merger, options);
  if (agent !== undefined) {
    const tls = await clientTls(flags, agent);
    const { createAgentClient } = await import('../client/agent.js');
    const client = createAgentClient(agent, { tls, warn });
    return persist(client, (...to) => client.watch({ ...wish, after: merger.cursor }, ...to), following(printer));
  }
  const { watchLive } = await import('../serve/local.js');
  const live = await liveHost(flags, (problem) => warn(`reading this host: ${problem.message}`));
  const { onEvent, signal } = following(printer);
  try {
    await watchLive(live, wish, onEvent, signal);
  } finally {
    live.close();
  }
}

function printerOptions(flags: WatchFlags, context: Context): PrinterOptions {
  return {
    format: flags.output === 'json' ? 'json' : 'table',
    initial: flags.initial === true,
    timestamps: flags.timestamps === true,
    paint: paintFor(context.terminal.stdout, context.env),
    warn: context.warn,
    now: () => new Date(),
  };
}

/** Delays between attempts to connect, in milliseconds. */
const RETRY = { firstMs: 250, longestMs: 10_000 };

/**
 * Watches through a client, from where the last stream ended, and closes it. Reconnects to a server that was reached before; one that never was
 * is an error, and so is a failure that a retry would not change.
 */
async function persist<Event>(
  client: { close(): void },
  watch: (onEvent: (event: Event) => Promise<void>, signal: AbortSignal) => Promise<void>,
  { onEvent, signal, warn }: Following<Event>,
): Promise<void> {
  const server = { isKnown: false, failures: 0 };
  const onNext = (event: Event): Promise<void> => {
    server.isKnown = true;
    server.failures = 0;
    return onEvent(event);
  };
  try {
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
  } finally {
    client.close();
  }
}
