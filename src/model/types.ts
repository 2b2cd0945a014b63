// The public model in TypeScript: exactly the proto3 JSON of proto/nsatlas/v1/model.proto, where every field is explained,
// but for 64-bit numbers (bigint here, strings in JSON), byte strings (Uint8Array here, base64 in JSON). Lists that are
// empty are present here and left out in JSON. test/unit/wire/parity.test.ts holds both to the same fields.

import type { RowCounts } from './row-counts.js';
import type { RemovedSections, Sections, Table } from '../tables/index.js';
import type { AddressRecord, Ifindex, LinkRecord, Vxlan } from '../tables/shared/records.js';

export type { FdbEntry } from '../tables/fdb.js';
export type { Neighbor } from '../tables/neighbors.js';
export type { NextHop, Route } from '../tables/routes.js';
export type { RemovedSections, Row, Section, SectionRows, Sections, Table } from '../tables/index.js';
export type { AddressRecord as Address, Counters, Ifindex, Nsid, Vxlan } from '../tables/shared/records.js';

/** "net:[4026532287]" */
export type NetnsId = string;

export type ReadStatus =
  | 'OK'
  | 'VANISHED'
  | 'DENIED'
  | 'INTERRUPTED'
  | 'TIMED_OUT'
  | 'FAILED'
  | 'NOT_A_NETNS'
  | 'MALFORMED'
  | 'NOT_READ'
  | 'UNPROVEN'
  | 'STALE_HOST';

export type Role = 'HOST' | 'CONTAINER' | 'OVERLAY' | 'LOAD_BALANCER' | 'INGRESS' | 'OTHER';

export type PairStatus = 'PAIRED' | 'PEER_NOT_VISIBLE' | 'AMBIGUOUS';

export interface HostSnapshot {
  host: Host;
  namespaces: Netns[];
  gaps: Gap[];
  networks: Network[];
}

export interface Host {
  id: string;
  name: string;
  bootId: string;
  kernel: string;
  agentVersion: string;
  engines: Engine[];
  /** RFC 3339, UTC, milliseconds. */
  readAt: string;
  durationMs?: number;
  freshness?: Freshness;
}

export type FreshnessMode = 'EVENTS' | 'POLLING';

export interface Freshness {
  mode: FreshnessMode;
  ageMs: number;
  rescanMs: number;
  lostEvents: number;
  interruptedDumps: number;
  reason?: string;
}

export interface Engine {
  socket: string;
  id: string;
  name: string;
  version: string;
  apiVersion: string;
  swarmNodeId?: string;
  swarmNodeAddress?: string;
  swarmManager?: boolean;
}

export interface Network {
  id: string;
  name: string;
  driver: string;
  scope: string;
  vnis: number[];
  subnets: string[];
  bridge?: string;
  internal?: boolean;
  ingress?: boolean;
  encrypted?: boolean;
  labels: Record<string, string>;
  engine: string;
}

export interface Netns extends Sections {
  id: NetnsId;
  host?: string;
  netnsName?: string;
  dev: number;
  paths: string[];
  pids: number[];
  cookie?: bigint;
  role: Role;
  networkId?: string;
  networkName?: string;
  owner?: Owner;
  joined: Owner[];
  status: ReadStatus;
  tables: TableStatus[];
  interfaces: Interface[];
}

export interface TableStatus {
  table: Table;
  status: ReadStatus;
  rows: number;
  attempts: number;
}

export interface Owner {
  containerId: string;
  containerName: string;
  image: string;
  labels: Record<string, string>;
  networkMode: string;
  networkModeRaw: string;
  joinedContainerId?: string;
  serviceId?: string;
  serviceName?: string;
  taskId?: string;
  taskName?: string;
  stack?: string;
  nodeId?: string;
  networks: OwnerNetwork[];
  engine: string;
  pid?: number;
}

export interface OwnerNetwork {
  name: string;
  id: string;
  endpointId?: string;
  ip?: string;
  ipv6?: string;
  mac?: string;
  aliases: string[];
}

export interface Gap {
  host?: string;
  netnsId?: NetnsId;
  path?: string;
  table?: Table;
  ifindex?: number;
  engine?: string;
  status: ReadStatus;
  errno?: string;
  operation?: string;
  message: string;
  code?: string;
}

export interface Interface extends LinkRecord {
  netnsId: NetnsId;
  host?: string;
  netnsName?: string;
  masterName?: string;
  linkNetnsId?: NetnsId;
  addresses: string[];
  addressDetails: Omit<AddressRecord, 'ifindex'>[];
  veth?: Veth;
}

export interface Veth {
  status: PairStatus;
  peer?: InterfaceRef;
}

export interface InterfaceRef {
  netnsId: NetnsId;
  ifindex: Ifindex;
  name: string;
}

