import { attributes, be16, be32, bitNames, bool8, endpoint4, endpoint6, flag, hex, oneOf, u8, u16, u32 } from '../codecs.js';
import type { AttributeTable, Codec, DetailValue, LinkKind } from '../contract.js';
import { dropNoInterface, reference } from './refs.js';
import { dottedKey, finishEncap, finishIp6 } from './tunnel.js';
import { named } from './facts.js';

// linux/if_tunnel.h, v6.12; there in network byte order, here as be16 reads them
const GRE_CSUM = 0x8000;
const GRE_KEY = 0x2000;
const GRE_SEQ = 0x1000;

/** Of every kind of the family. // linux/if_tunnel.h, v6.12 */
const common = (endpoint: Codec): AttributeTable =>
  attributes({
    IFLA_GRE_COLLECT_METADATA: [18, 'external', flag],
    IFLA_GRE_LINK: [1, 'link_ifindex', u32],
    IFLA_GRE_REMOTE: [7, 'remote', endpoint],
    IFLA_GRE_LOCAL: [6, 'local', endpoint],
    IFLA_GRE_TTL: [8, 'ttl', u8],
    IFLA_GRE_IFLAGS: [2, 'iflags', be16],
    IFLA_GRE_OFLAGS: [3, 'oflags', be16],
    IFLA_GRE_IKEY: [4, 'ikey', be32],
    IFLA_GRE_OKEY: [5, 'okey', be32],
    IFLA_GRE_FWMARK: [20, 'fwmark', hex(u32)],
    IFLA_GRE_ENCAP_TYPE: [14, 'encap_type', u16],
    IFLA_GRE_ENCAP_FLAGS: [15, 'encap_flags', u16],
    IFLA_GRE_ENCAP_SPORT: [16, 'encap_sport', be16],
    IFLA_GRE_ENCAP_DPORT: [17, 'encap_dport', be16],
    IFLA_GRE_ERSPAN_INDEX: [21, 'erspan_index', u32],
    IFLA_GRE_ERSPAN_VER: [22, 'erspan_ver', u8],
    IFLA_GRE_ERSPAN_DIR: [23, 'erspan_dir', oneOf(u8, ['ingress', 'egress'])],
    IFLA_GRE_ERSPAN_HWID: [24, 'erspan_hwid', hex(u16)],
  });

/** ipgre_fill_info(), erspan_fill_info(), net/ipv4/ip_gre.c. */
const overIpv4: AttributeTable = {
  ...common(endpoint4),
  ...attributes({
    IFLA_GRE_TOS: [9, 'tos', hex(u8)],
    IFLA_GRE_PMTUDISC: [10, 'pmtudisc', bool8],
    IFLA_GRE_IGNORE_DF: [19, 'ignore_df', bool8],
  }),
};

/** ip6gre_fill_info(), net/ipv6/ip6_gre.c. */
const overIpv6: AttributeTable = {
  ...common(endpoint6),
  ...attributes({
    IFLA_GRE_ENCAP_LIMIT: [11, 'encap_limit', u8],
    IFLA_GRE_FLOWINFO: [12, 'flowinfo', be32],
    IFLA_GRE_FLAGS: [13, 'flags', u32],
  }),
};

/** A key is one only when its flag is set; the other flags are details of their own when they are set, as ip prints them. */
function finishFlags(detail: Record<string, DetailValue>): void {
  for (const way of ['i', 'o']) {
    const flags = detail[`${way}flags`];
    const key = dottedKey(detail[`${way}key`]);
    delete detail[`${way}flags`];
    delete detail[`${way}key`];
    if (typeof flags !== 'number') continue;
    if ((flags & GRE_KEY) !== 0 && key !== undefined) detail[`${way}key`] = key;
    if ((flags & GRE_SEQ) !== 0) detail[`${way}seq`] = true;
    if ((flags & GRE_CSUM) !== 0) detail[`${way}csum`] = true;
    const unknown = bitNames(flags & ~(GRE_KEY | GRE_SEQ | GRE_CSUM), []);
    if (unknown !== '') detail[`${way}flags`] = unknown;
  }
}

/** A kind of the GRE family; "link_ifindex" is its underlay. */
export function greKind(kind: string, over: 'ipv4' | 'ipv6'): LinkKind {
  return {
    kind,
    data: over === 'ipv4' ? overIpv4 : overIpv6,
    finish(detail) {
      dropNoInterface(detail, 'link_ifindex');
      finishFlags(detail);
      finishEncap(detail);
      if (over === 'ipv6') finishIp6(detail);
    },
    refs: (detail, link) => reference('underlay', detail.link_ifindex, link.linkNsid),
    facts: (link) => named(link, 'external', 'remote', 'local', 'ikey', 'okey'),
  };
}
