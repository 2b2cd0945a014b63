import { Command } from 'commander';
import { addCountersOption, addSelectorOptions, addShowOptions, selectorOf, type ShowFlags } from './options.js';
import { type AnyListView, sorted } from '../outputs/lists/index.js';
import type { Context } from './context.js';
import { reportFreshness, reportGaps } from './report.js';
import { show } from './show.js';
import { openSource } from './sources.js';
import { withProgress } from './terminal.js';

/** `nsatlas netns`, `interfaces`, `hosts`, … */
export function listCommand(list: AnyListView, context: Context, finish: (status: number) => void): Command {
  const { name, group, help, example, hasCounters = false } = list;
  const command = new Command(name).description(help).helpGroup(group).addHelpText('after', `\nExample:\n  ${example}`);
  addShowOptions(command);
  if (name !== 'hosts') addSelectorOptions(command, { links: name !== 'overlays' });
  if (hasCounters) addCountersOption(command);
  return command.action(async (flags: ShowFlags) => {
    const selector = selectorOf(flags);
    const source = await openSource(flags);
    try {
      const document = await withProgress(context.terminal.stderr, source.doing, source.list(name, selector));
      await show(sorted(document), flags.output, context);
      reportFreshness(document.listing.freshness, (line) => context.warn(line));
      finish(reportGaps(document.listing.gaps, (line) => context.warn(line), document.hosts));
    } finally {
      source.close();
    }
  });
}
