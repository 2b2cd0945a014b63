import { Command } from 'commander';
import type { AgentServiceOptions } from '../agent/types.js';
import type { Roster } from '../collector/follow/roster.js';
import type { RunningServer, ServeOptions } from '../rpc/types.js';
import type { OpenLiveHost } from '../live/index.js';
import { addCollectorOptions, type CollectorFlags, followingOf, rosterOf } from './collector-options.js';
import type { Context } from './context.js';
import { liveHost } from './host.js';
import { addHostOptions, addLiveOptions, addServerOptions, type HostFlags, type LiveFlags, type ServerFlags } from './options.js';
import {
  addInterfaceMetricsOption,
  addMetricsOptions,
  collectorMetrics,
  hostMetrics,
  type MetricsFlags,
  openMetrics,
  type OpenMetrics,
} from './metrics-options.js';
import { EXIT } from './report.js';
import { serveUntilSignal, warnOfFeatures } from './serve.js';
import { VERSION } from './version.js';

/** `nsatlas up` */
export function upCommand(context: Context, finish: (status: number) => void): Command {
  const command = new Command('up')
    .description('agent and collector in one process, on one port: for a single machine, or for a few')
    .addHelpText(
      'after',
      '\nExample:\n  sudo nsatlas up\n  nsatlas overlays --collector 127.0.0.1:7117\n  nsatlas interfaces --agent 127.0.0.1:7117',
    );
  addCollectorOptions(addServerOptions(addLiveOptions(addHostOptions(command, { logLevel: 'info' }))));
  addInterfaceMetricsOption(addMetricsOptions(command));
  return command.action(async (flags: HostFlags & LiveFlags & ServerFlags & CollectorFlags & MetricsFlags) => {
    const following = await followingOf(flags);
    let live: OpenLiveHost | undefined;
    let roster: Roster | undefined;
    let metrics: OpenMetrics | undefined;
    try {
      await serveUntilSignal({ name: 'nsatlas', level: flags.logLevel, context }, async ({ log, notifying }) => {
        live = await liveHost(flags, (problem) => log.warn({ err: problem }, 'reading this host'));
        await warnOfFeatures(live, log);
        const members = (roster = await rosterOf(following, log));
        members.addLocal(live);
        metrics = await openMetrics(flags, log, following.access.tls);
        await metrics.serve(await metricsOfBoth(flags, { live, members }));
        const options = { listen: flags.listen, ...following.access, log, ...metrics.calls, ...notifying };
        const server = await startBoth(members, { live }, options);
        members.start();
        return server;
      });
      finish(EXIT.ok);
    } finally {
      await metrics?.close();
      roster?.close();
      live?.close();
    }
  });
}

/** The metrics of this host, and of all followed ones. */
async function metricsOfBoth(
  flags: MetricsFlags,
  { live, members }: { readonly live: OpenLiveHost; readonly members: Roster },
): Promise<Parameters<OpenMetrics['serve']>[0]> {
  const { overlaysOf } = await import('../collector/serve/fabric.js');
  const [ofHost, ofFabric] = [hostMetrics(flags, live), collectorMetrics({ members, overlays: overlaysOf(members) })];
  return async (metrics) => [...(await ofHost(metrics)), ...(await ofFabric(metrics))];
}

/** Both services behind the same addresses. */
async function startBoth(
  members: Roster,
  agent: AgentServiceOptions,
  options: ServeOptions,
): Promise<Pick<RunningServer, 'drain'>> {
  const [{ startServer }, { agentService }, { AGENT_SERVICE }, { collectorService }, { COLLECTOR_SERVICE }] = await Promise.all([
    import('../rpc/server.js'),
    import('../agent/server.js'),
    import('../agent/service.js'),
    import('../collector/serve/server.js'),
    import('../collector/serve/service.js'),
  ]);
  const names = [AGENT_SERVICE, COLLECTOR_SERVICE];
  return startServer(options, names, (parts) => [
    agentService(agent, options.log, parts),
    collectorService({ members, version: VERSION }, parts),
  ]);
}
