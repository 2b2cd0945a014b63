import { startServer, type ServerParts } from '../rpc/server.js';
import type { Log, RunningServer, ServedService, ServeOptions } from '../rpc/types.js';
import { AGENT_SERVICE, agentHandlers, type ServedHost } from './service.js';
import { createWatchers } from './watchers.js';

/** How to serve a host. */
export interface AgentOptions extends ServeOptions {
  /** What answers are made of, and what is watched. Not closed by the agent. */
  readonly live: ServedHost;
}

/**
 * Serves a host.
 * @throws ListenError when one of the addresses cannot be served; then none is
 */
export async function startAgent(options: AgentOptions): Promise<RunningServer> {
  return startServer(options, (parts) => [agentService(options.live, options.log, parts)]);
}

/** The service nsatlas.v1.Agent as a part of a server. */
export function agentService(live: ServedHost, log: Log, { calls, health, now }: ServerParts): ServedService {
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
