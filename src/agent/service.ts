import { type UntypedServiceImplementation, status } from '@grpc/grpc-js';
import { LISTS, type ListName } from '../model/lists.js';
import type { Selector } from '../model/select.js';
import type { HostSnapshot, Listing, Table } from '../model/types.js';
import { ALL_TABLES, type HostSource } from '../scan/types.js';
import { encodeListing, encodeSnapshot } from '../wire/chunks.js';
import { encode } from '../wire/codec.js';
import { type AgentStatus, type ItemOf, LIST_RPCS, type MessageName } from '../wire/messages.js';
import type { Calls } from './calls.js';
import { CallError } from './error.js';
import { type Keeper, ReadTimeout } from './keeper.js';
import { onlyTables, selectSnapshot } from './narrow.js';
import { checkSelector, checkTables } from './selector.js';

/** The service's full name. */
export const AGENT_SERVICE = 'nsatlas.v1.Agent';

interface ServiceOptions {
  readonly calls: Calls;
  readonly keeper: Keeper;
  readonly source: HostSource;
  readonly startedAt: number;
  readonly now: () => number;
}

/** The handlers of nsatlas.v1.Agent, by method. */
export function agentHandlers({ calls, keeper, source, startedAt, now }: ServiceOptions): UntypedServiceImplementation {
  const listings = createListings();

  const snapshotOf = async (tables: readonly Table[], signal: AbortSignal): Promise<HostSnapshot> => {
    try {
      return await keeper.get(tables, signal);
    } catch (cause) {
      if (cause instanceof CallError || cause instanceof ReadTimeout) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new CallError(status.UNAVAILABLE, `this host could not be read: ${reason}`, { cause });
    }
  };

  const list = <Name extends ListName>(name: Name) =>
    calls.stream<'nsatlas.v1.ListNetnsRequest'>(async (request, signal) => {
      const selector = checkSelector(request.selector);
      return encodeListing(name, listings.get(name, await snapshotOf(LISTS[name].tables, signal), selector));
    });

  const getSnapshot = calls.stream<'nsatlas.v1.GetSnapshotRequest'>(async (request, signal) => {
    const selector = checkSelector(request.selector);
    const tables = checkTables(request.tables, ALL_TABLES);
    return encodeSnapshot(selectSnapshot(onlyTables(await snapshotOf(tables, signal), tables), selector));
  });

  const getStatus = calls.unary<'nsatlas.v1.GetStatusRequest'>(async (_request, signal) => {
    // The first status is worth a read: without one there is no host to name.
    const problem = keeper.last() === undefined ? await keeper.get(['LINKS'], signal).then(() => undefined, reasonOf) : undefined;
    signal.throwIfAborted();
    const features = (await source.features()).map(({ name, enabled, detail }) => ({ name, enabled, detail }));
    return encode(
      'nsatlas.v1.GetStatusResponse',
      statusMessage(keeper, { features, uptimeSeconds: (now() - startedAt) / 1000, problem }),
    );
  });

  const lists = Object.entries(LIST_RPCS).map(([name, rpc]) => [`List${rpc}`, list(name as ListName)]);
  return { GetStatus: getStatus, GetSnapshot: getSnapshot, ...Object.fromEntries(lists) } as UntypedServiceImplementation;
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function statusMessage(
  keeper: Keeper,
  { problem, ...status }: Pick<AgentStatus, 'features' | 'uptimeSeconds'> & { problem: string | undefined },
): AgentStatus {
  const last = keeper.last();
  if (last === undefined) {
    const gaps: AgentStatus['gaps'] = [
      { status: 'FAILED', operation: 'read', message: `this host could not be read: ${problem ?? 'nobody knows why'}` },
    ];
    return { ...status, namespaces: 0, interfaces: 0, gaps };
  }
  const { snapshot, ageMs, namespaces, interfaces } = last;
  return {
    ...status,
    host: snapshot.host,
    ageMs,
    namespaces,
    interfaces,
    gaps: [...snapshot.gaps],
  };
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

/** Full names of the messages that the service's lists answer with; for clients. */
export function listMessages(name: ListName): { request: MessageName; response: MessageName } {
  const rpc = LIST_RPCS[name];
  return { request: `nsatlas.v1.List${rpc}Request`, response: `nsatlas.v1.List${rpc}Response` };
}
