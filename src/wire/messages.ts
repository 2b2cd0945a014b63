import { capitalized, type Section, type SectionRows, SECTIONS } from '../tables/index.js';
import type { ListName, Lists } from '../model/lists.js';
import type { RowCounts } from '../model/row-counts.js';
import type { Selector } from '../model/select.js';
import type {
  AgentState,
  Cursor,
  Endpoint,
  FabricAge,
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

/** The items of a list, by the list's name. */
export type ItemOf<Name extends ListName> = Lists[Name] extends { list(...args: never[]): Listing<infer Item> } ? Item : never;

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
export interface CollectorWatchRequestMessage {
  selector?: SelectorMessage;
  tables: Table[];
  after: HostCursor[];
  /** 0: none. */
  heartbeatMs: number;
}

/** The answer of a list of the fabric. */
export interface FabricListing<Item> {
  items: Item[];
  gaps: Gap[];
  fabric?: FabricAge;
}

/** grpc.health.v1.HealthCheckResponse.ServingStatus */
export type ServingStatus = 'UNKNOWN' | 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';

/** Requests and answers of the lists of rows: ListFdbRequest, ListFdbResponse, … */
type SectionMessages = {
  [Name in Section as `nsatlas.v1.List${Capitalize<Name>}Request`]: CountersRequest;
} & {
  [Name in Section as `nsatlas.v1.List${Capitalize<Name>}Response`]: Listing<SectionRows[Name]>;
};

/** The messages that requests and responses are, by full name. */
export interface Messages extends SectionMessages {
  'nsatlas.v1.HostSnapshot': SnapshotPart;
  'nsatlas.v1.GetStatusRequest': Nothing;
  'nsatlas.v1.GetStatusResponse': AgentStatus;
  'nsatlas.v1.GetSnapshotRequest': CountersRequest & { tables: Table[] };
  'nsatlas.v1.ListNetnsRequest': ListRequest;
  'nsatlas.v1.ListNetnsResponse': Listing<ItemOf<'netns'>>;
  'nsatlas.v1.ListInterfacesRequest': CountersRequest;
  'nsatlas.v1.ListInterfacesResponse': Listing<ItemOf<'interfaces'>>;
  'nsatlas.v1.ListVxlansRequest': ListRequest;
  'nsatlas.v1.ListVxlansResponse': Listing<ItemOf<'vxlans'>>;
  'nsatlas.v1.ListVethPairsRequest': ListRequest;
  'nsatlas.v1.ListVethPairsResponse': Listing<ItemOf<'veths'>>;
  'nsatlas.v1.WatchRequest': WatchRequestMessage;
  'nsatlas.v1.WatchResponse': WatchEvent;
  'nsatlas.v1.CollectorGetStatusRequest': Nothing;
  'nsatlas.v1.CollectorGetStatusResponse': CollectorStatus;
  'nsatlas.v1.ListHostsRequest': ListRequest;
  'nsatlas.v1.ListHostsResponse': { items: HostEntry[]; gaps: Gap[] };
  'nsatlas.v1.ListOverlaysRequest': ListRequest;
  'nsatlas.v1.ListOverlaysResponse': FabricListing<Overlay>;
  'nsatlas.v1.ListEndpointsRequest': ListRequest;
  'nsatlas.v1.ListEndpointsResponse': FabricListing<Endpoint>;
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

/** The lists that only a collector has, by the command's word. */
export interface FabricItems {
  hosts: HostEntry;
  overlays: Overlay;
  endpoints: Endpoint;
}

export type FabricListName = keyof FabricItems;
export type FabricItemOf<Name extends FabricListName> = FabricItems[Name];

/** As LIST_RPCS. */
export const FABRIC_RPCS = {
  hosts: 'Hosts',
  overlays: 'Overlays',
  endpoints: 'Endpoints',
} as const satisfies Record<FabricListName, string>;
