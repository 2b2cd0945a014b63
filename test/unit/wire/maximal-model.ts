// One of everything, with every field set to something that is not its zero value. The types demand each field, and
// parity.test.ts that each field of the protos is here.

import { eachSection, type RemovedSection, removedOf, type Section, SECTIONS } from '../../../src/tables/index.js';
import type {
  Cursor,
  FabricAge,
  Freshness,
  Gap,
  Host,
  HostSnapshot,
  Interface,
  Listing,
  Netns,
  NetnsChange,
  Network,
  Owner,
  VethEnd,
  VethPair,
  VxlanRow,
  WatchEvent,
} from '../../../src/model/types.js';
import { ID, ifindex, NAME, nsid, ROWS, type Whole } from './maximal-rows.js';
import type { AgentStatus, SelectorMessage, WatchRequestMessage } from '../../../src/wire/messages.js';

/** Beyond what a double holds: 2^64 - 1, 2^64 - 2, … */
let huge = 2n ** 64n;
const counter = (): bigint => --huge;

export { fdb, ID, ifindex, NAME, neighbor, route, ROWS, type Whole } from './maximal-rows.js';

const labels = { 'com.example/a': 'b', '': 'empty key', constructor: 'x', quote: '"\\\n\u{1b}[31m' };

export const owner: Whole<Owner> = {
  containerId: 'c0ffee',
  containerName: 'web',
  image: 'localhost:1/web:1',
  labels,
  networkMode: 'container',
  networkModeRaw: 'container:beef',
  joinedContainerId: 'beef',
  serviceId: 's1',
  serviceName: 'web',
  taskId: 't1',
  taskName: 'web.1.t1',
  stack: 'shop',
  nodeId: 'n1',
  networks: [
    {
      name: 'front',
      id: 'x8sn',
      endpointId: 'e1',
      ip: '10.0.1.2',
      ipv6: 'fd00::2',
      mac: '02:42:0a:00:01:02',
      aliases: ['web', 'w'],
    },
  ],
  engine: '/run/docker.sock',
  pid: 4242,
};

const counters: Whole<NonNullable<Interface['counters']>> = {
  rxPackets: counter(),
  txPackets: counter(),
  rxBytes: counter(),
  txBytes: counter(),
  rxErrors: counter(),
  txErrors: counter(),
  rxDropped: counter(),
  txDropped: counter(),
  multicast: counter(),
  collisions: counter(),
  rxLengthErrors: counter(),
  rxOverErrors: counter(),
  rxCrcErrors: counter(),
  rxFrameErrors: counter(),
  rxFifoErrors: counter(),
  rxMissedErrors: counter(),
  txAbortedErrors: counter(),
  txCarrierErrors: counter(),
  txFifoErrors: counter(),
  txHeartbeatErrors: counter(),
  txWindowErrors: counter(),
  rxCompressed: counter(),
  txCompressed: counter(),
  rxNohandler: counter(),
  rxOtherhostDropped: 9007199254740993n,
};

const vxlan: Whole<NonNullable<Interface['vxlan']>> = {
  vni: 4097,
  dstPort: 4789,
  learning: true,
  proxy: true,
  rsc: true,
  l2miss: true,
  l3miss: true,
  local: '192.0.2.1',
  remote: '239.1.1.1',
  underlayIfindex: ifindex(2),
  ttl: 64,
  ttlInherit: true,
  tos: 1,
  label: 1048575,
  df: 'inherit',
  ageingSeconds: 300,
  limit: 1000,
  srcPortMin: 1024,
  srcPortMax: 65535,
  udpCsum: true,
  udpZeroCsum6Tx: true,
  udpZeroCsum6Rx: true,
  remcsumTx: true,
  remcsumRx: true,
  gbp: true,
  gpe: true,
  remcsumNopartial: true,
  external: true,
  vnifilter: true,
  localbypass: true,
};

