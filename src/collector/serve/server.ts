import { startServer, type ServerParts } from '../../rpc/server.js';
import type { RunningServer, ServedService, ServeOptions } from '../../rpc/types.js';
import { COLLECTOR_SERVICE, collectorHandlers } from './service.js';
import type { Members } from '../types.js';
import { createFabricWatchers } from './watchers.js';

/** What the collector's service is made of. */
export interface CollectorServiceOptions {
  /** Not closed by the service. */
  readonly members: Members;
  /** Of nsatlas. */
  readonly version: string;
}

/**
 * Serves the state of many hosts.
 * @throws ListenError if one of the addresses cannot be served; then none is
 */
export function startCollector(options: CollectorServiceOptions & ServeOptions): Promise<RunningServer> {
  return startServer(options, (parts) => [collectorService(options, parts)]);
}

/** The service nsatlas.v1.Collector as a part of a server. */
export function collectorService({ members, version }: CollectorServiceOptions, { calls, now }: ServerParts): ServedService {
  const watchers = createFabricWatchers(members, now);
  return {
    name: COLLECTOR_SERVICE,
    handlers: collectorHandlers({ calls, members, watchers, version, startedAt: now(), now }),
    stop: () => watchers.stop(),
  };
}
