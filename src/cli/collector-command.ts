import { Command } from 'commander';
import type { Roster } from '../collector/follow/roster.js';
import { addCollectorOptions, type CollectorFlags, followingOf, rosterOf } from './collector-options.js';
import type { Context } from './context.js';
import { addListenOption, logLevelOption } from './flags.js';
import { addMetricsOptions, collectorMetrics, type MetricsFlags, openMetrics, type OpenMetrics } from './metrics-options.js';
import { EXIT, UsageError } from './report.js';
import { serveUntilSignal } from './serve.js';
import { VERSION } from './version.js';

/** Where a collector listens; the port differs from an agent's, so that one host can run both. */
const DEFAULT_LISTEN = '127.0.0.1:7127';

/** `nsatlas collector` */
export function collectorCommand(context: Context, finish: (status: number) => void): Command {
  const command = new Command('collector')
    .description('follow the agents of many hosts and serve their state as one; needs no privileges')
    .addHelpText(
      'after',
      '\nExample:\n  nsatlas collector --agent 192.0.2.11:7117 --agent 192.0.2.12:7117\n  nsatlas overlays --collector 127.0.0.1:7127',
    );
  addListenOption(addMetricsOptions(addCollectorOptions(command)), DEFAULT_LISTEN).addOption(logLevelOption('info'));
  return command.action(async (flags: CollectorFlags & MetricsFlags) => {
    const following = await followingOf(flags);
    if (following.sources.length === 0) throw new UsageError('no agent to follow: give --agent or --agents-file');
    const [{ startCollector }, { overlaysOf }] = await Promise.all([
      import('../collector/serve/server.js'),
      import('../collector/serve/fabric.js'),
    ]);
    let roster: Roster | undefined;
    let metrics: OpenMetrics | undefined;
    try {
      await serveUntilSignal({ name: 'nsatlas-collector', level: flags.logLevel, context }, async ({ log, notifying }) => {
        const members = (roster = await rosterOf(following, log));
        metrics = await openMetrics(flags, log, following.access.tls);
        await metrics.serve(collectorMetrics({ members, overlays: overlaysOf(members) }));
        const options = { listen: flags.listen, ...following.access, log, ...metrics.calls, ...notifying };
        const server = await startCollector({ members, version: VERSION, ...options });
        members.start();
        return server;
      });
      finish(EXIT.ok);
    } finally {
      await metrics?.close();
      roster?.close();
    }
  });
}
