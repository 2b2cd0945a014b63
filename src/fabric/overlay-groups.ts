import { compare } from '../text/order.js';
import type { MemberFacts, VxlanMember } from './members.js';
import type { HostFacts, NetnsFacts } from './facts.js';
import type { NetworkBook } from './network-ids.js';
import { joinByVteps } from './pointing.js';
import { BREATH, Steps, type Work } from './steps.js';
import type { VtepHosts } from './vtep-hosts.js';

/** The members of one overlay. */
export interface OverlayGroup {
  /** Whole where any host knows it so. */
  readonly networkId: string | undefined;
  readonly vni: number;
  /** Sorted by host name, host id, namespace, ifindex. */
  readonly members: readonly MemberFacts[];
}

/**
 * Joins vxlans to overlays. Where the name of the namespace's file or an engine tells the network, only that counts: VNIs of one swarm
 * mean nothing in another. Everything else is joined by VNI, port, and VTEPs that point at each other.
 */
export function* groupOverlays(hosts: readonly HostFacts[], book: NetworkBook, vteps: VtepHosts): Work<OverlayGroup[]> {
  const networks = new Networks(book);
  const others = new Map<string, VxlanMember[]>();
  const steps = new Steps();
  for (const [at, host] of hosts.entries()) {
    for (const netns of host.namespaces.values()) {
      for (const vxlan of netns.vxlans) {
        const member = { host, at, netns, vxlan };
        if (isSaid(netns.head.networkId)) networks.add(netns.head.networkId, vxlan.vxlan.vni, member);
        else push(others, `${vxlan.vxlan.vni}/${vxlan.vxlan.dstPort}`, member);
        if (steps.spent()) yield BREATH;
      }
      if (netns.vxlans.length === 0 && isUnread(netns)) networks.unread.push({ host, at, netns, vxlan: undefined });
      if (steps.spent()) yield BREATH;
    }
  }
  const groups = networks.groups();
  for (const bucket of others.values()) {
    for (const members of yield* joinByVteps(bucket, vteps))
      groups.push({ networkId: undefined, vni: members[0]?.vxlan.vxlan.vni ?? 0, members });
  }
  for (const [at, group] of groups.entries()) {
    groups[at] = { ...group, members: [...group.members].sort(compareMembers) };
    if (steps.spent(group.members.length)) yield BREATH;
  }
  return groups;
}

/** Members with a network id, by whole id and VNI. */
class Networks {
  readonly unread: MemberFacts[] = [];
  readonly #book: NetworkBook;
  readonly #members = new Map<string, Map<number, MemberFacts[]>>();

  constructor(book: NetworkBook) {
    this.#book = book;
  }

  add(networkId: string, vni: number, member: MemberFacts): void {
    const id = this.#book.wholeId(networkId);
    const vnis = this.#members.get(id) ?? new Map<number, MemberFacts[]>();
    this.#members.set(id, vnis);
    push(vnis, vni, member);
  }

  groups(): OverlayGroup[] {
    this.#addUnread();
    return [...this.#members].flatMap(([networkId, vnis]) => [...vnis].map(([vni, members]) => ({ networkId, vni, members })));
  }

  /** A namespace whose interfaces could not be read may have any VNI of its network. Nothing is shown of it where no VNI is known. */
  #addUnread(): void {
    const vnisOf = new Map<string, number[]>();
    for (const member of this.unread) {
      const id = this.#book.wholeId(member.netns.head.networkId ?? '');
      const known = vnisOf.get(id) ?? this.#vnisOf(id);
      vnisOf.set(id, known);
      for (const vni of known) this.add(id, vni, member);
    }
  }

  #vnisOf(id: string): number[] {
    const told = this.#book.told(id).flatMap(({ vnis }) => vnis);
    return [...new Set([...(this.#members.get(id)?.keys() ?? []), ...told])];
  }
}

/** Ways in which reading ends that leave a namespace there and unknown. */
const UNREAD: ReadonlySet<string> = new Set(['DENIED', 'INTERRUPTED', 'TIMED_OUT', 'FAILED', 'MALFORMED', 'NOT_READ']);

function isUnread({ head, status }: NetnsFacts): boolean {
  return head.role === 'OVERLAY' && isSaid(head.networkId) && UNREAD.has(status);
}

function isSaid(id: string | undefined): id is string {
  return id !== undefined && id !== '';
}

function push<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}

function compareMembers(a: MemberFacts, b: MemberFacts): number {
  return (
    compare(a.host.name, b.host.name) ||
    compare(a.host.id, b.host.id) ||
    compare(a.netns.head.id.length, b.netns.head.id.length) ||
    compare(a.netns.head.id, b.netns.head.id) ||
    compare(a.vxlan?.ifindex ?? 0, b.vxlan?.ifindex ?? 0)
  );
}
