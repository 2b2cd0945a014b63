// As maximal-model.ts, of what a collector tells.

import type { Endpoint, FabricEvent, HostEntry, Listing, Overlay, OverlayMember } from '../../../src/model/types.js';
import type { CollectorStatus, CollectorWatchRequestMessage } from '../../../src/wire/messages.js';
import {
  cursor,
  fabricAge,
  freshness,
  gap,
  host,
  ID,
  ifindex,
  NAME,
  owner,
  selector,
  watchEvent,
  type Whole,
} from './maximal-model.js';

const member: Whole<OverlayMember> = {
  host: 'h1',
  hostName: 'node-1',
  netnsId: ID,
  netnsName: NAME,
  ifindex: ifindex(5),
  ifname: 'vxlan0',
  vtep: '192.0.2.11',
  vtepSource: 'engine',
  operState: 'UNKNOWN',
  mtu: 1450,
  dstPort: 4789,
  subnets: ['10.0.9.1/24'],
  endpoints: 3,
  fdbEntries: 2,
  remotes: [{ vtep: '192.0.2.12', host: 'h2', hostName: 'node-2', fdbEntries: 2 }],
  state: 'LIVE',
  ageMs: 3.5,
  status: 'DENIED',
};

export const overlay: Whole<Overlay> = {
  id: 'x8sn2ys3vd/4097',
  networkId: 'x8sn2ys3vd',
  networkName: NAME,
  vni: 4097,
  subnets: ['10.0.9.0/24'],
  members: [member],
  endpoints: 3,
  ingress: true,
  encrypted: true,
  internal: true,
};

export const endpoint: Whole<Endpoint> = {
  overlay: 'x8sn2ys3vd/4097',
  networkId: 'x8sn2ys3vd',
  networkName: NAME,
  vni: 4097,
  host: 'h1',
  hostName: 'node-1',
  ips: ['10.0.9.11'],
  mac: '02:42:0a:00:09:0b',
  netnsId: ID,
  netnsName: NAME,
  ifindex: ifindex(9),
  ifname: 'eth0',
  role: 'CONTAINER',
  owner,
  operState: 'UP',
  port: { netnsId: ID, ifindex: ifindex(10), name: 'veth1' },
  portOperState: 'UP',
  status: 'PAIRED',
  vtep: '192.0.2.11',
  state: 'LIVE',
  ageMs: 3.5,
};

export const hostEntry: Whole<HostEntry> = {
  host: 'h1',
  hostName: 'node-1',
  agent: '192.0.2.11:7117',
  source: 'dns:tasks.agent:7117',
  state: 'STALE',
  ageMs: 61_000.5,
  freshness,
  problem: 'silent for 61 s',
  namespaces: 9,
  interfaces: 40,
  fdbEntries: 7,
  neighbors: 8,
  routes: 50,
  gaps: 1,
  disconnects: 2,
  resyncs: 3,
  heardAt: '2026-11-21T05:58:35.123Z',
  details: host,
  rows: { fdb: 7, neighbors: 8, routes: 50 },
  problemCode: 'ERR_NSATLAS_AGENT_UNREACHABLE',
};

export const collectorStatus: Whole<CollectorStatus> = {
  version: '0.1.0',
  uptimeSeconds: 12.5,
  agents: [{ state: 'CONFLICT', agents: 2 }],
  hosts: 3,
  namespaces: 30,
  interfaces: 120,
  fdbEntries: 70,
  neighbors: 80,
  routes: 500,
  gaps: [gap],
  rows: { fdb: 70, neighbors: 80, routes: 500 },
};

export const hostsListing: Whole<Pick<Listing<HostEntry>, 'items' | 'gaps'>> = { items: [hostEntry], gaps: [gap] };
export const overlaysListing: Whole<Omit<Listing<Overlay>, 'freshness'>> = { items: [overlay], gaps: [gap], fabric: fabricAge };
export const endpointsListing: Whole<Omit<Listing<Endpoint>, 'freshness'>> = {
  items: [endpoint],
  gaps: [gap],
  fabric: fabricAge,
};

export const collectorWatchRequest: Whole<CollectorWatchRequestMessage> = {
  selector,
  tables: ['LINKS', 'FDB'],
  after: [{ host: 'h1', cursor }],
  heartbeatMs: 2000,
};

/** Really only one field besides the host is set. */
export const fabricEvent: Whole<FabricEvent> = {
  host: 'h1',
  event: watchEvent,
  entry: hostEntry,
  forgotten: { reason: 'not found any more' },
  synced: { fabric: fabricAge },
};
