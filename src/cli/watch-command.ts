import { setTimeout as delay } from 'node:timers/promises';
import { Command } from 'commander';
import type { WatchWish } from '../agent/watch-feed.js';
import type { Cursor, WatchEvent } from '../model/types.js';
import { WatchMerger } from '../wire/watch-merge.js';
import type { Context } from './context.js';
import { liveHost } from './host.js';
import { addWatchOptions, selectorOf, tablesOf, type WatchFlags } from './options.js';
import { EXIT } from './report.js';
import { wantsColour, writeAll } from './terminal.js';
import { WatchPrinter } from './watch-printer.js';

/** `nsatlas watch` */
export function watchCommand(context: Context, finish: (status: number) => void): Command {
  const command = new Command('watch')
    .description('changes as they happen: interfaces, forwarding entries, neighbours, routes, namespaces that come and go')
    .addHelpText('after', '\nExample:\n  nsatlas watch --role overlay --table fdb --timestamps');
  return addWatchOptions(command).action(async (flags: WatchFlags) => {
    const wish = { selector: selectorOf(flags), tables: tablesOf(flags.table), after: undefined };
    const { stdout } = context.terminal;
    const merger = new WatchMerger();
    const printer = new WatchPrinter(merger, {
      format: flags.output === 'json' ? 'json' : 'table',
      initial: flags.initial === true,
      timestamps: flags.timestamps === true,
      colour: wantsColour(stdout, context.env),
      warn: (line) => context.warn(line),
      now: () => new Date(),
    });
    const end = new AbortController();
    const stop = (): void => end.abort();
    const onEvent = async (event: WatchEvent): Promise<void> => {
      await writeAll(stdout, printer.textOf(event));
      if (event.synced !== undefined && flags.untilSynced === true) stop();
    };
    const forget = onEnd(stdout, stop);
    try {
      if (flags.agent === undefined) await followHost(flags, wish, { onEvent, signal: end.signal, context });
      else await followAgent(flags.agent, wish, { onEvent, signal: end.signal, context, cursor: () => merger.cursor });
      finish(EXIT.ok);
    } finally {
      forget();
    }
  });
}

interface Following {
  readonly onEvent: (event: WatchEvent) => Promise<void>;
  readonly signal: AbortSignal;
  readonly context: Context;
}

/** Ctrl-C, the service manager, and a reader that went away. Returns what undoes it. */
function onEnd(stdout: NodeJS.WriteStream, stop: () => void): () => void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  stdout.once('close', stop);
  return () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop);
    stdout.off('close', stop);
  };
}

async function followHost(flags: WatchFlags, wish: WatchWish, { onEvent, signal, context }: Following): Promise<void> {
  const { watchLive } = await import('../agent/watch-local.js');
  const live = await liveHost(flags, (problem) => context.warn(`reading this host: ${problem.message}`));
  try {
    await watchLive(live, wish, onEvent, signal);
  } finally {
    live.close();
  }
}

/** Times between two attempts to connect, in milliseconds. */
const RETRY = { first: 250, longest: 10_000 } as const;

/** An agent that was there once is waited for; one that never was is an error. */
async function followAgent(
  address: string,
  wish: WatchWish,
  { onEvent, signal, context, cursor }: Following & { readonly cursor: () => Cursor | undefined },
): Promise<void> {
  // Loaded only when asked for: gRPC takes longer to load than a host to read.
  const [{ createAgentClient }, { AgentError }] = await Promise.all([import('../agent/client.js'), import('../agent/error.js')]);
  const client = createAgentClient(address);
  let wait: number = RETRY.first;
  const onNext = (event: WatchEvent): Promise<void> => {
    wait = RETRY.first;
    return onEvent(event);
  };
  try {
    while (!signal.aborted) {
      try {
        await client.watch({ ...wish, after: cursor() }, onNext, signal);
      } catch (cause) {
        const lasting = !(cause instanceof AgentError) || LASTING.has(cause.code) || cursor() === undefined;
        if (lasting) throw cause;
        // Not all at once, where many watch the same agent.
        const pause = wait * (0.5 + Math.random() / 2);
        wait = Math.min(wait * 2, RETRY.longest);
        context.warn(`${cause.message}; trying again in ${(pause / 1000).toFixed(1)} s`);
        await delay(pause, undefined, { signal }).catch(() => undefined);
      }
    }
  } finally {
    client.close();
  }
}

/** What another attempt would not change. */
const LASTING: ReadonlySet<string> = new Set(['ERR_NSATLAS_AGENT_REFUSED', 'ERR_NSATLAS_AGENT_MALFORMED']);