export const link: Whole<Interface> = {
  netnsId: ID,
  host: 'h1',
  netnsName: NAME,
  ifindex: ifindex(4294967295),
  name: 'vx\u{fffd}lan0',
  nameBytes: Uint8Array.of(0x76, 0x78, 0xff, 0x00, 0xfe),
  altnames: ['enp3s0', 'a b'],
  alias: 'uplink \u{fffd}',
  aliasBytes: Uint8Array.of(0xff),
  kind: 'vxlan',
  linkType: 'ether',
  mac: '02:42:0a:00:01:02',
  broadcast: 'ff:ff:ff:ff:ff:ff',
  permanentMac: '02:42:0a:00:01:03',
  mtu: 1450,
  minMtu: 68,
  maxMtu: 65535,
  flags: ['UP', 'BROADCAST', '0x40000'],
  rawFlags: 0xffffffff,
  operState: 'UP',
  linkMode: 'dormant',
  carrier: true,
  carrierChanges: 3,
  carrierUpCount: 2,
  carrierDownCount: 1,
  masterIfindex: ifindex(2),
  masterName: 'br0',
  linkIfindex: ifindex(7),
  linkNsid: nsid(-1),
  linkNetnsId: 'net:[4026531840]',
  group: 1,
  txQueueLength: 1000,
  qdisc: 'noqueue',
  promiscuity: 1,
  allmulti: 1,
  numTxQueues: 8,
  numRxQueues: 8,
  gsoMaxSize: 65536,
  gsoMaxSegs: 65535,
  gsoIpv4MaxSize: 65536,
  groMaxSize: 65536,
  groIpv4MaxSize: 65536,
  tsoMaxSize: 524280,
  tsoMaxSegs: 65535,
  protoDown: true,
  physPortName: 'p0',
  physPortId: '01',
  physSwitchId: '02',
  parentDevice: '0000:00:1f.6',
  parentBus: 'pci',
  addrGenMode: 'eui64',
  xdpProgramId: 17,
  addresses: ['10.0.1.2/24', 'fd00::2/64'],
  addressDetails: [
    {
      family: 'inet',
      address: '10.0.1.2',
      prefixLength: 24,
      peer: '10.0.1.3',
      broadcast: '10.0.1.255',
      anycast: '10.0.1.4',
      scope: 'global',
      label: 'eth0:1',
      flags: ['PERMANENT'],
      validLifetimeSeconds: 3600,
      preferredLifetimeSeconds: 1800,
      protocol: 'kernel_ra',
      metric: 256,
    },
  ],
  vxlan,
  veth: { status: 'PAIRED', peer: { netnsId: ID, ifindex: ifindex(8), name: 'veth1' } },
  attributes: { ...labels, hello_time: '2.00' },
  portKind: 'bridge',
  portAttributes: { state: 'forwarding' },
  infoData: Uint8Array.of(1, 2, 3, 250),
  unknownAttributes: { 'data/47': Uint8Array.of(0, 1), 'port/12': new Uint8Array() },
  counters,
};

const rows = eachSection((section) => [ROWS[section]]) as unknown as Pick<Whole<Netns>, Section>;
const removedRows = Object.fromEntries(SECTIONS.map((section) => [removedOf(section), [ROWS[section]]])) as unknown as Pick<
  Whole<NetnsChange>,
  RemovedSection
>;

export const netns: Whole<Netns> = {
  id: ID,
  host: 'h1',
  netnsName: NAME,
  dev: 4,
  paths: ['/run/docker/netns/1-x8sn2ys3vd'],
  pids: [1, 4242],
  cookie: 2n ** 63n,
  role: 'OVERLAY',
  networkId: 'x8sn2ys3vd',
  networkName: 'front',
  owner,
  joined: [{ ...owner, containerName: 'side' }],
  status: 'OK',
  tables: [{ table: 'LINKS', status: 'OK', rows: 1, attempts: 2 }],
  interfaces: [link],
  ...rows,
};

export const gap: Whole<Gap> = {
  host: 'h1',
  netnsId: ID,
  path: '/run/docker/netns/fifo',
  table: 'NSIDS',
  ifindex: ifindex(7),
  engine: '/run/docker.sock',
  status: 'NOT_A_NETNS',
  errno: 'EPERM',
  operation: 'setns',
  code: 'ERR_NSATLAS_READ',
  message: 'no CAP_SYS_ADMIN',
};

export const network: Whole<Network> = {
  id: 'x8sn2ys3vd',
  name: 'front',
  driver: 'overlay',
  scope: 'swarm',
  vnis: [4097, 4098],
  subnets: ['10.0.1.0/24'],
  bridge: 'docker0',
  internal: true,
  ingress: true,
  encrypted: true,
  labels,
  engine: '/run/docker.sock',
};

