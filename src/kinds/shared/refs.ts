import type { Detail, DetailValue, LinkFace, LinkKind, LinkReference } from '../contract.js';

/**
 * The interface that IFLA_LINK names, in the namespace of IFLA_LINK_NETNSID: peer of a veth, lower of a vlan.
 *
 * IFLA_LINK 0 is none: the peer is gone. Before Linux 5.2 (stable 4.19.46) the kernel left IFLA_LINK out when it was
 * equal to the link's own ifindex, in another namespace too (commit feadc4b6cf42, "rtnetlink: always put IFLA_LINK for
 * links with a link-netnsid", nla_put_iflink(), net/core/rtnetlink.c). So with a link-netnsid and no IFLA_LINK it is the
 * link's own ifindex; without either the link refers to nothing.
 */
export function iflaLinkRefs(role: LinkReference['role'], link: LinkFace): readonly LinkReference[] {
  const ifindex = link.iflaLink ?? (link.linkNsid === undefined ? 0 : link.ifindex);
  return reference(role, ifindex, link.linkNsid);
}

/** One reference, or none when `ifindex` is 0. */
export function reference(role: LinkReference['role'], ifindex: unknown, nsid: number | undefined): readonly LinkReference[] {
  if (typeof ifindex !== 'number' || ifindex === 0) return [];
  return [nsid === undefined ? { role, ifindex } : { role, ifindex, nsid }];
}

/** Details that are 0 because there is no such interface are left out. */
export function dropNoInterface(detail: Record<string, DetailValue>, ...names: readonly string[]): void {
  for (const name of names) if (detail[name] === 0) delete detail[name];
}

/** What a link of the kind refers to. */
export function refsOf(kind: LinkKind, detail: Detail, link: LinkFace): readonly LinkReference[] {
  return kind.pair === true ? iflaLinkRefs('peer', link) : (kind.refs?.(detail, link) ?? []);
}
