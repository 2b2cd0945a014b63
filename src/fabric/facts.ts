import { leadsToVtep, subnetsOf } from '../model/lists.js';
import { netnsName } from '../model/ids.js';
import type { Interface, InterfaceRef, PairStatus, ReadStatus, Table, Vxlan } from '../model/types.js';
import type { NetnsView } from '../model/views.js';
import { canIdentify, isLinkLocal6 } from './ip.js';
import { push } from '../text/lists.js';
import { readGateways } from './gateways.js';
import { RemoteRows } from './remote-rows.js';
import { BREATH, type Work } from './steps.js';

/** What the fabric keeps of a namespace. Its rows stay where they are: take() reads them as the host has them then. */
export interface NetnsFacts extends Omit<NetnsView, 'revision'> {
  readonly revision: string | undefined;
  /** Display name. */
  readonly name: string;
  /** Vxlans of one VNI; those in metadata mode have none. */
  readonly vxlans: readonly VxlanFacts[];
  /** Ends of pairs, by ifindex: any of them may be what is attached to an overlay. */
  readonly ends: ReadonlyMap<number, EndFacts>;
  /** Of the host's own namespace: addresses that may distinguish the host from others. */
  readonly addresses: readonly string[];
}

/** The read status of a table of a namespace; NOT_READ if it was not requested. */
export function statusOf({ head }: Pick<NetnsView, 'head'>, table: Table): ReadStatus {
  return head.status === 'OK' ? (head.tables.find((each) => each.table === table)?.status ?? 'NOT_READ') : head.status;
}

/** One vxlan, with the ports of its bridge. */
export interface VxlanFacts {
  readonly ifindex: Interface['ifindex'];
  readonly name: string;
  readonly altnames: readonly string[];
  readonly mac: string | undefined;
  readonly vxlan: Overlaid;
  readonly operState: string;
  readonly mtu: number | undefined;
  /** Addresses of its bridge, with prefix length. */
  readonly subnets: readonly string[];
  readonly ports: readonly PortFacts[];
  /** undefined when the forwarding table could not be read. */
  readonly rows: RemoteRows | undefined;
}

/** A port of an overlay's bridge. */
export interface PortFacts {
  readonly ref: InterfaceRef;
  readonly altnames: readonly string[];
  readonly kind: string | undefined;
  readonly operState: string;
  readonly status: PairStatus;
  readonly peer: InterfaceRef | undefined;
}

/** The end of a pair, as an endpoint is made of it. */
export interface EndFacts {
  readonly ifindex: Interface['ifindex'];
  readonly name: string;
  readonly altnames: readonly string[];
  readonly kind: string | undefined;
  readonly mac: string | undefined;
  readonly operState: string;
  /** Without prefix length; those that every link has of itself are left out. */
  readonly ips: readonly string[];
}

/** Reads what the fabric needs of one namespace, one part at a time. */
export function* readNetns(netns: NetnsView): Work<NetnsFacts> {
  const links = new Links();
  for (const { interfaces } of netns.take(['LINKS', 'ADDRESSES', 'NSIDS'])) {
    for (const link of interfaces) links.add(link);
    yield BREATH;
  }
  const rows = yield* readRows(netns, links.vxlans);
  const { head, revision, take } = netns;
  return {
    head,
    revision,
    take,
    name: netnsName(head),
    vxlans: links.vxlans.map((link) => links.vxlanFacts(link, rows)),
    ends: links.ends,
    addresses: head.role === 'HOST' ? links.addresses() : [],
  };
}

/** A vxlan that is part of one overlay: not one in metadata mode, which has no VNI of its own. */
type Overlaid = Vxlan & { readonly vni: number };

type VxlanLink = Interface & { vxlan: Overlaid };

/** The interfaces of one namespace, as they come. */
class Links {
  readonly vxlans: VxlanLink[] = [];
  readonly ends = new Map<number, EndFacts>();
  readonly #ports = new Map<number, PortFacts[]>();
  readonly #bridges = new Map<number, readonly string[]>();
  readonly #addresses = new Set<string>();

  add(link: Interface): void {
    for (const { address } of link.addressDetails) if (canIdentify(address)) this.#addresses.add(address);
    if (link.kind === 'bridge') this.#bridges.set(link.ifindex, subnetsOf(link));
    if (link.veth?.status === 'PAIRED') this.ends.set(link.ifindex, endFacts(link));
    if (isOverlaid(link)) this.vxlans.push(link);
    else if (link.vxlan === undefined && link.masterIfindex !== undefined) push(this.#ports, link.masterIfindex, portFacts(link));
  }

  addresses(): readonly string[] {
    return [...this.#addresses];
  }

  /** A vxlan that is a port of something else than a bridge (a bond, a vrf) has no ports beside it. */
  vxlanFacts(link: VxlanLink, rows: ReadonlyMap<number, RemoteRows> | undefined): VxlanFacts {
    const { ifindex, name, altnames, mac, vxlan, operState, mtu, masterIfindex } = link;
    const bridge = masterIfindex === undefined ? undefined : this.#bridges.get(masterIfindex);
    const ports = bridge === undefined || masterIfindex === undefined ? [] : (this.#ports.get(masterIfindex) ?? []);
    ports.sort((a, b) => a.ref.ifindex - b.ref.ifindex);
    return { ifindex, name, altnames, mac, vxlan, operState, mtu, subnets: bridge ?? [], ports, rows: rows?.get(ifindex) };
  }
}

function isOverlaid(link: Interface): link is VxlanLink {
  return link.vxlan?.vni !== undefined && link.vxlan.external !== true;
}

function portFacts(link: Interface): PortFacts {
  const { netnsId, ifindex, name, altnames, kind, operState, veth } = link;
  // Of a tap or a network card the kernel cannot say who is at the other end.
  const status = veth?.status ?? 'PEER_NOT_VISIBLE';
  const peer = status === 'PAIRED' ? veth?.peer : undefined;
  return { ref: { netnsId, ifindex, name }, altnames, kind, operState, status, peer };
}

function endFacts({ ifindex, name, altnames, kind, mac, operState, addressDetails }: Interface): EndFacts {
  const ips = addressDetails.map(({ address }) => address).filter((address) => !isLinkLocal6(address));
  return { ifindex, name, altnames, kind, mac, operState, ips };
}

/** The rows of each vxlan that lead to a VTEP; undefined when the table could not be read in full. */
function* readRows(netns: NetnsView, vxlans: readonly VxlanLink[]): Work<ReadonlyMap<number, RemoteRows> | undefined> {
  if (vxlans.length === 0 || statusOf(netns, 'FDB') !== 'OK') return undefined;
  const gateways = yield* readGateways(netns);
  const rows = new Map(vxlans.map(({ ifindex }): [number, RemoteRows] => [ifindex, new RemoteRows()]));
  for (const { fdb } of netns.take(['FDB'])) {
    for (const row of fdb)
      if (leadsToVtep(row)) rows.get(row.ifindex)?.add(row.mac, row.dst === undefined ? gateways.of(row.nexthopId) : [row.dst]);
    yield BREATH;
  }
  for (const each of rows.values()) each.seal();
  return rows;
}
