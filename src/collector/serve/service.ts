import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { checkSelector, checkTables, checkWatch } from '../../serve/selector.js';
import type { ListName } from '../../model/lists.js';
import { rowCounts } from '../../model/row-counts.js';
import { type Selector, speaksOfRows, withoutHosts } from '../../model/select.js';
import type { AgentState, HostEntry } from '../../model/types.js';
import type { Calls } from '../../rpc/calls.js';
import { CallError } from '../../rpc/error.js';
import { encodeListing } from '../../wire/chunks.js';
import { encode } from '../../wire/codec.js';
import { type CollectorStatus, LIST_RPCS } from '../../wire/messages.js';
import { listOfFabric, listOfHosts, snapshotsOfHosts } from './answers.js';
import { entriesThatFit } from './entries.js';
import type { Members } from '../types.js';
import type { FabricWatchers } from './watchers.js';

/** The service's full name. */
export const COLLECTOR_SERVICE = 'nsatlas.v1.Collector';

interface ServiceOptions {
  readonly calls: Calls;
  readonly members: Members;
  readonly watchers: FabricWatchers;
  readonly version: string;
  readonly startedAt: number;
  readonly now: () => number;
}

/** The handlers of nsatlas.v1.Collector, by method. */
export function collectorHandlers(options: ServiceOptions): UntypedServiceImplementation {
  const { calls, members, watchers, now } = options;

  const list = (name: ListName) =>
    calls.stream<'nsatlas.v1.ListInterfacesRequest'>((request) => {
      refuseCounters(request.counters);
      return Promise.resolve(listOfHosts(name, { members, selector: checkSelector(request.selector), now }));
    });

  const fabricList = (name: 'overlays' | 'endpoints') =>
    calls.stream<'nsatlas.v1.ListOverlaysRequest'>((request) =>
      Promise.resolve(listOfFabric(name, { members, selector: checkSelector(request.selector), now })),
    );

  const listHosts = calls.stream<'nsatlas.v1.ListHostsRequest'>((request) => {
    const selector = onlyHosts(checkSelector(request.selector));
    const items = entriesThatFit(members, selector);
    const gaps = members.gaps().filter(({ host }) => host === undefined || items.some((entry) => entry.host === host));
    return Promise.resolve(encodeListing('hosts', { items, gaps: [...gaps] }));
  });

  const getSnapshot = calls.stream<'nsatlas.v1.GetSnapshotRequest'>((request) => {
    refuseCounters(request.counters);
    const tables = checkTables(request.tables, members.tables);
    return Promise.resolve(snapshotsOfHosts(tables, { members, selector: checkSelector(request.selector), now }));
  });

  const watch = calls.feed<'nsatlas.v1.CollectorWatchRequest'>((request, stream) => {
    const { selector } = checkWatch(request.selector === undefined ? {} : { selector: request.selector });
    const tables = checkTables(request.tables, members.tables);
    const after = new Map(request.after.map(({ host, cursor }) => [host, cursor]));
    return watchers.serve({ selector, tables, after, heartbeatMs: request.heartbeatMs }, stream);
  });

  const getStatus = calls.unary<'nsatlas.v1.CollectorGetStatusRequest'>(() =>
    Promise.resolve(encode('nsatlas.v1.CollectorGetStatusResponse', statusOf(options))),
  );

  const lists = Object.entries(LIST_RPCS).map(([name, rpc]) => [`List${rpc}`, list(name as ListName)]);
  return {
    GetStatus: getStatus,
    ListHosts: listHosts,
    ListOverlays: fabricList('overlays'),
    ListEndpoints: fabricList('endpoints'),
    GetSnapshot: getSnapshot,
    Watch: watch,
    ...Object.fromEntries(lists),
  } as UntypedServiceImplementation;
}

function refuseCounters(counters: boolean): void {
  if (counters) throw new CallError('ERR_NSATLAS_REQUEST', 'counters: a collector has no counters; ask the agent of the host');
}

function onlyHosts(selector: Selector): Selector {
  const { netns, roles, networks, containers, services } = selector;
  const others = [netns, roles, networks, containers, services];
  if (speaksOfRows(withoutHosts(selector)) || others.some((values) => values !== undefined && values.length > 0))
    throw new CallError('ERR_NSATLAS_REQUEST', 'selector: hosts are listed by `hosts` only');
  return selector;
}

function statusOf({ members, version, startedAt, now }: ServiceOptions): CollectorStatus {
  const entries = members.entries();
  const states = new Map<AgentState, number>();
  for (const { state } of entries) states.set(state, (states.get(state) ?? 0) + 1);
  const sum = (of: (entry: HostEntry) => number): number => entries.reduce((total, entry) => total + of(entry), 0);
  return {
    version,
    uptimeSeconds: (now() - startedAt) / 1000,
    agents: [...states].map(([state, agents]) => ({ state, agents })),
    hosts: members.members().length,
    namespaces: sum(({ namespaces }) => namespaces),
    interfaces: sum(({ interfaces }) => interfaces),
    ...rowCounts((section) => sum(({ rows }) => rows[section] ?? 0)),
    gaps: [...members.gaps()],
  };
}
