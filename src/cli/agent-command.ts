import { Command } from 'commander';
import { sdNotify } from '../native/index.js';
import type { OpenLiveHost } from '../watch/index.js';
import { hostSource, liveHost } from './host.js';
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
import { addServerTlsOptions, serverTls, type ServerTlsFlags } from './tls-options.js';

/** How long running calls may take to end after SIGTERM, in milliseconds. */
const DRAIN_LIMIT_MS = 10_000;

/** `nsatlas agent` */
export function agentCommand(context: Context, finish: (status: number) => void): Command {
  const command = new Command('agent')
    .description(
      'serve this host over gRPC, with reflection and health: to this machine, or with TLS to clients that have a certificate',
    )
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
    // Loaded only here: they take longer to load than a host to read.
    const [{ startAgent }, { destination, pino }] = await Promise.all([import('../agent/server.js'), import('pino')]);
    const log = pino({ level: flags.logLevel, base: { name: 'nsatlas-agent' } }, destination({ dest: 2, sync: true }));
    const source = hostSource(flags, { follow: true });
    let live: OpenLiveHost | undefined;
    let metrics: OpenMetrics | undefined;
    try {
      live = await liveHost(flags, (problem) => log.warn({ err: problem }, 'reading this host'));
      // Before anything is said to be ready, so that no signal is lost.
      const stop = nextSignal();
      for (const feature of await source.features()) if (!feature.enabled) log.warn({ feature: feature.name }, feature.detail);
      const notifySocket = context.env['NOTIFY_SOCKET'];
      metrics = await openMetrics(flags, log);
      await metrics.serve(hostMetrics(flags, live, source));
      const agent = await startAgent({
        source,
        live,
        listen: flags.listen,
        ...access,
        log,
        maxAgeMs: flags.maxAge,
        ...metrics.calls,
        ...(notifySocket !== undefined && { notify: (message: string) => sdNotify(notifySocket, message) }),
      });
      log.info({ signal: await stop }, 'draining');
      await agent.drain(DRAIN_LIMIT_MS);
      finish(EXIT.ok);
    } finally {
      await metrics?.close();
      live?.close();
      source.close();
    }
  });
}

/** Signals that come within this many milliseconds are one: Ctrl-C reaches a process by its terminal and through npm. */
const ONE_SIGNAL_MS = 1000;

/** Resolves at the first SIGTERM or SIGINT. One that comes later ends the process the hard way, as people expect. */
function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let first: number | undefined;
    const heard = (signal: NodeJS.Signals): void => {
      first ??= performance.now();
      resolve(signal);
      if (performance.now() - first < ONE_SIGNAL_MS) return;
      process.off('SIGTERM', heard);
      process.off('SIGINT', heard);
      process.kill(process.pid, signal);
    };
    process.on('SIGTERM', heard);
    process.on('SIGINT', heard);
  });
}
