import { setFlagsFromString } from 'node:v8';
import type { Logger } from 'pino';
import { exitNow, sdNotify } from '../native/index.js';
import type { ServerParts } from '../rpc/server.js';
import type { ServedService } from '../rpc/types.js';
import { type Following, rosterOf } from './collector-options.js';
import { liveHost } from './host.js';
import { collectorMetrics, hostMetrics, type MakeSources, type MetricsFlags, openMetrics } from './metrics-options.js';
import type { HostFlags, LiveFlags } from './options.js';
import type { Context } from './terminal.js';
import { serverTls, type ServerTlsFlags } from './tls-options.js';
import { VERSION } from './version.js';

/** How long running calls may take to end after SIGTERM, in milliseconds. */
const DRAIN_LIMIT_MS = 10_000;

/** Flags of every server. */
export interface ServerFlags extends ServerTlsFlags, MetricsFlags {
  listen: string[];
  logLevel: string;
}

/** What a server serves; at least one. */
export interface Served {
  /** This host, as nsatlas.v1.Agent. */
  readonly host?: HostFlags & LiveFlags;
  /** The hosts of agents, as nsatlas.v1.Collector; this host, too, if it is served. */
  readonly following?: Following;
}

/** Serves until SIGTERM or SIGINT, then drains. The log, JSON on stderr, has the server's name. */
export async function serve(name: string, flags: ServerFlags, served: Served, { env }: Context): Promise<void> {
  const access = await serverTls(flags);
  // Loaded only here: loading them takes longer than reading a host.
  const [{ destination, pino }, { startServer }] = await Promise.all([import('pino'), import('../rpc/server.js')]);
  const log = pino({ level: flags.logLevel, base: { name } }, destination({ dest: 2, sync: true }));
  const notifySocket = env['NOTIFY_SOCKET'];
  // From here on, so that no signal is lost.
  const stop = nextSignal();
  const opened: Opened = { services: [], sources: [], closers: [] };
  try {
    await open(opened, served, { flags, log });
    const metrics = await openMetrics(flags, log, access.tls);
    opened.closers.push(() => metrics.close());
    await metrics.serve(opened.sources);
    const notify = notifySocket === undefined ? {} : { notify: (message: string) => sdNotify(notifySocket, message) };
    const options = { listen: flags.listen, ...access, log, ...metrics.calls, ...notify };
    const server = await startServer(options, (parts) => opened.services.map((make) => make(parts)));
    opened.start?.();
    log.info({ signal: await stop }, 'draining');
    await server.drain(DRAIN_LIMIT_MS);
    // Everything has finished: the second signal of a Ctrl-C, which npm passes on, must not turn this into a failure.
    process.once('exit', endQuietly);
  } finally {
    for (const close of opened.closers.toReversed()) await close();
  }
}

/** What was opened to be served. */
interface Opened {
  readonly services: ((parts: ServerParts) => ServedService)[];
  readonly sources: MakeSources[];
  /** Called in the opposite order. */
  readonly closers: (() => void | Promise<void>)[];
  /** Called once it is served. */
  start?: () => void;
}

async function open(
  opened: Opened,
  { host, following }: Served,
  { flags, log }: { readonly flags: MetricsFlags; readonly log: Logger },
): Promise<void> {
  const live = host && (await liveHost(host, (problem) => log.warn({ err: problem }, 'reading this host')));
  if (live !== undefined) {
    opened.closers.push(() => live.close());
    for (const feature of await live.features()) if (!feature.enabled) log.warn({ feature: feature.name }, feature.detail);
    const { agentService } = await import('../agent/server.js');
    opened.services.push((parts) => agentService(live, log, parts));
    opened.sources.push(hostMetrics(flags, live));
  }
  if (following === undefined) return;
  const members = await rosterOf(following, log);
  opened.closers.push(() => members.close());
  opened.start = () => members.start();
  if (live !== undefined) members.addLocal(live);
  const { collectorService } = await import('../collector/serve/server.js');
  opened.services.push((parts) => collectorService({ members, version: VERSION }, parts));
  opened.sources.push(collectorMetrics(members));
}

function endQuietly(status: number): void {
  try {
    exitNow(status);
  } catch {
    // Without the addon, which a collector does not need, Node's own exit has to do.
  }
}

/** Signals within this many milliseconds count as one: Ctrl-C reaches a process from its terminal and through npm. */
const ONE_SIGNAL_MS = 1000;

/** Resolves on the first SIGTERM or SIGINT. A later one kills the process, as people expect. */
function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let first: number | undefined;
    const onSignal = (signal: NodeJS.Signals): void => {
      first ??= performance.now();
      resolve(signal);
      if (performance.now() - first < ONE_SIGNAL_MS) return;
      process.off('SIGTERM', onSignal);
      process.off('SIGINT', onSignal);
      process.kill(process.pid, signal);
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}

/**
 * Makes this process prefer a small heap to speed; for processes that run for months beside everything else on the machine: V8 would let
 * garbage grow to four times the memory in use. To be called before much is loaded; measured in bench/RESULTS.md (resident memory).
 */
export function preferSmallHeap(): void {
  setFlagsFromString('--optimize-for-size');
  // Megabytes, without growth: there are few short-lived objects.
  setFlagsFromString('--max-semi-space-size=2');
  setFlagsFromString('--semi-space-growth-factor=1');
}
