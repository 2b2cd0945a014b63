import type { Engine, NetnsId, Network } from '../model/types.js';
import { type EndFacts, type NetnsFacts, type PortFacts, statusOf, type VxlanFacts } from './facts.js';
import { BREATH, Steps, type Work } from './steps.js';

/** Which host it is: what it and its engines say of themselves. The same object as long as that does not change. */
export interface HostHead {
  readonly id: string;
  readonly name: string;
  readonly engines: readonly Engine[];
  readonly networks: readonly Network[];
  /** Addresses that its engines advertise to their swarms, each once. */
  readonly advertised: readonly string[];
  /** Underlay addresses that may distinguish it from other hosts, shared ones included: those of its own namespace, where VTEPs live. */
  readonly addresses: readonly string[];
  /** Ids of networks that it has a part in, or its engines know, as it knows them. */
  readonly networkIds: readonly string[];
}

/**
 * A vxlan that belongs to an overlay, or a namespace of its network of which no more is known. The same object as long as nothing of it
 * changes, what is attached included.
 */
export interface MemberFacts {
  readonly host: HostHead;
  readonly netns: NetnsFacts;
  /** undefined when the interfaces of the namespace could not be read. */
  readonly vxlan: VxlanFacts | undefined;
  /** What is attached to the bridge of the vxlan, by ifindex of the port. */
  readonly attached: readonly AttachedFacts[];
}

/** A member whose vxlan was read. */
export type VxlanMember = MemberFacts & { readonly vxlan: VxlanFacts };

/** A port and what is at its other end, as the kernel resolved it: the namespace and, where it was read, the interface. */
export interface AttachedFacts {
  readonly port: PortFacts;
  readonly netns: NetnsFacts | undefined;
  readonly end: EndFacts | undefined;
}

/** What a host has of overlays. */
export interface HostMembers {
  /** Its vxlans, with what is attached to their bridges. */
  readonly vxlans: readonly MemberFacts[];
  /** Namespaces of overlays whose interfaces could not be read. */
  readonly unread: readonly MemberFacts[];
}

/** Whether the vxlan of a member was read. */
export function hasVxlan(member: MemberFacts): member is VxlanMember {
  return member.vxlan !== undefined;
}

/** The members that a host has of overlays. @param last what was known of the host before */
export function* membersOf(
  host: HostHead,
  namespaces: ReadonlyMap<NetnsId, NetnsFacts>,
  last: HostMembers | undefined,
): Work<HostMembers> {
  const known = new Map(
    [...(last?.vxlans ?? []), ...(last?.unread ?? [])].map((member) => [member.vxlan ?? member.netns, member]),
  );
  const vxlans: MemberFacts[] = [];
  const unread: MemberFacts[] = [];
  const steps = new Steps();
  const add = (netns: NetnsFacts, vxlan: VxlanFacts | undefined): void => {
    const attached = vxlan?.ports.map((port) => attachedTo(port, namespaces)) ?? [];
    const old = known.get(vxlan ?? netns);
    const isOld = old?.host === host && old.attached.every((each, at) => isSameEnd(each, attached[at]));
    (vxlan === undefined ? unread : vxlans).push(isOld ? old : { host, netns, vxlan, attached });
  };
  for (const netns of namespaces.values()) {
    for (const vxlan of netns.vxlans) {
      add(netns, vxlan);
      if (steps.spent(1 + vxlan.ports.length)) yield BREATH;
    }
    if (netns.vxlans.length === 0 && isUnread(netns)) add(netns, undefined);
    if (steps.spent()) yield BREATH;
  }
  return { vxlans, unread };
}

function attachedTo(port: PortFacts, namespaces: ReadonlyMap<NetnsId, NetnsFacts>): AttachedFacts {
  const { peer } = port;
  const netns = peer === undefined ? undefined : namespaces.get(peer.netnsId);
  return { port, netns, end: peer === undefined ? undefined : netns?.ends.get(peer.ifindex) };
}

/** Of the same port. */
function isSameEnd(a: AttachedFacts, b: AttachedFacts | undefined): boolean {
  return a.netns === b?.netns && a.end === b?.end;
}

/** Ways in which reading ends that leave a namespace there and unknown. */
const UNREAD: ReadonlySet<string> = new Set(['DENIED', 'INTERRUPTED', 'TIMED_OUT', 'FAILED', 'MALFORMED', 'NOT_READ']);

function isUnread(netns: NetnsFacts): boolean {
  const { role, networkId } = netns.head;
  return role === 'OVERLAY' && networkId !== undefined && networkId !== '' && UNREAD.has(statusOf(netns, 'LINKS'));
}
