import type { Logger } from 'pino';
import { exitNow, sdNotify } from '../native/index.js';
import type { Log, RunningServer } from '../rpc/types.js';
import type { OpenLiveHost } from '../live/index.js';
import type { Context } from './context.js';

/** How long running calls may take to end after SIGTERM, in milliseconds. */
const DRAIN_LIMIT_MS = 10_000;

/** Options of a server on the command line. */
export interface Serving {
  readonly log: Logger;
  /** As in ServeOptions; empty without a service manager that wants notifications. */
  readonly notifying: { readonly notify?: (message: string) => void };
}

/**
 * Runs a server until SIGTERM or SIGINT, then drains it. The log is JSON on stderr.
 * @param start called once signals are handled, so that none is lost
 */
export async function serveUntilSignal(
  { name, level, context }: { readonly name: string; readonly level: string; readonly context: Context },
  start: (serving: Serving) => Promise<Pick<RunningServer, 'drain'>>,
): Promise<void> {
  // Loaded only here: loading it takes longer than reading a host.
  const { destination, pino } = await import('pino');
  const log = pino({ level, base: { name } }, destination({ dest: 2, sync: true }));
  const notifySocket = context.env['NOTIFY_SOCKET'];
  const notifying = notifySocket === undefined ? {} : { notify: (message: string) => sdNotify(notifySocket, message) };
  const stop = nextSignal();
  const server = await start({ log, notifying });
  log.info({ signal: await stop }, 'draining');
  await server.drain(DRAIN_LIMIT_MS);
  // Everything has finished: the second signal of a Ctrl-C, which npm passes on, must not turn this into a failure.
  process.once('exit', endQuietly);
}

function endQuietly(status: number): void {
  try {
    exitNow(status);
  } catch {
    // Without the addon, which a collector does not need, Node's own exit has to do.
  }
}

/** Logs which features are off, and why. */
export async function warnOfFeatures(live: OpenLiveHost, log: Log): Promise<void> {
  for (const feature of await live.features()) if (!feature.enabled) log.warn({ feature: feature.name }, feature.detail);
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
