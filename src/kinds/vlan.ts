import type { AttributeReader } from '../netlink/attributes.js';
import { attributes, type BitName, bitNames, ethertype, list, struct, u16, word32 } from './codecs.js';
import type { DetailValue, LinkKind } from './contract.js';
import { iflaLinkRefs } from './shared/refs.js';
import { named } from './shared/facts.js';

/** In the order in which ip prints them. // linux/if_vlan.h, v6.12 */
const FLAGS: readonly BitName[] = Object.values({
  VLAN_FLAG_REORDER_HDR: [0x1, 'REORDER_HDR'],
  VLAN_FLAG_GVRP: [0x2, 'GVRP'],
  VLAN_FLAG_MVRP: [0x8, 'MVRP'],
  VLAN_FLAG_LOOSE_BINDING: [0x4, 'LOOSE_BINDING'],
  VLAN_FLAG_BRIDGE_BINDING: [0x10, 'BRIDGE_BINDING'],
});

const mappingStruct = struct(8);

/** struct ifla_vlan_qos_mapping { __u32 from, to; } as "from:to". */
function mapping(attribute: AttributeReader): string {
  const bytes = mappingStruct(attribute);
  return bytes.length === 8 ? `${word32(bytes, 0)}:${word32(bytes, 4)}` : '';
}

/** struct ifla_vlan_flags { __u32 flags, mask; } to the names of the flags. */
function finish(detail: Record<string, DetailValue>): void {
  if (detail.flags instanceof Uint8Array) detail.flags = bitNames(word32(detail.flags, 0), FLAGS);
}

/** 802.1Q or 802.1ad on top of a lower; IFLA_LINK is the lower. vlan_fill_info(), net/8021q/vlan_netlink.c. // linux/if_link.h, v6.12 */
export const kind: LinkKind = {
  kind: 'vlan',
  data: attributes({
    IFLA_VLAN_PROTOCOL: [5, 'protocol', ethertype],
    IFLA_VLAN_ID: [1, 'id', u16],
    IFLA_VLAN_FLAGS: [2, 'flags', struct(8)],
    IFLA_VLAN_INGRESS_QOS: [4, 'ingress_qos', list('IFLA_VLAN_INGRESS_QOS', mapping)],
    IFLA_VLAN_EGRESS_QOS: [3, 'egress_qos', list('IFLA_VLAN_EGRESS_QOS', mapping)],
  }),
  finish,
  refs: (_detail, link) => iflaLinkRefs('lower', link),
  facts: (link) => named(link, 'id', 'protocol').filter(({ value }) => value !== '802.1Q'),
};
