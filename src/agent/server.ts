import { startServer, type ServerParts } from '../rpc/server.js';
import type { Log, RunningServer, ServedService } from '../rpc/types.js';
import { AGENT_SERVICE, agentHandlers } from './service.js';
import type { AgentOptions, AgentServiceOptions } from './types.js';
import { createWatchers } from './watchers.js';

/**
 * Serves a host.
 * @throws ListenError when one of the addresses cannot be served; then none is
 */
export async function startAgent(options: AgentOptions): Promise<RunningServer> {
  return startServer(options, [AGENT_SERVICE], (parts) => [agentService(options, options.log, parts)]);
}

/** The service nsatlas.v1.Agent as a part of a server. */
export function agentService({ live }: AgentServiceOptions, log: Log, { calls, health, now }: ServerParts): ServedService {
  const onOutcome = (problem: Error | undefined): void => {
    if (problem !== undefined) log.error({ err: problem }, 'reading this host failed');
    health.set(AGENT_SERVICE, problem === undefined);
  };
  const watchers = createWatchers({ live, now });
  return {
    name: AGENT_SERVICE,
    handlers: agentHandlers({ calls, live, watchers, startedAt: now(), now, onOutcome }),
    stop: () => watchers.stop(),
  };
}
