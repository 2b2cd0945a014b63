import { attributes, u32 } from './codecs.js';
import type { LinkKind } from './contract.js';
import { named } from './shared/facts.js';

/** A routing table as an interface; its ports' routes live in it. // linux/if_link.h, v6.12 */
export const kind: LinkKind = {
  kind: 'vrf',
  data: attributes({ IFLA_VRF_TABLE: [1, 'table', u32] }),
  port: attributes({ IFLA_VRF_PORT_TABLE: [1, 'table', u32] }),
  facts: (link) => named(link, 'table'),
};
