import { attributes, be32, hex, u32 } from '../codecs.js';
import type { Codec, DetailValue, LinkKind } from '../contract.js';
import { dropNoInterface, reference } from './refs.js';
import { dottedKey } from './tunnel.js';
import { named } from './facts.js';

/** Key 0 is none. */
function finish(detail: Record<string, DetailValue>): void {
  dropNoInterface(detail, 'link_ifindex');
  for (const name of ['ikey', 'okey']) {
    const key = dottedKey(detail[name]);
    if (key === undefined || key === '0.0.0.0') delete detail[name];
    else detail[name] = key;
  }
}

/** vti or vti6; "link_ifindex" is the underlay. vti_fill_info(), net/ipv4/ip_vti.c; vti6_fill_info(), net/ipv6/ip6_vti.c. // linux/if_tunnel.h, v6.12 */
export function vtiKind(kind: string, endpoint: Codec): LinkKind {
  return {
    kind,
    data: attributes({
      IFLA_VTI_REMOTE: [5, 'remote', endpoint],
      IFLA_VTI_LOCAL: [4, 'local', endpoint],
      IFLA_VTI_LINK: [1, 'link_ifindex', u32],
      IFLA_VTI_IKEY: [2, 'ikey', be32],
      IFLA_VTI_OKEY: [3, 'okey', be32],
      IFLA_VTI_FWMARK: [6, 'fwmark', hex(u32)],
    }),
    finish,
    refs: (detail, link) => reference('underlay', detail.link_ifindex, link.linkNsid),
    facts: (link) => named(link, 'remote', 'local', 'ikey', 'okey'),
  };
}
