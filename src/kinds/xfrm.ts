import { attributes, flag, hex, u32 } from './codecs.js';
import type { LinkKind } from './contract.js';
import { dropNoInterface, reference } from './shared/refs.js';
import { named } from './shared/facts.js';

/** IPsec as an interface. xfrmi_fill_info(), net/xfrm/xfrm_interface_core.c. // linux/if_link.h, v6.12 */
export const kind: LinkKind = {
  kind: 'xfrm',
  data: attributes({
    IFLA_XFRM_COLLECT_METADATA: [3, 'external', flag],
    IFLA_XFRM_IF_ID: [2, 'if_id', hex(u32)],
    // ip prints no such thing: the underlay is in its "link".
    IFLA_XFRM_LINK: [1, 'link_ifindex', u32],
  }),
  finish: (detail) => dropNoInterface(detail, 'link_ifindex'),
  refs: (detail, link) => reference('underlay', detail.link_ifindex, link.linkNsid),
  facts: (link) => named(link, link.attributes.external === 'true' ? 'external' : 'if_id'),
};
