import type { HostFacts } from './host-facts.js';
import { compare } from '../text/order.js';
import { hasVxlan, type MemberFacts, type VxlanMember } from './members.js';
import { type Memo, memo } from './memo.js';
import { push } from '../text/lists.js';
import type { NetworkBook } from './network-ids.js';
import { joinByVteps } from './pointing.js';
import { BREATH, Steps, type Work } from './steps.js';
import type { VtepHosts } from './vtep-hosts.js';

/** The members of one overlay. */
export interface OverlayGroup {
  /** In full where any host knows it so. */
  readonly networkId: string | undefined;
  readonly vni: number;
  /** Sorted by host name, host id, namespace, ifindex. */
  readonly members: readonly MemberFacts[];
}

/** All members, grouped, and what makes the next grouping cheap. */
export interface Grouping {
  readonly groups: readonly OverlayGroup[];
  /** Those of vxlans that belong to no network, by VNI and port. */
  readonly unnamed: ReadonlyMap<string, Memo<readonly OverlayGroup[]>>;
}

/**
 * Joins vxlans to overlays. Where the name of the namespace's file or an engine says the network, only that counts: VNIs of one swarm
 * mean nothing in another. Everything else is joined by VNI, port, and VTEPs that point at each other.
 */
export function* groupOverlays(
  hosts: readonly HostFacts[],
  { book, vteps }: { readonly book: NetworkBook; readonly vteps: VtepHosts },
  last: Grouping | undefined,
): Work<Grouping> {
  const networks = new Networks(book);
  const others = new Map<string, VxlanMember[]>();
  const steps = new Steps();
  for (const { vxlans, unread } of hosts) {
    networks.unread.push(...unread);
    for (const member of vxlans.filter(hasVxlan)) {
      const { networkId } = member.netns.head;
      const { vni, dstPort } = member.vxlan.vxlan;
      if (networkId !== undefined && networkId !== '') networks.add(networkId, vni, member);
      else push(others, `${vni}/${dstPort}`, member);
      if (steps.spent()) yield BREATH;
    }
  }
  const groups: OverlayGroup[] = [];
  for (const group of networks.groups()) {
    groups.push(sorted(group));
    if (steps.spent(group.members.length)) yield BREATH;
  }
  const unnamed = new Map<string, Memo<readonly OverlayGroup[]>>();
  for (const [key, members] of others) {
    const made = yield* memo(last?.unnamed.get(key), [vteps, ...members], () => partsOf(members, vteps));
    unnamed.set(key, made);
    groups.push(...made.result);
  }
  return { groups, unnamed };
}

function* partsOf(members: readonly VxlanMember[], vteps: VtepHosts): Work<OverlayGroup[]> {
  const vni = members[0]?.vxlan.vxlan.vni ?? 0;
  return (yield* joinByVteps(members, vteps)).map((part) => sorted({ networkId: undefined, vni, members: part }));
}

function sorted(group: OverlayGroup): OverlayGroup {
  return { ...group, members: [...group.members].sort(compareMembers) };
}

/** Members with a network id, by full id and VNI. */
class Networks {
  readonly unread: MemberFacts[] = [];
  readonly #book: NetworkBook;
  readonly #members = new Map<string, Map<number, MemberFacts[]>>();

  constructor(book: NetworkBook) {
    this.#book = book;
  }

  add(networkId: string, vni: number, member: MemberFacts): void {
    const id = this.#book.fullId(networkId);
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
      const id = this.#book.fullId(member.netns.head.networkId ?? '');
      const known = vnisOf.get(id) ?? this.#vnisOf(id);
      vnisOf.set(id, known);
      for (const vni of known) this.add(id, vni, member);
    }
  }

  #vnisOf(id: string): number[] {
    const said = this.#book.said(id).flatMap(({ vnis }) => vnis);
    return [...new Set([...(this.#members.get(id)?.keys() ?? []), ...said])];
  }
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
