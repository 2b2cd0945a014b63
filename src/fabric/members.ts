import type { EndFacts, HostFacts, NetnsFacts, PortFacts, VxlanFacts } from './facts.js';

/** A vxlan that belongs to an overlay, or a namespace of its network of which no more is known. */
export interface MemberFacts {
  readonly host: HostFacts;
  /** Position of the host in the list that was given. */
  readonly at: number;
  readonly netns: NetnsFacts;
  /** undefined when the interfaces of the namespace could not be read. */
  readonly vxlan: VxlanFacts | undefined;
}

/** A member whose vxlan was read. */
export type VxlanMember = MemberFacts & { readonly vxlan: VxlanFacts };

/** What is at the other end of a port: the namespace and, where it was read, the interface. */
export interface Attached {
  readonly netns: NetnsFacts | undefined;
  readonly end: EndFacts | undefined;
}

/** Whether the vxlan of a member was read. */
export function hasVxlan(member: MemberFacts): member is VxlanMember {
  return member.vxlan !== undefined;
}

/** What a port leads to, as the kernel resolved it; nothing where it did not. */
export function attachedTo(host: HostFacts, { peer }: PortFacts): Attached {
  const netns = peer === undefined ? undefined : host.namespaces.get(peer.netnsId);
  return { netns, end: peer === undefined ? undefined : netns?.ends.get(peer.ifindex) };
}
