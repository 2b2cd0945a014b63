import { type Command, InvalidArgumentError } from 'commander';
import type { MetricSource } from '../metrics/scrape.js';
import type { Metrics } from '../metrics/metrics.js';
import type { CallMetrics } from '../metrics/calls.js';
import type { Members } from '../collector/types.js';
import type { RunningMetrics } from '../metrics/server.js';
import type { Log, TlsFiles } from '../rpc/types.js';
import type { OpenLiveHost } from '../live/index.js';
import { option } from './flags.js';
import { VERSION } from './version.js';

/** Flags of the servers that can be scraped. */
export interface MetricsFlags {
  metricsListen?: string;
  metricsInsecure?: boolean;
  metricsInterfaces?: boolean;
  metricsSeriesLimit: number;
}

export function addMetricsOptions(command: Command): Command {
  return command
    .addOption(option('--metrics-listen <address>', 'serve Prometheus metrics at http://HOST:PORT/metrics; default: off'))
    .addOption(option('--metrics-insecure', 'serve metrics to other machines in plain text, without authentication'))
    .addOption(
      option('--metrics-series-limit <number>', 'limit for series of interfaces, namespaces, overlays and agents together')
        .default(20_000)
        .argParser(parseCount),
    );
}

/** Flags of the servers that read a host. */
export function addInterfaceMetricsOption(command: Command): Command {
  return command.addOption(option('--metrics-interfaces', 'also export the counters of every interface: eight series for each'));
}

/** Makes sources of metrics; their code is loaded only if it is needed. */
export type MakeSources = (metrics: Metrics) => Promise<readonly MetricSource[]>;

/** The metrics server, or nothing. */
export interface OpenMetrics {
  /** For startServer(). */
  readonly calls: Partial<CallMetrics>;
  /** Adds sources and serves; does nothing without --metrics-listen. @throws ListenError */
  serve(sources: readonly MakeSources[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * What the flags ask for. The code for metrics is loaded only if it is needed.
 * @param tls the certificates of the gRPC server
 */
export async function openMetrics(flags: MetricsFlags, log: Log, tls?: TlsFiles): Promise<OpenMetrics> {
  const { metricsListen } = flags;
  if (metricsListen === undefined) return { calls: {}, serve: async () => undefined, close: async () => undefined };
  const [{ Metrics }, { startMetrics }] = await Promise.all([import('../metrics/metrics.js'), import('../metrics/server.js')]);
  const metrics = new Metrics({ version: VERSION, log, seriesLimit: flags.metricsSeriesLimit });
  let running: RunningMetrics | undefined;
  return {
    calls: metrics.calls,
    serve: async (sources) => {
      for (const make of sources) for (const source of await make(metrics)) metrics.add(source);
      running = await startMetrics(metrics, {
        listen: metricsListen,
        log,
        ...(tls !== undefined && { tls }),
        ...(flags.metricsInsecure === true && { insecure: true }),
      });
    },
    close: async () => {
      await running?.close();
      metrics.close();
    },
  };
}

function parseCount(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('not a non-negative integer.');
  return value;
}

/** The metrics of a host that is read here, as the flags ask. */
export function hostMetrics(flags: MetricsFlags, live: OpenLiveHost): MakeSources {
  return async ({ registry }) => {
    const [{ HostMetrics }, { createInterfaceMetrics }] = await Promise.all([
      import('../metrics/host.js'),
      import('../metrics/interfaces.js'),
    ]);
    const host = new HostMetrics(registry, live);
    return flags.metricsInterfaces === true ? [host, createInterfaceMetrics(registry, live)] : [host];
  };
}

/** The metrics of the hosts that a collector follows. */
export function collectorMetrics(members: Members): MakeSources {
  return async ({ registry }) => {
    const { createCollectorMetrics } = await import('../metrics/collector.js');
    return [createCollectorMetrics(registry, members)];
  };
}
