import { netnsName } from './ids.js';
import { isEmptySelector, selectsInterface, selectsNetns, type Selector } from './select.js';
import type { Interface, InterfaceRef, Netns, NetnsId, PairStatus, Role, VethEnd, VethPair } from './types.js';
import type { HostView } from './views.js';

/** In a pair the container's end comes first and the host's last: that is how people follow a cable. */
const ROLE_ORDER: readonly Role[] = ['CONTAINER', 'LOAD_BALANCER', 'INGRESS', 'OTHER', 'OVERLAY', 'HOST'];

/** Pairs of one batch. */
const BATCH = 64;

/** What is kept of an end until its pair is emitted. */
interface End {
  readonly end: VethEnd;
  readonly status: PairStatus;
  readonly peer: InterfaceRef | undefined;
  readonly selected: boolean;
}

/** The ends in one namespace, by ifindex. */
interface Group {
  readonly netns: Netns;
  readonly selected: boolean;
  readonly ends: Map<number, End>;
}

/**
 * Every pair once, in batches; a pair is selected if one of its ends is. Only the ends are kept, and no pair is emitted before all
 * namespaces were visited.
 */
export function* vethPairBatches(host: HostView, selector: Selector): Generator<VethPair[]> {
  const groups = new Map<NetnsId, Group>();
  for (const netns of host.namespaces()) {
    const group = { netns: netns.head, selected: selectsNetns(netns.head, selector), ends: new Map<number, End>() };
    for (const { interfaces } of netns.take(['LINKS', 'ADDRESSES', 'NSIDS'])) {
      for (const link of interfaces) {
        const end = makeEnd(group, link, selector);
        if (end !== undefined) group.ends.set(link.ifindex, end);
      }
      yield [];
    }
    if (group.ends.size > 0) groups.set(netns.head.id, group);
  }
  yield* new Pairs(host, selector, groups).batches();
}

class Pairs {
  readonly #host: HostView;
  readonly #selector: Selector;
  readonly #groups: ReadonlyMap<NetnsId, Group>;
  /** Ends that were looked up once more, and the others of their pairs. */
  readonly #done = new Set<string>();

  constructor(host: HostView, selector: Selector, groups: ReadonlyMap<NetnsId, Group>) {
    this.#host = host;
    this.#selector = selector;
    this.#groups = groups;
  }

  *batches(): Generator<VethPair[]> {
    const all = isEmptySelector(this.#selector);
    let batch: VethPair[] = [];
    for (const { ends } of [...this.#groups.values()].sort((a, b) => orderNetns(a.netns, b.netns))) {
      for (const end of [...ends.values()].sort((a, b) => a.end.ifindex - b.end.ifindex)) {
        const [a, b] = this.#pairOf(end) ?? [];
        if (a === undefined || !(all || a.selected || b?.selected === true)) continue;
        batch.push({ host: this.#host.hostId, status: a.status, a: a.end, ...(b !== undefined && { b: b.end }) });
        if (batch.length < BATCH) continue;
        yield batch;
        batch = [];
      }
    }
    yield batch;
  }

  /** undefined if the pair is emitted with its other end, or is gone. */
  #pairOf(end: End): [End, End?] | undefined {
    if (end.peer === undefined) return [end];
    const peer = this.#groups.get(end.peer.netnsId)?.ends.get(end.peer.ifindex);
    const settled = peer?.peer !== undefined && isSame(peer.peer, end.end);
    if (!settled && this.#host.interfaceOf !== undefined) return this.#lookUp(end.end);
    if (peer === undefined) return [end];
    return order(peer.end, end.end) < 0 ? undefined : [end, peer];
  }

  /** The namespaces were not looked at in the same moment: ends that contradict each other are taken as both are now. */
  #lookUp(stale: VethEnd): [End, End?] | undefined {
    const end = this.#endNow(stale);
    if (end === undefined || this.#done.has(keyOf(stale))) return undefined;
    if (end.peer === undefined) return [end];
    const peer = this.#endNow(end.peer);
    // In a namespace that came after the list was begun.
    if (peer === undefined) return undefined;
    this.#done.add(keyOf(end.peer)).add(keyOf(stale));
    return order(peer.end, end.end) < 0 ? [peer, end] : [end, peer];
  }

  #endNow({ netnsId, ifindex }: Pick<VethEnd, 'netnsId' | 'ifindex'>): End | undefined {
    const group = this.#groups.get(netnsId);
    const link = group === undefined ? undefined : this.#host.interfaceOf?.(netnsId, ifindex);
    return group === undefined || link === undefined ? undefined : makeEnd(group, link, this.#selector);
  }
}

function keyOf({ netnsId, ifindex }: Pick<VethEnd, 'netnsId' | 'ifindex'>): string {
  return `${netnsId} ${ifindex}`;
}

function isSame(a: InterfaceRef, b: VethEnd): boolean {
  return a.ifindex === b.ifindex && a.netnsId === b.netnsId;
}

function order(a: VethEnd, b: VethEnd): number {
  return orderNetns({ role: a.role, id: a.netnsId }, { role: b.role, id: b.netnsId }) || a.ifindex - b.ifindex;
}

function orderNetns(a: Pick<Netns, 'role' | 'id'>, b: Pick<Netns, 'role' | 'id'>): number {
  return (
    ROLE_ORDER.indexOf(a.role) - ROLE_ORDER.indexOf(b.role) ||
    a.id.length - b.id.length ||
    (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
  );
}

/** undefined for a link that has no other end by its nature. */
function makeEnd({ netns, selected }: Omit<Group, 'ends'>, link: Interface, selector: Selector): End | undefined {
  if (link.veth === undefined) return undefined;
  const { status, peer } = link.veth;
  return { end: describeEnd(netns, link), status, peer, selected: selected && selectsInterface(link, selector) };
}

function describeEnd(netns: Netns, link: Interface): VethEnd {
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
    ...(link.mtu !== undefined && { mtu: link.mtu }),
  };
}
