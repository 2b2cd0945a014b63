import { Command } from 'commander';
import { addCountersOption, addShowOptions, selectorOf, type ShowFlags } from './options.js';
import type { Context } from './context.js';
import { reportFreshness, reportGaps } from './report.js';
import { show } from './show.js';
import { openSource } from './sources.js';
import { withProgress } from './terminal.js';

/** `nsatlas snapshot` */
export function snapshotCommand(context: Context, finish: (status: number) => void): Command {
  const command = new Command('snapshot')
    .description('everything on a host as one document')
    .addHelpText('after', '\nExample:\n  nsatlas snapshot -o json > $(hostname).json && nsatlas veths --from $(hostname).json');
  return addCountersOption(addShowOptions(command)).action(async (flags: ShowFlags) => {
    const source = await openSource(flags);
    try {
      const read = source.snapshot(selectorOf(flags));
      const snapshot = await withProgress(context.terminal.stderr, source.doing, read);
      await show({ name: 'snapshot', snapshot }, flags.output, context);
      reportFreshness(snapshot.host.freshness, (line) => context.warn(line));
      finish(reportGaps(snapshot.gaps, (line) => context.warn(line)));
    } finally {
      source.close();
    }
  });
}
