// A row of each table, with every field set to something that is not its zero value.
import type { FdbEntry, Ifindex, Neighbor, Netconf, NexthopObject, Nsid, Route, Rule } from '../../../src/model/types.js';
import type { Section, SectionRows } from '../../../src/tables/index.js';

/** Every field present, at every depth. */
export type Whole<T> = T extends bigint | string | number | boolean | Uint8Array
  ? T
  : T extends (infer Item)[]
    ? Whole<Item>[]
    : { [K in keyof T]-?: Whole<Exclude<T[K], undefined>> };

export const ifindex = (number: number): Ifindex => number as Ifindex;
export const nsid = (number: number): Nsid => number as Nsid;

export const ID = 'net:[4026532287]';
export const NAME = 'overlay:ing\u{fffd}ress "quoted" \\ <script> \u{1f980}';

export const fdb: Whole<FdbEntry> = {
  host: 'h1',
  netnsName: NAME,
  netnsId: ID,
  ifindex: ifindex(7),
  ifname: 'vxlan0',
  mac: '02:42:0a:00:01:05',
  dst: '192.0.2.2',
  dstPort: 4790,
  vni: 4098,
  srcVni: 4099,
  viaIfindex: ifindex(3),
  vlan: 100,
  state: 'PERMANENT',
  rawState: 0x80,
  flags: ['SELF'],
  masterIfindex: ifindex(2),
  masterName: 'br0',
  linkNsid: nsid(3),
  nexthopId: 12,
  protocol: 'zebra',
  usedSeconds: 1.25,
  updatedSeconds: 0.01,
  rowId: 7,
};

export const neighbor: Whole<Neighbor> = {
  host: 'h1',
  netnsName: NAME,
  netnsId: ID,
  ifindex: ifindex(7),
  ifname: 'vxlan0',
  ip: '10.0.1.5',
  mac: '02:42:0a:00:01:05',
  state: 'PERMANENT',
  rawState: 0x80,
  flags: ['ROUTER'],
  probes: 4,
  protocol: 'kernel',
  confirmedSeconds: 12.34,
  usedSeconds: 1e9,
  updatedSeconds: 0.5,
  rowId: 8,
};

export const route: Whole<Route> = {
  host: 'h1',
  netnsName: NAME,
  netnsId: ID,
  family: 'inet',
  table: 254,
  dst: 'default',
  src: '10.0.0.0/8',
  tos: 16,
  gateway: '10.0.1.1',
  ifindex: ifindex(7),
  ifname: 'eth0',
  prefsrc: '10.0.1.2',
  metric: 100,
  type: 'unicast',
  scope: 'global',
  protocol: 'static',
  flags: ['ONLINK'],
  nextHops: [{ gateway: '10.0.1.1', ifindex: ifindex(7), ifname: 'eth0', weight: 256, flags: ['DEAD'], encapsulation: 'ip' }],
  nexthopId: 12,
  metrics: { mtu: 1400 },
  expiresSeconds: 600,
  preference: 'high',
  inputIfindex: ifindex(3),
  encapsulation: 'mpls',
  congestionControl: 'bbr',
  rowId: 9,
};

const rule: Whole<Rule> = {
  host: 'h1',
  netnsName: NAME,
  netnsId: ID,
  rowId: 10,
  family: 'inet',
  priority: 32764,
  action: 'lookup',
  table: 100,
  gotoPriority: 32766,
  flags: ['INVERT', 'IIF_DETACHED'],
  src: '10.0.0.0/8',
  dst: '10.1.0.0/16',
  tos: 16,
  dscp: 46,
  dscpMask: 63,
  fwmark: 1,
  fwmask: 0xff,
  iif: 'eth0',
  oif: 'lo',
  l3mdev: true,
  uidStart: 1,
  uidEnd: 0xffffffff,
  ipProtocol: 'tcp',
  sportStart: 1,
  sportEnd: 2,
  sportMask: 0xffff,
  dportStart: 80,
  dportEnd: 90,
  dportMask: 0xfff0,
  tunnelId: 2n ** 63n,
  suppressPrefixLength: 1,
  suppressInterfaceGroup: 2,
  realmFrom: 3,
  realmTo: 4,
  protocol: 'static',
  flowLabel: 0xfffff,
  flowLabelMask: 0xff,
};

const nexthop: Whole<NexthopObject> = {
  host: 'h1',
  netnsName: NAME,
  netnsId: ID,
  rowId: 11,
  id: 12,
  family: 'inet',
  gateway: '10.0.1.1',
  ifindex: ifindex(7),
  ifname: 'eth0',
  scope: 'link',
  protocol: 'zebra',
  flags: ['ONLINK'],
  blackhole: true,
  fdb: true,
  encapsulation: 'mpls',
  group: [{ id: 13, weight: 256 }],
  groupType: 'resilient',
  buckets: 32,
  idleTimerSeconds: 120.5,
  unbalancedTimerSeconds: 1,
  unbalancedSeconds: 0.25,
};

const netconf: Whole<Netconf> = {
  host: 'h1',
  netnsName: NAME,
  netnsId: ID,
  rowId: 12,
  family: 'inet',
  ifindex: ifindex(7),
  ifname: 'eth0',
  forwarding: true,
  rpFilter: 'loose',
  mcForwarding: true,
  bcForwarding: true,
  proxyNeigh: true,
  ignoreRoutesWithLinkdown: true,
  input: true,
  forceForwarding: true,
};

/** A row of each section. */
export const ROWS: { readonly [Name in Section]: Whole<SectionRows[Name]> } = {
  fdb,
  neighbors: neighbor,
  netconf,
  nexthops: nexthop,
  routes: route,
  rules: rule,
};
