import { Command } from 'commander';
import type { ListName } from '../model/lists.js';
import { addSelectorOptions, addShowOptions, selectorOf, type ShowFlags } from './options.js';
import type { Context } from './context.js';
import { reportGaps } from './report.js';
import { show } from './show.js';
import { openSource } from './sources.js';
import { withProgress } from './terminal.js';

interface ListWords {
  readonly name: ListName;
  readonly help: string;
  readonly example: string;
}

/** `nsatlas netns`, `interfaces`, … */
export function listCommand({ name, help, example }: ListWords, context: Context, finish: (status: number) => void): Command {
  const command = new Command(name).description(help).addHelpText('after', `\nExample:\n  ${example}`);
  return addSelectorOptions(addShowOptions(command)).action(async (flags: ShowFlags) => {
    const selector = selectorOf(flags);
    const source = await openSource(flags);
    try {
      const document = await withProgress(context.terminal.stderr, source.doing, source.list(name, selector));
      await show(document, flags.output, context);
      finish(reportGaps(document.listing.gaps, (line) => context.warn(line)));
    } finally {
      source.close();
    }
  });
}
