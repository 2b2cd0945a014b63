import { Command } from 'commander';
import { addCollectorOptions, type CollectorFlags, followingOf } from './collector-options.js';
import { addListenOption, logLevelOption } from './flags.js';
import { addInterfaceMetricsOption, addMetricsOptions } from './metrics-options.js';
import { addAgentOptions, addHostOptions, addLiveOptions, type HostFlags, type LiveFlags } from './options.js';
import { UsageError } from './report.js';
import { preferSmallHeap, serve, type ServerFlags } from './serve.js';
import type { Context } from './terminal.js';
import { addServerTlsOptions } from './tls-options.js';

/** `nsatlas agent` */
export function agentCommand(context: Context): Command {
  const command = new Command('agent')
    .description('serve this host over gRPC, with reflection and health; other machines need TLS and a client certificate')
    .addHelpText(
      'after',
      '\nExample:\n  nsatlas agent --listen 127.0.0.1:7117\n  grpcurl -plaintext 127.0.0.1:7117 nsatlas.v1.Agent/ListVxlans\n' +
        '  nsatlas agent --listen 0.0.0.0:7117 --tls-cert node.pem --tls-key node-key.pem --tls-ca ca.pem',
    );
  addServerTlsOptions(addAgentOptions(addLiveOptions(addHostOptions(command, { logLevel: 'info' }))));
  addInterfaceMetricsOption(addMetricsOptions(command));
  return command.action(async (flags: HostFlags & LiveFlags & ServerFlags) => {
    preferSmallHeap();
    await serve('nsatlas-agent', flags, { host: flags }, context);
  });
}

/** Where a collector listens; the port differs from an agent's, so that one host can run both. */
const COLLECTOR_LISTEN = '127.0.0.1:7127';

/** `nsatlas collector` */
export function collectorCommand(context: Context): Command {
  const command = new Command('collector')
    .description('follow the agents of many hosts and serve their state as one; needs no privileges')
    .addHelpText(
      'after',
      '\nExample:\n  nsatlas collector --agent 192.0.2.11:7117 --agent 192.0.2.12:7117\n  nsatlas overlays --collector 127.0.0.1:7127',
    );
  addListenOption(addMetricsOptions(addCollectorOptions(command)), COLLECTOR_LISTEN).addOption(logLevelOption('info'));
  return command.action(async (flags: CollectorFlags & ServerFlags) => {
    const following = await followingOf(flags);
    if (following.sources.length === 0) throw new UsageError('no agent to follow: give --agent or --agents-file');
    await serve('nsatlas-collector', flags, { following }, context);
  });
}

/** `nsatlas up` */
export function upCommand(context: Context): Command {
  const command = new Command('up')
    .description('agent and collector in one process, on one port: for a single machine, or for a few')
    .addHelpText(
      'after',
      '\nExample:\n  sudo nsatlas up\n  nsatlas overlays --collector 127.0.0.1:7117\n  nsatlas interfaces --agent 127.0.0.1:7117',
    );
  addCollectorOptions(addAgentOptions(addLiveOptions(addHostOptions(command, { logLevel: 'info' }))));
  addInterfaceMetricsOption(addMetricsOptions(command));
  return command.action(async (flags: HostFlags & LiveFlags & CollectorFlags & ServerFlags) => {
    await serve('nsatlas', flags, { host: flags, following: await followingOf(flags) }, context);
  });
}
