import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { LISTS, type ListName } from '../model/lists.js';
import { selectsHost, type Selector, withoutHosts } from '../model/select.js';
import type { Table } from '../model/types.js';
import { ALL_TABLES } from '../tables/index.js';
import { encodeListing } from '../wire/chunks.js';
import { encode } from '../wire/codec.js';
import { type AgentStatus, LIST_RPCS } from '../wire/messages.js';
import type { OpenLiveHost } from '../live/index.js';
import { LiveError, type LiveHost } from '../live/types.js';
import type { Calls } from '../rpc/calls.js';
import { CallError } from '../rpc/error.js';
import { liveList, liveSnapshot } from '../serve/answers.js';
import { checkSelector, checkTables, checkWatch } from '../serve/selector.js';
import type { Watchers } from './watchers.js';

/** The service's full name. */
export const AGENT_SERVICE = 'nsatlas.v1.Agent';

/** What is served. */
export type ServedHost = Pick<OpenLiveHost, Exclude<keyof OpenLiveHost, 'stats' | 'tallies' | 'counters' | 'close'>>;

interface ServiceOptions {
  readonly calls: Calls;
  readonly live: ServedHost;
  readonly watchers: Watchers;
  readonly startedAt: number;
  readonly now: () => number;
  /** Receives whether the host could be read. */
  readonly onOutcome: (problem: Error | undefined) => void;
}

/** The handlers of nsatlas.v1.Agent, by method. */
export function agentHandlers(options: ServiceOptions): UntypedServiceImplementation {
  const { calls, live, watchers, startedAt, now } = options;

  const ready = (tables: readonly Table[], signal: AbortSignal): Promise<void> =>
    reading(options, () => live.ready(tables, signal), signal);

  /** What an answer is made of, and how old that is. */
  const hostFor = async (tables: readonly Table[], counters: boolean, signal: AbortSignal) => {
    if (!counters) {
      await ready(tables, signal);
      return { live, freshness: live.freshness() };
    }
    const fresh = await reading(options, () => live.fresh(tables, signal), signal);
    return { live: fresh, freshness: { ...live.freshness(), ageMs: fresh.freshness().ageMs } };
  };

  const list = <Name extends ListName>(name: Name) =>
    calls.stream<'nsatlas.v1.ListInterfacesRequest'>(async (request, signal) => {
      const selector = checkSelector(request.selector);
      const host = await hostFor(LISTS[name].tables, request.counters, signal);
      if (!isOfHost(host.live, selector)) return encodeListing(name, { items: [], gaps: [], freshness: host.freshness });
      return liveList(name, { ...host, selector, now });
    });

  const getSnapshot = calls.stream<'nsatlas.v1.GetSnapshotRequest'>(async (request, signal) => {
    const selector = checkSelector(request.selector);
    const tables = checkTables(request.tables, ALL_TABLES);
    const host = await hostFor(tables, request.counters, signal);
    refuseOtherHost(host.live, selector);
    return liveSnapshot(tables, { ...host, selector, now });
  });

  const getStatus = calls.unary<'nsatlas.v1.GetStatusRequest'>(async (_request, signal) => {
    // The first status is worth a read: without one there is no host to name.
    const problem =
      live.host() !== undefined
        ? undefined
        : await ready(['LINKS'], signal).then(
            () => undefined,
            (cause: unknown) => LiveError.of(cause),
          );
    signal.throwIfAborted();
    const features = (await live.features()).map(({ name, enabled, detail }) => ({ name, enabled, detail }));
    const message = liveStatus(live, { features, uptimeSeconds: (now() - startedAt) / 1000, problem });
    return encode('nsatlas.v1.GetStatusResponse', message);
  });

  const watch = calls.feed<'nsatlas.v1.WatchRequest'>(async (request, stream) => {
    const wanted = { ...checkWatch(request), tables: checkTables(request.tables, ALL_TABLES) };
    const release = live.lease(wanted.tables);
    try {
      await ready(wanted.tables, stream.signal);
      refuseOtherHost(live, wanted.selector);
      return await watchers.serve(
        { ...wanted, selector: withoutHosts(wanted.selector), heartbeatMs: request.heartbeatMs },
        stream,
      );
    } finally {
      release();
    }
  });

  const lists = Object.entries(LIST_RPCS).map(([name, rpc]) => [`List${rpc}`, list(name as ListName)]);
  return {
    GetStatus: getStatus,
    GetSnapshot: getSnapshot,
    Watch: watch,
    ...Object.fromEntries(lists),
  } as UntypedServiceImplementation;
}

function isOfHost(live: LiveHost, selector: Selector): boolean {
  const host = live.host();
  return host === undefined || selectsHost(host, selector);
}

/** What has to have a host cannot be empty. @throws CallError ERR_NSATLAS_OTHER_HOST */
function refuseOtherHost(live: LiveHost, selector: Selector): void {
  const host = live.host();
  if (host === undefined || selectsHost(host, selector)) return;
  const message = `this is the agent of host ${host.name} (${host.id}), which selector.hosts excludes`;
  throw new CallError('ERR_NSATLAS_OTHER_HOST', message);
}

/** Waits for the host to be read. @throws LiveError when it cannot be */
async function reading<Value>(
  { onOutcome }: Pick<ServiceOptions, 'onOutcome'>,
  read: () => Promise<Value>,
  signal: AbortSignal,
): Promise<Value> {
  try {
    const value = await read();
    onOutcome(undefined);
    return value;
  } catch (cause) {
    if (signal.aborted) throw cause;
    const problem = LiveError.of(cause);
    onOutcome(problem);
    throw problem;
  }
}

type CommonStatus = Pick<AgentStatus, 'features' | 'uptimeSeconds'> & { problem: LiveError | undefined };

function liveStatus(live: LiveHost, { problem, ...common }: CommonStatus): AgentStatus {
  const host = live.host();
  if (host === undefined) {
    const { code, message } = problem ?? new LiveError('ERR_NSATLAS_READ', 'this host could not be read yet');
    return { ...common, namespaces: 0, interfaces: 0, gaps: [{ status: 'FAILED', operation: 'read', code, message }] };
  }
  const freshness = live.freshness();
  const { namespaces, interfaces } = live.counts;
  return { ...common, host, ageMs: freshness.ageMs, namespaces, interfaces, gaps: [...live.gaps()], freshness };
}
