import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { LISTS, type ListName } from '../model/lists.js';
import { selectsHost, type Selector, withoutHosts } from '../model/select.js';
import type { Freshness, Host, HostSnapshot, Listing, Table } from '../model/types.js';
import { ALL_TABLES } from '../tables/index.js';
import type { HostSource } from '../live/source.js';
import { encodeListing, encodeSnapshot } from '../wire/chunks.js';
import { encode } from '../wire/codec.js';
import { type AgentStatus, type ItemOf, LIST_RPCS } from '../wire/messages.js';
import { LiveError, type LiveHost } from '../live/types.js';
import type { Calls } from '../rpc/calls.js';
import { CallError } from '../rpc/error.js';
import type { Keeper } from './keeper.js';
import { onlyTables, selectSnapshot } from '../serve/narrow.js';
import { liveList, liveSnapshot } from '../serve/answers.js';
import { checkSelector, checkTables, checkWatch } from '../serve/selector.js';
import type { Watchers } from './watchers.js';

/** The service's full name. */
export const AGENT_SERVICE = 'nsatlas.v1.Agent';

interface ServiceOptions {
  readonly calls: Calls;
  readonly keeper: Keeper;
  readonly source: HostSource;
  readonly live: LiveHost | undefined;
  readonly watchers: Watchers | undefined;
  readonly startedAt: number;
  readonly now: () => number;
  /** Told whether the host could be read. */
  readonly onOutcome: (problem: Error | undefined) => void;
}