export const freshness: Whole<Freshness> = {
  mode: 'POLLING',
  ageMs: 4.5,
  rescanMs: 60_000,
  lostEvents: 2,
  interruptedDumps: 3,
  reason: 'CAP_NET_ADMIN is missing',
};

export const host: Whole<Host> = {
  id: 'h1',
  name: 'node-1',
  bootId: 'b00t',
  kernel: '6.12.0',
  agentVersion: '0.1.0',
  engines: [
    {
      socket: '/run/docker.sock',
      id: 'AAAA',
      name: 'node-1',
      version: '20.10.24',
      apiVersion: '1.41',
      swarmNodeId: 'n1',
      swarmNodeAddress: '192.0.2.1',
      swarmManager: true,
    },
  ],
  readAt: '2026-11-21T05:58:35.123Z',
  durationMs: 12.5,
  freshness,
};

export const snapshot: Whole<HostSnapshot> = { host, namespaces: [netns], gaps: [gap], networks: [network] };

export const vxlanRow: Whole<VxlanRow> = {
  host: 'h1',
  netnsId: ID,
  netnsName: NAME,
  ifindex: ifindex(7),
  name: 'vxlan0',
  vni: 16777215,
  dstPort: 4789,
  networkId: 'x8sn2ys3vd',
  networkName: 'front',
  fdbEntries: 3,
  role: 'OVERLAY',
  mtu: 1450,
  operState: 'UNKNOWN',
  masterIfindex: ifindex(2),
  masterName: 'br0',
  subnets: ['10.0.1.1/24'],
  vxlan,
  flags: ['UP'],
};

const end: Whole<VethEnd> = {
  netnsId: ID,
  netnsName: NAME,
  ifindex: ifindex(9),
  name: 'eth0',
  masterIfindex: ifindex(2),
  masterName: 'br0',
  owner,
  role: 'CONTAINER',
  addresses: ['10.0.1.2/24'],
  operState: 'UP',
  networkId: 'x8sn2ys3vd',
  networkName: 'front',
  mac: '02:42:0a:00:01:02',
  mtu: 1450,
};

export const vethPair: Whole<VethPair> = { host: 'h1', status: 'PAIRED', a: end, b: { ...end, role: 'OVERLAY' } };

export const agentStatus: Whole<AgentStatus> = {
  host,
  features: [{ name: 'enter', enabled: true, detail: 'works' }],
  uptimeSeconds: 12.5,
  ageMs: 17.25,
  namespaces: 3,
  interfaces: 5,
  gaps: [gap],
  freshness,
};

export const selector: Whole<SelectorMessage> = {
  netns: [ID],
  roles: ['OVERLAY', 'HOST'],
  networks: ['front'],
  containers: ['web'],
  services: ['web'],
  kinds: ['vxlan'],
  interfaces: ['vxlan0'],
  vnis: [4097],
  macs: ['02:42:0a:00:01:02'],
  ips: ['10.0.1.2'],
  hosts: ['node-1'],
};

export const fabricAge: Whole<FabricAge> = { hosts: [{ host: 'h1', hostName: 'node-1', state: 'STALE', ageMs: 61_000.5 }] };

export const listingOf = <Item>(item: Item): Whole<Listing<Item>> =>
  ({ items: [item], gaps: [gap], freshness, fabric: fabricAge }) as Whole<Listing<Item>>;

export const cursor: Whole<Cursor> = { epoch: 'e6f1', revision: 2n ** 63n + 1n };

export const watchRequest: Whole<WatchRequestMessage> = { selector, tables: ['LINKS', 'FDB'], after: cursor, heartbeatMs: 2000 };

const netnsChange: Whole<NetnsChange> = {
  netns,
  whole: true,
  removedIfindexes: [3, 4294967295],
  interfaces: [link],
  ...rows,
  ...removedRows,
};

/** Really only one field besides the cursor is set; that all of them are shows that each is converted. */
export const watchEvent: Whole<WatchEvent> = {
  cursor,
  restart: { reason: 'no cursor was given' },
  host,
  netns: netnsChange,
  removed: { id: ID, cookie: 2n ** 64n - 1n, netnsName: NAME },
  gaps: { gaps: [gap] },
  networks: { networks: [network] },
  synced: { freshness },
};