export interface VxlanRow {
  host: string;
  netnsId: NetnsId;
  netnsName?: string;
  ifindex: Ifindex;
  name: string;
  vni?: number;
  dstPort?: number;
  networkId?: string;
  networkName?: string;
  fdbEntries?: number;
  role: Role;
  mtu?: number;
  operState: string;
  masterIfindex?: Ifindex;
  masterName?: string;
  subnets: string[];
  vxlan: Vxlan;
  flags: string[];
}

export interface VethPair {
  host: string;
  status: PairStatus;
  a: VethEnd;
  b?: VethEnd;
}

export interface VethEnd {
  netnsId: NetnsId;
  netnsName?: string;
  ifindex: Ifindex;
  name: string;
  masterIfindex?: Ifindex;
  masterName?: string;
  owner?: Owner;
  role: Role;
  addresses: string[];
  operState: string;
  networkId?: string;
  networkName?: string;
  mac?: string;
  mtu?: number;
}

/** What a list answers: the shape of every List* message and of `-o json`. */
export interface Listing<Item> {
  items: Item[];
  gaps: Gap[];
  freshness?: Freshness;
  /** Of a collector's answer. */
  fabric?: FabricAge;
}

/** A place in the history of one agent process. */
export interface Cursor {
  epoch: string;
  revision: bigint;
}

/** What is new in one namespace; removals come before additions. */
export interface NetnsChange extends Sections, RemovedSections {
  netns: Netns;
  whole: boolean;
  removedIfindexes: number[];
  interfaces: Interface[];
}

export interface NetnsRemoved {
  id: NetnsId;
  cookie?: bigint;
  netnsName: string;
}

/** One event of Watch: exactly one field besides the cursor is set. */
export interface WatchEvent {
  cursor: Cursor;
  restart?: { reason: string };
  host?: Host;
  netns?: NetnsChange;
  removed?: NetnsRemoved;
  gaps?: { gaps: Gap[] };
  networks?: { networks: Network[] };
  synced?: { freshness: Freshness };
}

export type AgentState = 'LIVE' | 'SYNCING' | 'STALE' | 'UNREACHABLE' | 'CONFLICT';

export interface HostEntry extends RowCounts {
  host?: string;
  hostName?: string;
  agent: string;
  source: string;
  state: AgentState;
  ageMs?: number;
  freshness?: Freshness;
  problem?: string;
  namespaces: number;
  interfaces: number;
  gaps: number;
  disconnects: number;
  resyncs: number;
  /** RFC 3339, UTC, milliseconds. */
  heardAt?: string;
  details?: Host;
  problemCode?: string;
}

export interface FabricAge {
  hosts: HostAge[];
}

export interface HostAge {
  host: string;
  hostName: string;
  state: AgentState;
  ageMs?: number;
}

export interface Overlay {
  id: string;
  networkId?: string;
  networkName?: string;
  vni: number;
  subnets: string[];
  members: OverlayMember[];
  endpoints: number;
  ingress?: boolean;
  encrypted?: boolean;
  internal?: boolean;
}

export interface OverlayMember {
  host: string;
  hostName?: string;
  netnsId: NetnsId;
  netnsName?: string;
  ifindex?: Ifindex;
  ifname?: string;
  vtep?: string;
  vtepSource?: string;
  operState?: string;
  mtu?: number;
  dstPort?: number;
  subnets: string[];
  endpoints: number;
  fdbEntries?: number;
  remotes: RemoteVtep[];
  state?: AgentState;
  ageMs?: number;
  status?: ReadStatus;
}

export interface RemoteVtep {
  vtep: string;
  host?: string;
  hostName?: string;
  fdbEntries: number;
}

export interface Endpoint {
  overlay: string;
  networkId?: string;
  networkName?: string;
  vni: number;
  host: string;
  hostName?: string;
  ips: string[];
  mac?: string;
  netnsId?: NetnsId;
  netnsName?: string;
  ifindex?: Ifindex;
  ifname?: string;
  role?: Role;
  owner?: Owner;
  operState?: string;
  port: InterfaceRef;
  portOperState: string;
  status: PairStatus;
  vtep?: string;
  state?: AgentState;
  ageMs?: number;
}

/** A place in the history of one host as a collector knows it. */
export interface HostCursor {
  host: string;
  cursor: Cursor;
}

/** One event of a collector's Watch: exactly one field besides `host` is set. */
export interface FabricEvent {
  host?: string;
  event?: WatchEvent;
  entry?: HostEntry;
  forgotten?: { reason: string };
  synced?: { fabric: FabricAge };
}

/** Something that a missing capability, an old kernel or an absent engine can switch off. */
export interface Feature {
  readonly name: string;
  readonly enabled: boolean;
  /** Why it is off and what to do; what it is worth when it is on. */
  readonly detail: string;
}
