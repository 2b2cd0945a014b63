import { netnsName } from './ids.js';
import { isEmptySelector, selectsInterface, selectsNetns, type Selector } from './select.js';
import type { HostSnapshot, Interface, Netns, NetnsId, Role, VethEnd, VethPair } from './types.js';

/** In a pair the container's end comes first and the host's last: that is how people follow a cable. */
const ROLE_ORDER: readonly Role[] = ['CONTAINER', 'LOAD_BALANCER', 'INGRESS', 'OTHER', 'OVERLAY', 'HOST'];

interface Located {
  readonly netns: Netns;
  readonly link: Interface;
}

/** Every pair once. A pair is selected when one of its ends is. */
export function listVethPairs(snapshot: HostSnapshot, selector: Selector): VethPair[] {
  const byKey = new Map<string, Located>();
  for (const netns of snapshot.namespaces) {
    for (const link of netns.interfaces) if (link.veth !== undefined) byKey.set(endKey(netns.id, link.ifindex), { netns, link });
  }
  const all = isEmptySelector(selector);
  const pairs: [Located, Located | undefined, VethPair][] = [];
  for (const end of byKey.values()) {
    const peer = peerOf(end, byKey);
    if (peer !== undefined && order(peer, end) < 0) continue;
    if (!all && !isSelected(end, selector) && !(peer !== undefined && isSelected(peer, selector))) continue;
    pairs.push([end, peer, makePair(snapshot, end, peer)]);
  }
  return pairs.sort(([a], [b]) => order(a, b)).map(([, , pair]) => pair);
}

function endKey(netns: NetnsId, ifindex: number): string {
  return `${netns} ${ifindex}`;
}

function peerOf({ link }: Located, byKey: ReadonlyMap<string, Located>): Located | undefined {
  const peer = link.veth?.peer;
  return peer === undefined ? undefined : byKey.get(endKey(peer.netnsId, peer.ifindex));
}

function order(a: Located, b: Located): number {
  return (
    ROLE_ORDER.indexOf(a.netns.role) - ROLE_ORDER.indexOf(b.netns.role) ||
    a.netns.id.length - b.netns.id.length ||
    (a.netns.id < b.netns.id ? -1 : a.netns.id > b.netns.id ? 1 : 0) ||
    a.link.ifindex - b.link.ifindex
  );
}

function isSelected({ netns, link }: Located, selector: Selector): boolean {
  return selectsNetns(netns, selector) && selectsInterface(link, selector);
}

function makePair(snapshot: HostSnapshot, a: Located, b: Located | undefined): VethPair {
  return {
    host: snapshot.host.id,
    status: a.link.veth?.status ?? 'PEER_NOT_VISIBLE',
    a: makeEnd(a),
    ...(b !== undefined && { b: makeEnd(b) }),
  };
}

function makeEnd({ netns, link }: Located): VethEnd {
  return {
    netnsId: netns.id,
    netnsName: netnsName(netns),
    ifindex: link.ifindex,
    name: link.name,
    ...(link.masterIfindex !== undefined && { masterIfindex: link.masterIfindex }),
    ...(link.masterName !== undefined && { masterName: link.masterName }),
    ...(netns.owner !== undefined && { owner: netns.owner }),
    role: netns.role,
    addresses: link.addresses,
    operState: link.operState,
    ...(netns.networkId !== undefined && { networkId: netns.networkId }),
    ...(netns.networkName !== undefined && { networkName: netns.networkName }),
    ...(link.mac !== undefined && { mac: link.mac }),
    mtu: link.mtu,
  };
}