/** The handlers of nsatlas.v1.Agent, by method. */
export function agentHandlers(options: ServiceOptions): UntypedServiceImplementation {
  const { calls, keeper, source, live, watchers, startedAt, now } = options;
  const listings = createListings();

  const snapshotOf = async (tables: readonly Table[], signal: AbortSignal): Promise<HostSnapshot> => {
    try {
      return await keeper.get(tables, signal);
    } catch (cause) {
      throw signal.aborted ? cause : LiveError.of(cause);
    }
  };

  /** Of a read that was made for this answer. */
  const freshly = (): { freshness?: Freshness } =>
    live === undefined ? {} : { freshness: { ...live.freshness(), ageMs: keeper.last()?.ageMs ?? 0 } };

  const ready = (tables: readonly Table[], signal: AbortSignal): Promise<void> => untilReady(options, tables, signal);

  const list = <Name extends ListName>(name: Name) =>
    calls.stream<'nsatlas.v1.ListInterfacesRequest'>(async (request, signal) => {
      const selector = checkSelector(request.selector);
      const { tables } = LISTS[name];
      if (live === undefined || request.counters) {
        const listing = listings.get(name, await snapshotOf(tables, signal), selector);
        return encodeListing(name, { ...listing, ...freshly() });
      }
      await ready(tables, signal);
      if (!isOfHost(live, selector)) return encodeListing(name, { items: [], gaps: [], freshness: live.freshness() });
      return liveList(name, { live, selector, now });
    });

  const getSnapshot = calls.stream<'nsatlas.v1.GetSnapshotRequest'>(async (request, signal) => {
    const selector = checkSelector(request.selector);
    const tables = checkTables(request.tables, ALL_TABLES);
    if (live === undefined || request.counters) {
      const snapshot = selectSnapshot(onlyTables(await snapshotOf(tables, signal), tables), selector);
      if (!selectsHost(snapshot.host, selector)) throw otherHost(snapshot.host);
      return encodeSnapshot({ ...snapshot, host: { ...snapshot.host, ...freshly() } });
    }
    await ready(tables, signal);
    return liveSnapshot(tables, { live, selector, now });
  });

  const getStatus = calls.unary<'nsatlas.v1.GetStatusRequest'>(async (_request, signal) => {
    // The first status is worth a read: without one there is no host to name.
    const known = live === undefined ? keeper.last() !== undefined : live.host() !== undefined;
    const read = (): Promise<unknown> => (live === undefined ? keeper.get(['LINKS'], signal) : ready(['LINKS'], signal));
    const problem = known
      ? undefined
      : await read().then(
          () => undefined,
          (cause: unknown) => LiveError.of(cause),
        );
    signal.throwIfAborted();
    const features = (await source.features()).map(({ name, enabled, detail }) => ({ name, enabled, detail }));
    const common = { features, uptimeSeconds: (now() - startedAt) / 1000, problem };
    const message = live === undefined ? keptStatus(keeper, common) : liveStatus(live, common);
    return encode('nsatlas.v1.GetStatusResponse', message);
  });

  const watch = calls.feed<'nsatlas.v1.WatchRequest'>(async (request, stream) => {
    const wanted = { ...checkWatch(request), tables: checkTables(request.tables, ALL_TABLES) };
    if (live === undefined || watchers === undefined)
      throw new CallError('ERR_NSATLAS_NO_WATCH', 'this agent does not follow changes');
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
  if (host !== undefined && !selectsHost(host, selector)) throw otherHost(host);
}

function otherHost({ id, name }: Host): CallError {
  return new CallError('ERR_NSATLAS_OTHER_HOST', `this agent is of host ${name} (${id}), which selector.hosts leaves out`);
}

/** @throws LiveError when the host cannot be read */
async function untilReady(
  { live, onOutcome }: Pick<ServiceOptions, 'live' | 'onOutcome'>,
  tables: readonly Table[],
  signal: AbortSignal,
): Promise<void> {
  try {
    await live?.ready(tables, signal);
    onOutcome(undefined);
  } catch (cause) {
    if (signal.aborted) throw cause;
    const problem = LiveError.of(cause);
    onOutcome(problem);
    throw problem;
  }
}

type CommonStatus = Pick<AgentStatus, 'features' | 'uptimeSeconds'> & { problem: LiveError | undefined };

function keptStatus(keeper: Keeper, { problem, ...common }: CommonStatus): AgentStatus {
  const last = keeper.last();
  if (last === undefined) return unreadStatus({ problem, ...common });
  const { snapshot, ageMs, namespaces, interfaces } = last;
  return { ...common, host: snapshot.host, ageMs, namespaces, interfaces, gaps: [...snapshot.gaps] };
}

function liveStatus(live: LiveHost, { problem, ...common }: CommonStatus): AgentStatus {
  const host = live.host();
  if (host === undefined) return unreadStatus({ problem, ...common });
  const freshness = live.freshness();
  const { namespaces, interfaces } = live.counts;
  return { ...common, host, ageMs: freshness.ageMs, namespaces, interfaces, gaps: [...live.gaps()], freshness };
}

function unreadStatus({ problem, ...common }: CommonStatus): AgentStatus {
  const { code, message } = problem ?? new LiveError('ERR_NSATLAS_READ', 'this host could not be read yet');
  return { ...common, namespaces: 0, interfaces: 0, gaps: [{ status: 'FAILED', operation: 'read', code, message }] };
}

interface Listings {
  get<Name extends ListName>(name: Name, snapshot: HostSnapshot, selector: Selector): Listing<ItemOf<Name>>;
}

/** Most different lists that are kept of one snapshot. */
const MAX_KEPT = 32;

/** Calls that ask the same of the same snapshot share one list: each is a copy of its rows, and slow clients hold on to it. */
function createListings(): Listings {
  const kept = new WeakMap<HostSnapshot, Map<string, unknown>>();
  return {
    get: <Name extends ListName>(name: Name, snapshot: HostSnapshot, selector: Selector) => {
      const ofSnapshot = kept.get(snapshot) ?? new Map<string, unknown>();
      kept.set(snapshot, ofSnapshot);
      const key = JSON.stringify([name, selector]);
      // The key has the name in it, which the compiler cannot follow.
      const known = ofSnapshot.get(key) as Listing<ItemOf<Name>> | undefined;
      if (known !== undefined) return known;
      const listing = LISTS[name].list(onlyTables(snapshot, LISTS[name].tables), selector) as Listing<ItemOf<Name>>;
      if (ofSnapshot.size < MAX_KEPT) ofSnapshot.set(key, listing);
      return listing;
    },
  };
}
