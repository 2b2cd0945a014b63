import { capitalized, type Section, SECTIONS } from '../tables/index.js';
import type { ListItems, ListName } from '../model/lists.js';
import type { RowCounts } from '../model/row-counts.js';
import type { Selector } from '../model/select.js';
import type {
  AgentState,
  Cursor,
  Endpoint,
  FabricEvent,
  Freshness,
  Gap,
  Host,
  HostCursor,
  HostEntry,
  HostSnapshot,
  Listing,
  Overlay,
  Table,
  WatchEvent,
} from '../model/types.js';

/** The item of every list of the command line, by the word of its command. */
interface ListedItems extends ListItems {
  hosts: HostEntry;
  overlays: Overlay;
  endpoints: Endpoint;
}

/** Every list of the command line: an agent's, and those that only a collector has. */
export type ListedName = keyof ListedItems;

/** The items of a list, by the list's name. */
export type ItemOf<Name extends ListedName> = ListedItems[Name];

/** A HostSnapshot, or one part of the stream that makes up a complete one. */
export type SnapshotPart = Omit<HostSnapshot, 'host'> & { host?: Host };

/** nsatlas.v1.Selector off the wire: every list is there. */
export type SelectorMessage = { readonly [Field in keyof Selector]-?: Exclude<Selector[Field], undefined> };

/** nsatlas.v1.GetStatusResponse */
export interface AgentStatus {
  /** Absent when the host could not be read at all. */
  host?: Host;
  features: { readonly name: string; readonly enabled: boolean; readonly detail: string }[];
  uptimeSeconds: number;
  /** Age of the last read, in milliseconds. */
  ageMs?: number;
  /** Namespaces and interfaces of the last read. */
  namespaces: number;
  interfaces: number;
  gaps: Gap[];
  /** Absent before the first read. */
  freshness?: Freshness;
}

/** A message without fields. */
type Nothing = Readonly<Record<string, never>>;

/** Requests of every list. The selector is a message, so it may be absent. */
interface ListRequest {
  selector?: SelectorMessage;
}

/** Of lists of what can change all the time: `counters` asks for that, too, by a fresh read. */
type CountersRequest = ListRequest & { counters: boolean };

/** nsatlas.v1.WatchRequest */
export interface WatchRequestMessage {
  selector?: SelectorMessage;
  tables: Table[];
  after?: Cursor;
  /** 0: none. */
  heartbeatMs: number;
}

/** nsatlas.v1.CollectorGetStatusResponse */
export interface CollectorStatus extends RowCounts {
  version: string;
  uptimeSeconds: number;
  agents: { state: AgentState; agents: number }[];
  hosts: number;
  namespaces: number;
  interfaces: number;
  gaps: Gap[];
}

/** nsatlas.v1.CollectorWatchRequest */
export interface CollectorWatchRequestMessage extends Omit<WatchRequestMessage, 'after'> {
  after: HostCursor[];
}

/** grpc.health.v1.HealthCheckResponse.ServingStatus */
export type ServingStatus = 'UNKNOWN' | 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';

/** Requests and answers of the lists: ListFdbRequest, ListFdbResponse, … */
type ListMessages = {
  [Name in ListedName as `nsatlas.v1.List${Rpcs[Name]}Request`]: Name extends Section | 'interfaces'
    ? CountersRequest
    : ListRequest;
} & {
  [Name in ListedName as `nsatlas.v1.List${Rpcs[Name]}Response`]: Listing<ItemOf<Name>>;
};

/** The messages that requests and responses are, by full name. */
export interface Messages extends ListMessages {
  'nsatlas.v1.HostSnapshot': SnapshotPart;
  'nsatlas.v1.GetStatusRequest': Nothing;
  'nsatlas.v1.GetStatusResponse': AgentStatus;
  'nsatlas.v1.GetSnapshotRequest': CountersRequest & { tables: Table[] };
  'nsatlas.v1.WatchRequest': WatchRequestMessage;
  'nsatlas.v1.WatchResponse': WatchEvent;
  'nsatlas.v1.CollectorGetStatusRequest': Nothing;
  'nsatlas.v1.CollectorGetStatusResponse': CollectorStatus;
  'nsatlas.v1.CollectorWatchRequest': CollectorWatchRequestMessage;
  'nsatlas.v1.CollectorWatchResponse': FabricEvent;
  'grpc.health.v1.HealthCheckRequest': { service: string };
  'grpc.health.v1.HealthCheckResponse': { status: ServingStatus };
  'grpc.health.v1.HealthListRequest': Nothing;
  'grpc.health.v1.HealthListResponse': { statuses: Record<string, { status: ServingStatus }> };
}

/** Full name of a request or response. */
export type MessageName = keyof Messages;

/** The RPC of each list, by the list's name: List<Rpc>Request, List<Rpc>Response. */
export const LIST_RPCS = {
  netns: 'Netns',
  interfaces: 'Interfaces',
  vxlans: 'Vxlans',
  veths: 'VethPairs',
  ...(Object.fromEntries(SECTIONS.map((section) => [section, capitalized(section)])) as {
    readonly [Name in Section]: Capitalize<Name>;
  }),
} as const satisfies Record<ListName, string>;

/** As LIST_RPCS, of the lists that only a collector has. */
export const FABRIC_RPCS = { hosts: 'Hosts', overlays: 'Overlays', endpoints: 'Endpoints' } as const;

/** A list that only a collector has. */
export type FabricListName = keyof typeof FABRIC_RPCS;

/** As LIST_RPCS, of all lists. */
export const RPCS = { ...LIST_RPCS, ...FABRIC_RPCS } as const;
type Rpcs = typeof RPCS;
