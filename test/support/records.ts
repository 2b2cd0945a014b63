import type { Ifindex, Nsid } from '../../src/proto/identifiers.js';
import type { AddressRecord, ReferringLink } from '../../src/tables/shared/records.js';
import type { ReferencedNamespace } from '../../src/model/references.js';

/** A link with the least a kernel says of one. */
export function link(ifindex: number, name: string, more: Partial<ReferringLink> = {}): ReferringLink {
  return {
    ifindex: ifindex as Ifindex,
    name,
    altnames: [],
    linkType: 'ether',
    mtu: 1500,
    flags: ['UP'],
    rawFlags: 1,
    operState: 'UP',
    attributes: {},
    portAttributes: {},
    unknownAttributes: {},
    refs: [],
    ...more,
  };
}

/** A veth whose peer is `peer` in the namespace that `nsid` stands for; without nsid in the same one. */
export function veth(
  ifindex: number,
  name: string,
  peer: number,
  nsid?: number,
  more: Partial<ReferringLink> = {},
): ReferringLink {
  const reference = { role: 'peer' as const, ifindex: peer as Ifindex, ...(nsid !== undefined && { nsid: nsid as Nsid }) };
  return link(ifindex, name, {
    kind: 'veth',
    linkIfindex: peer as Ifindex,
    ...(nsid !== undefined && { linkNsid: nsid as Nsid }),
    refs: [reference],
    ...more,
  });
}

/** An IPv4 address as an interface has it. */
export function address(ifindex: number, text: string, prefixLength: number): AddressRecord {
  return { ifindex: ifindex as Ifindex, family: 'inet', address: text, prefixLength, scope: 'global', flags: ['PERMANENT'] };
}

/** A namespace as the resolver of nsids sees it. */
export function namespace(
  links: readonly ReferringLink[],
  { isHost = false, addresses = [] }: { readonly isHost?: boolean; readonly addresses?: readonly AddressRecord[] } = {},
): ReferencedNamespace {
  return { links: new Map(links.map((record) => [record.ifindex, record])), addresses: () => addresses, isHost };
}
