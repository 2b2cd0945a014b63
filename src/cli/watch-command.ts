import { Command } from 'commander';
import { WatchMerger } from '../wire/watch-merge.js';
import type { Context } from './context.js';
import { FabricPrinter } from './fabric-printer.js';
import { addWatchOptions, selectorOf, tablesOf, type WatchFlags } from './options.js';
import { EXIT } from './report.js';
import { clientTls } from './tls-options.js';
import { paintFor, writeAll } from './terminal.js';
import { type PrinterOptions, WatchPrinter } from './watch-printer.js';
import { followAgent, followCollector, followHost, type Following } from './watch-source.js';

/** `nsatlas watch` */
export function watchCommand(context: Context, finish: (status: number) => void): Command {
  const command = new Command('watch')
    .description('changes as they happen: namespaces, interfaces, forwarding entries, neighbours, routes')
    .addHelpText('after', '\nExample:\n  nsatlas watch --role overlay --table fdb --timestamps');
  return addWatchOptions(command).action(async (flags: WatchFlags) => {
    const { stdout } = context.terminal;
    const end = new AbortController();
    const stop = (): void => end.abort();
    const forget = onEnd(stdout, stop);
    /** Events go to a printer, and its text to stdout, at the reader's pace. */
    const following = <Event extends { readonly synced?: object }>(printer: {
      textOf(event: Event): string;
    }): Following<Event> => ({
      signal: end.signal,
      warn: (line) => context.warn(line),
      onEvent: async (event) => {
        await writeAll(stdout, printer.textOf(event));
        if (event.synced !== undefined && flags.untilSynced === true) stop();
      },
    });
    try {
      await follow(flags, printerOptions(flags, context), following);
      finish(EXIT.ok);
    } finally {
      forget();
    }
  });
}

async function follow(
  flags: WatchFlags,
  options: PrinterOptions,
  following: <Event extends { readonly synced?: object }>(printer: { textOf(event: Event): string }) => Following<Event>,
): Promise<void> {
  const wish = { selector: selectorOf(flags), tables: tablesOf(flags.table) };
  if (flags.collector !== undefined) {
    const printer = new FabricPrinter(options);
    const tls = await clientTls(flags, flags.collector);
    await followCollector(flags.collector, wish, { ...following(printer), tls, cursors: () => printer.cursors });
    return;
  }
  const merger = new WatchMerger();
  const printer = new WatchPrinter(merger, options);
  if (flags.agent === undefined) {
    await followHost(flags, wish, following(printer));
    return;
  }
  const tls = await clientTls(flags, flags.agent);
  await followAgent(flags.agent, wish, { ...following(printer), tls, cursor: () => merger.cursor });
}

function printerOptions(flags: WatchFlags, context: Context): PrinterOptions {
  return {
    format: flags.output === 'json' ? 'json' : 'table',
    initial: flags.initial === true,
    timestamps: flags.timestamps === true,
    paint: paintFor(context.terminal.stdout, context.env),
    warn: (line) => context.warn(line),
    now: () => new Date(),
  };
}

/** Stops on Ctrl-C, on a signal of the service manager, and when the reader goes away. @returns what undoes this */
function onEnd(stdout: NodeJS.WriteStream, stop: () => void): () => void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  stdout.once('close', stop);
  return () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop);
    stdout.off('close', stop);
  };
}
