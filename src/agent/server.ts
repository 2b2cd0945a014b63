import { startServer, type ServerParts } from '../rpc/server.js';
import type { Log, RunningServer, ServedService } from '../rpc/types.js';
import { createKeeper } from './keeper.js';
import { AGENT_SERVICE, agentHandlers } from './service.js';
import type { AgentOptions, AgentServiceOptions } from './types.js';
import { createWatchers } from './watchers.js';

/**
 * Serves a host.
 * @throws ListenError when one of the addresses cannot be served; then none is
 */
export async function startAgent(options: AgentOptions): Promise<RunningServer> {
  let service: (ServedService & { close(): void }) | undefined;
  const running = await startServer(options, [AGENT_SERVICE], (parts) => [(service = agentService(options, options.log, parts))]);
  return {
    addresses: running.addresses,
    drain: async (limitMs) => {
      await running.drain(limitMs);
      service?.close();
    },
  };
}

/** The service nsatlas.v1.Agent as a part of a server. close() is to be called when the server has drained. */
export function agentService(
  { source, live, maxAgeMs = 1000, readLimitMs = 30_000 }: AgentServiceOptions,
  log: Log,
  { calls, health, now }: ServerParts,
): ServedService & { close(): void } {
  const onOutcome = (problem: Error | undefined): void => {
    if (problem !== undefined) log.error({ err: problem }, 'reading this host failed');
    health.set(AGENT_SERVICE, problem === undefined);
  };
  const keeper = createKeeper({ source, maxAgeMs, readLimitMs, now, onOutcome });
  const watchers = live === undefined ? undefined : createWatchers({ live, now });
  return {
    name: AGENT_SERVICE,
    handlers: agentHandlers({ calls, keeper, source, live, watchers, startedAt: now(), now, onOutcome }),
    stop: () => watchers?.stop(),
    close: () => keeper.close(),
  };
}
