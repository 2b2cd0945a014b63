import { Command } from 'commander';
import { addCountersOption, addSelectorOptions, addShowOptions, selectorOf, type ShowFlags } from './options.js';
import type { ListedName } from '../outputs/contract.js';
import type { Context } from './context.js';
import { ordered } from './order.js';
import { reportFreshness, reportGaps } from './report.js';
import { show } from './show.js';
import { openSource } from './sources.js';
import { withProgress } from './terminal.js';

interface ListWords {
  readonly name: ListedName;
  readonly help: string;
  readonly example: string;
}

/** Lists of what has counters or ages. */
const CHANGING: ReadonlySet<ListedName> = new Set(['interfaces', 'fdb', 'neighbors', 'routes']);

/** `nsatlas netns`, `interfaces`, `hosts`, … */
export function listCommand({ name, help, example }: ListWords, context: Context, finish: (status: number) => void): Command {
  const command = new Command(name).description(help).addHelpText('after', `\nExample:\n  ${example}`);
  addShowOptions(command);
  if (name !== 'hosts') addSelectorOptions(command, { links: name !== 'overlays' });
  if (CHANGING.has(name)) addCountersOption(command);
  return command.action(async (flags: ShowFlags) => {
    const selector = selectorOf(flags);
    const source = await openSource(flags);
    try {
      const document = await withProgress(context.terminal.stderr, source.doing, source.list(name, selector));
      await show(ordered(document), flags.output, context);
      reportFreshness(document.listing.freshness, (line) => context.warn(line));
      finish(reportGaps(document.listing.gaps, (line) => context.warn(line), document.hosts));
    } finally {
      source.close();
    }
  });
}
