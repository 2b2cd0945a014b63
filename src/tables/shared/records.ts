// What RTM_* messages become. Field by field the shape of the public model (proto/nsatlas/v1/model.proto, the manual of
// every field), less what only a whole host can know: names of masters, resolved namespaces, owners.

import type { KindMessages } from '../../kinds/messages.js';

export type { Vxlan } from '../../kinds/messages.js';

declare const brand: unique symbol;

/** Number of an interface, valid only inside one network namespace. */
export type Ifindex = number & { readonly [brand]: 'Ifindex' };

/** Id of a namespace relative to the namespace that was asked. */
export type Nsid = number & { readonly [brand]: 'Nsid' };

/** rtnl_link_stats64. */
export interface Counters {
  rxPackets: bigint;
  txPackets: bigint;
  rxBytes: bigint;
  txBytes: bigint;
  rxErrors: bigint;
  txErrors: bigint;
  rxDropped: bigint;
  txDropped: bigint;
  multicast: bigint;
  collisions: bigint;
  rxLengthErrors: bigint;
  rxOverErrors: bigint;
  rxCrcErrors: bigint;
  rxFrameErrors: bigint;
  rxFifoErrors: bigint;
  rxMissedErrors: bigint;
  txAbortedErrors: bigint;
  txCarrierErrors: bigint;
  txFifoErrors: bigint;
  txHeartbeatErrors: bigint;
  txWindowErrors: bigint;
  rxCompressed: bigint;
  txCompressed: bigint;
  rxNohandler: bigint;
  rxOtherhostDropped?: bigint;
}

/** RTM_NEWLINK. */
export interface LinkRecord extends KindMessages {
  ifindex: Ifindex;
  name: string;
  nameBytes?: Uint8Array;
  altnames: string[];
  alias?: string;
  aliasBytes?: Uint8Array;
  kind?: string;
  linkType: string;
  mac?: string;
  broadcast?: string;
  permanentMac?: string;
  mtu?: number;
  minMtu?: number;
  maxMtu?: number;
  flags: string[];
  rawFlags: number;
  operState: string;
  linkMode?: string;
  carrier?: boolean;
  carrierChanges?: number;
  carrierUpCount?: number;
  carrierDownCount?: number;
  masterIfindex?: Ifindex;
  linkIfindex?: Ifindex;
  linkNsid?: Nsid;
  group?: number;
  txQueueLength?: number;
  qdisc?: string;
  promiscuity?: number;
  allmulti?: number;
  numTxQueues?: number;
  numRxQueues?: number;
  gsoMaxSize?: number;
  gsoMaxSegs?: number;
  gsoIpv4MaxSize?: number;
  groMaxSize?: number;
  groIpv4MaxSize?: number;
  tsoMaxSize?: number;
  tsoMaxSegs?: number;
  protoDown?: boolean;
  physPortName?: string;
  physPortId?: string;
  physSwitchId?: string;
  parentDevice?: string;
  parentBus?: string;
  addrGenMode?: string;
  xdpProgramId?: number;
  attributes: Record<string, string>;
  portKind?: string;
  portAttributes: Record<string, string>;
  infoData?: Uint8Array;
  unknownAttributes: Record<string, Uint8Array>;
  counters?: Counters;
}

/** A link with what it refers to. */
export interface ReferringLink extends LinkRecord {
  /** Of the link's kind (kinds' refs()), unresolved; not part of the public model. */
  refs: readonly UnresolvedReference[];
}

/** (nsid, ifindex) as a link's attributes have it; nsid absent means the link's own namespace. */
export interface UnresolvedReference {
  readonly role: 'peer' | 'lower' | 'underlay';
  readonly ifindex: Ifindex;
  readonly nsid?: Nsid;
}

/** RTM_NEWADDR. */
export interface AddressRecord {
  ifindex: Ifindex;
  family: string;
  address: string;
  prefixLength: number;
  peer?: string;
  broadcast?: string;
  anycast?: string;
  scope: string;
  label?: string;
  flags: string[];
  validLifetimeSeconds?: number;
  preferredLifetimeSeconds?: number;
  protocol?: string;
  metric?: number;
}

/** RTM_NEWNEIGH of family AF_BRIDGE. */
export interface FdbRecord {
  ifindex: Ifindex;
  mac?: string;
  dst?: string;
  dstPort?: number;
  vni?: number;
  srcVni?: number;
  viaIfindex?: Ifindex;
  vlan?: number;
  state: string;
  rawState: number;
  flags: string[];
  masterIfindex?: Ifindex;
  linkNsid?: Nsid;
  nexthopId?: number;
  protocol?: string;
  usedSeconds?: number;
  updatedSeconds?: number;
}

/** RTM_NEWNEIGH of another family. */
export interface NeighborRecord {
  ifindex: Ifindex;
  ip: string;
  mac?: string;
  state: string;
  rawState: number;
  flags: string[];
  probes?: number;
  protocol?: string;
  confirmedSeconds?: number;
  usedSeconds?: number;
  updatedSeconds?: number;
}

/** One leg of a multipath route. */
export interface NextHopRecord {
  gateway?: string;
  ifindex: Ifindex;
  weight: number;
  flags: string[];
  encapsulation?: string;
}

/** RTM_NEWROUTE. */
export interface RouteRecord {
  family: string;
  table: number;
  dst: string;
  src?: string;
  tos?: number;
  gateway?: string;
  ifindex?: Ifindex;
  prefsrc?: string;
  metric?: number;
  type: string;
  scope: string;
  protocol: string;
  flags: string[];
  nextHops: NextHopRecord[];
  nexthopId?: number;
  metrics: Record<string, number>;
  expiresSeconds?: number;
  preference?: string;
  inputIfindex?: Ifindex;
  encapsulation?: string;
  congestionControl?: string;
}

/** RTM_NEWNSID. */
export interface NsidRecord {
  /** NETNSA_NSID; absent when the namespace that was asked about has no id there. */
  nsid?: Nsid;
  /** NETNSA_CURRENT_NSID: the id in the namespace that was asked; absent when there is none. */
  currentNsid?: Nsid;
}
