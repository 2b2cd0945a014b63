import { setFlagsFromString } from 'node:v8';
import { Command } from 'commander';
import type { Freshness, Gap } from '../model/types.js';
import type { Document, ListedHost } from '../outputs/contract.js';
import { type AnyListView, sorted } from '../outputs/lists/index.js';
import { addCountersOption, addSelectorOptions, addShowOptions, selectorOf, type ShowFlags } from './options.js';
import { reportFreshness, reportGaps } from './report.js';
import { show } from './show.js';
import type { Source } from './source.js';
import { openSource } from './sources.js';
import { type Context, withProgress } from './terminal.js';

/** `nsatlas netns`, `interfaces`, `hosts`, … */
export function listCommand(list: AnyListView, context: Context, finish: (status: number) => void): Command {
  const { name, group, help, example, hasCounters = false, without } = list;
  const command = new Command(name).description(help).helpGroup(group).addHelpText('after', `\nExample:\n  ${example}`);
  addShowOptions(command);
  if (name !== 'hosts') addSelectorOptions(command, without);
  if (hasCounters) addCountersOption(command);
  return command.action(async (flags: ShowFlags) => {
    const selector = selectorOf(flags);
    const status = await answer(flags, context, async (source) => {
      const document = await source.list(name, selector);
      const { freshness, gaps } = document.listing;
      return { document: sorted(document), freshness, gaps, hosts: document.hosts };
    });
    finish(status);
  });
}

/** `nsatlas snapshot` */
export function snapshotCommand(context: Context, finish: (status: number) => void): Command {
  const command = new Command('snapshot')
    .description('everything on a host as one document')
    .addHelpText('after', '\nExample:\n  nsatlas snapshot -o json > $(hostname).json && nsatlas veths --from $(hostname).json');
  return addCountersOption(addShowOptions(command)).action(async (flags: ShowFlags) => {
    const selector = selectorOf(flags);
    const status = await answer(flags, context, async (source) => {
      const snapshot = await source.snapshot(selector);
      return { document: { name: 'snapshot', snapshot }, freshness: snapshot.host.freshness, gaps: snapshot.gaps };
    });
    finish(status);
  });
}

interface Answer {
  readonly document: Document;
  readonly freshness?: Freshness | undefined;
  readonly gaps: readonly Gap[];
  readonly hosts?: readonly ListedHost[] | undefined;
}

/** Shows what the source answers. @returns the exit status */
async function answer(flags: ShowFlags, context: Context, ask: (source: Source) => Promise<Answer>): Promise<number> {
  optimizeLater();
  const source = await openSource(flags);
  try {
    const { document, freshness, gaps, hosts } = await withProgress(context.terminal.stderr, source.doing, ask(source));
    await show(document, flags.output, context);
    reportFreshness(freshness, context.warn);
    return reportGaps(gaps, context.warn, hosts);
  } finally {
    source.close();
  }
}

/**
 * Makes V8 wait longer before it optimises a function, for commands that end within a second or two: machine code that is hardly run took a
 * third of their processor time (bench/RESULTS.md). Node 20 alone: later ones have a cheaper compiler in between, gain nothing, and refuse the flag.
 */
function optimizeLater(): void {
  if (process.versions.v8.startsWith('11.')) setFlagsFromString('--interrupt-budget=500000');
}
