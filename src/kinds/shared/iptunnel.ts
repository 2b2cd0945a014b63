import {
  attributes,
  be16,
  be32,
  bool8,
  endpoint4,
  endpoint6,
  flag,
  hex,
  ipv4,
  ipv6,
  oneOf,
  u8,
  u16,
  u32,
  words,
} from '../codecs.js';
import type { AttributeTable, Codec, DetailValue, LinkKind } from '../contract.js';
import { dropNoInterface, reference } from './refs.js';
import { finishEncap, finishIp6 } from './tunnel.js';
import { named } from './facts.js';

// linux/if_tunnel.h, v6.12
const SIT_ISATAP = 0x0001;

// linux/in.h, v6.12
const PROTOCOLS = words({
  IPPROTO_IP: [0, 'any'],
  IPPROTO_IPIP: [4, 'ipip'],
  IPPROTO_IPV6: [41, 'ip6ip'],
  IPPROTO_MPLS: [137, 'mplsip'],
});
const PROTOCOLS6 = words({ IPPROTO_IP: [0, 'any'], IPPROTO_IPIP: [4, 'ipip6'], IPPROTO_IPV6: [41, 'ip6ip6'] });

/** Of every kind of the family. // linux/if_tunnel.h, v6.12 */
const common = (endpoint: Codec, protocols: Readonly<Record<number, string>>): AttributeTable =>
  attributes({
    IFLA_IPTUN_COLLECT_METADATA: [19, 'external', flag],
    IFLA_IPTUN_LINK: [1, 'link_ifindex', u32],
    IFLA_IPTUN_PROTO: [9, 'proto', oneOf(u8, protocols)],
    IFLA_IPTUN_REMOTE: [3, 'remote', endpoint],
    IFLA_IPTUN_LOCAL: [2, 'local', endpoint],
    IFLA_IPTUN_TTL: [4, 'ttl', u8],
    IFLA_IPTUN_FWMARK: [20, 'fwmark', hex(u32)],
    IFLA_IPTUN_ENCAP_TYPE: [15, 'encap_type', u16],
    IFLA_IPTUN_ENCAP_FLAGS: [16, 'encap_flags', u16],
    IFLA_IPTUN_ENCAP_SPORT: [17, 'encap_sport', be16],
    IFLA_IPTUN_ENCAP_DPORT: [18, 'encap_dport', be16],
  });

/** ipip_fill_info(), net/ipv4/ipip.c; ipip6_fill_info(), net/ipv6/sit.c, which alone sends FLAGS and the 6RD attributes. */
const overIpv4: AttributeTable = {
  ...common(endpoint4, PROTOCOLS),
  ...attributes({
    IFLA_IPTUN_TOS: [5, 'tos', hex(u8)],
    IFLA_IPTUN_PMTUDISC: [10, 'pmtudisc', bool8],
    IFLA_IPTUN_FLAGS: [8, 'flags', u16],
    IFLA_IPTUN_6RD_PREFIX: [11, 'prefix', ipv6],
    IFLA_IPTUN_6RD_PREFIXLEN: [13, 'prefixlen', u16],
    IFLA_IPTUN_6RD_RELAY_PREFIX: [12, 'relay_prefix', ipv4],
    IFLA_IPTUN_6RD_RELAY_PREFIXLEN: [14, 'relay_prefixlen', u16],
  }),
};

/** ip6_tnl_fill_info(), net/ipv6/ip6_tunnel.c. */
const overIpv6: AttributeTable = {
  ...common(endpoint6, PROTOCOLS6),
  ...attributes({
    IFLA_IPTUN_ENCAP_LIMIT: [6, 'encap_limit', u8],
    IFLA_IPTUN_FLOWINFO: [7, 'flowinfo', be32],
    IFLA_IPTUN_FLAGS: [8, 'flags', u32],
  }),
};

/** Flags become `isatap`; 6RD's details go when there is no prefix, the relay's when there is no relay. */
function finishIpv4(detail: Record<string, DetailValue>): void {
  const { flags } = detail;
  delete detail.flags;
  if (typeof flags === 'number') {
    if ((flags & SIT_ISATAP) !== 0) detail.isatap = true;
    const unknown = flags & ~SIT_ISATAP;
    if (unknown !== 0) detail.flags = `0x${unknown.toString(16)}`;
  }
  if (detail.prefixlen === 0) {
    for (const name of ['prefix', 'prefixlen', 'relay_prefix', 'relay_prefixlen']) delete detail[name];
  }
  if (detail.relay_prefix === '0.0.0.0') {
    for (const name of ['relay_prefix', 'relay_prefixlen']) delete detail[name];
  }
}

/** A kind of the IP-in-IP family; "link_ifindex" is its underlay. */
export function iptunnelKind(kind: string, over: 'ipv4' | 'ipv6'): LinkKind {
  return {
    kind,
    data: over === 'ipv4' ? overIpv4 : overIpv6,
    finish(detail) {
      dropNoInterface(detail, 'link_ifindex');
      finishEncap(detail);
      if (over === 'ipv4') finishIpv4(detail);
      else finishIp6(detail);
    },
    refs: (detail, link) => reference('underlay', detail.link_ifindex, link.linkNsid),
    facts: (link) => named(link, 'external', 'remote', 'local'),
  };
}
