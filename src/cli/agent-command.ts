import { Command } from 'commander';
import type { OpenLiveHost } from '../live/index.js';
import { liveHost } from './host.js';
import { addHostOptions, addLiveOptions, addServerOptions, type HostFlags, type LiveFlags, type ServerFlags } from './options.js';
import type { Context } from './context.js';
import { preferSmallHeap } from './memory.js';
import {
  addInterfaceMetricsOption,
  addMetricsOptions,
  hostMetrics,
  type MetricsFlags,
  openMetrics,
  type OpenMetrics,
} from './metrics-options.js';
import { EXIT } from './report.js';
import { serveUntilSignal, warnOfFeatures } from './serve.js';
import { addServerTlsOptions, serverTls, type ServerTlsFlags } from './tls-options.js';

/** `nsatlas agent` */
export function agentCommand(context: Context, finish: (status: number) => void): Command {
  const command = new Command('agent')
    .description('serve this host over gRPC, with reflection and health; other machines need TLS and a client certificate')
    .addHelpText(
      'after',
      '\nExample:\n  nsatlas agent --listen 127.0.0.1:7117\n  grpcurl -plaintext 127.0.0.1:7117 nsatlas.v1.Agent/ListVxlans\n' +
        '  nsatlas agent --listen 0.0.0.0:7117 --tls-cert node.pem --tls-key node-key.pem --tls-ca ca.pem',
    );
  const served = addServerTlsOptions(addServerOptions(addLiveOptions(addHostOptions(command, { logLevel: 'info' }))));
  const flagged = addInterfaceMetricsOption(addMetricsOptions(served));
  return flagged.action(async (flags: HostFlags & LiveFlags & ServerFlags & ServerTlsFlags & MetricsFlags) => {
    preferSmallHeap();
    const access = await serverTls(flags);
    // Loaded only here: loading it takes longer than reading a host.
    const { startAgent } = await import('../agent/server.js');
    let live: OpenLiveHost | undefined;
    let metrics: OpenMetrics | undefined;
    try {
      await serveUntilSignal({ name: 'nsatlas-agent', level: flags.logLevel, context }, async ({ log, notifying }) => {
        live = await liveHost(flags, (problem) => log.warn({ err: problem }, 'reading this host'));
        await warnOfFeatures(live, log);
        metrics = await openMetrics(flags, log, access.tls);
        await metrics.serve(hostMetrics(flags, live));
        return startAgent({ live, listen: flags.listen, ...access, log, ...metrics.calls, ...notifying });
      });
      finish(EXIT.ok);
    } finally {
      await metrics?.close();
      live?.close();
    }
  });
}
