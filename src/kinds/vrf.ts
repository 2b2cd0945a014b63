import { u32 } from './codecs.js';
import type { LinkKind } from './contract.js';
import { named } from './shared/facts.js';

// linux/if_link.h, v6.12
const IFLA_VRF_TABLE = 1;
const IFLA_VRF_PORT_TABLE = 1;

/** A routing table as an interface; its ports' routes live in it. */
export const kind: LinkKind = {
  kind: 'vrf',
  data: { [IFLA_VRF_TABLE]: ['table', u32] },
  port: { [IFLA_VRF_PORT_TABLE]: ['table', u32] },
  facts: (link) => named(link, 'table'),
};
