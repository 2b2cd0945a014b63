import type { Logger } from 'pino';
import { exitNow, sdNotify } from '../native/index.js';
import type { Log, RunningServer } from '../rpc/types.js';
import type { HostSource } from '../live/source.js';
import type { Context } from './context.js';

/** How long running calls may take to end after SIGTERM, in milliseconds. */
const DRAIN_LIMIT_MS = 10_000;

/** What a server of the command line is given. */
export interface Serving {
  readonly log: Logger;
  /** As ServeOptions has it; nothing where no service manager asks to be told. */
  readonly notifying: { readonly notify?: (message: string) => void };
}

/**
 * Runs a server until SIGTERM or SIGINT, then drains it. The log is JSON on stderr.
 * @param start is called when signals are heard already, so that none is lost
 */
export async function serveUntilSignal(
  { name, level, context }: { readonly name: string; readonly level: string; readonly context: Context },
  start: (serving: Serving) => Promise<Pick<RunningServer, 'drain'>>,
): Promise<void> {
  // Loaded only here: it takes longer to load than a host to read.
  const { destination, pino } = await import('pino');
  const log = pino({ level, base: { name } }, destination({ dest: 2, sync: true }));
  const notifySocket = context.env['NOTIFY_SOCKET'];
  const notifying = notifySocket === undefined ? {} : { notify: (message: string) => sdNotify(notifySocket, message) };
  const stop = nextSignal();
  const server = await start({ log, notifying });
  log.info({ signal: await stop }, 'draining');
  await server.drain(DRAIN_LIMIT_MS);
  // All is done: the other half of a Ctrl-C, as npm passes it on, must not make a failure of it.
  process.once('exit', endQuietly);
}

function endQuietly(status: number): void {
  try {
    exitNow(status);
  } catch {
    // Without the addon, which a collector does not need, it ends as Node ends.
  }
}

/** Says in the log what is switched off, and why. */
export async function warnOfFeatures(source: HostSource, log: Log): Promise<void> {
  for (const feature of await source.features()) if (!feature.enabled) log.warn({ feature: feature.name }, feature.detail);
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
