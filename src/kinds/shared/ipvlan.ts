import { attributes, bitNames, oneOf, u16, words } from '../codecs.js';
import type { AttributeTable, DetailValue, LinkKind } from '../contract.js';
import { iflaLinkRefs } from './refs.js';
import { named } from './facts.js';

// linux/if_link.h, v6.12
const MODES = words({ IPVLAN_MODE_L2: [0, 'l2'], IPVLAN_MODE_L3: [1, 'l3'], IPVLAN_MODE_L3S: [2, 'l3s'] });
const IPVLAN_F_PRIVATE = 0x01;
const IPVLAN_F_VEPA = 0x02;

/** Attributes of ipvlan and ipvtap: ipvlan_nl_fillinfo(), drivers/net/ipvlan/ipvlan_main.c. */
const table: AttributeTable = attributes({
  IFLA_IPVLAN_MODE: [1, 'mode', oneOf(u16, MODES)],
  IFLA_IPVLAN_FLAGS: [2, 'flags', u16],
});

/** Flags become "private", "vepa" or, without either, "bridge". */
function finish(detail: Record<string, DetailValue>): void {
  const { flags } = detail;
  delete detail.flags;
  if (typeof flags !== 'number') return;
  if ((flags & IPVLAN_F_PRIVATE) !== 0) detail.private = true;
  else if ((flags & IPVLAN_F_VEPA) !== 0) detail.vepa = true;
  else detail.bridge = true;
  const unknown = bitNames(flags & ~(IPVLAN_F_PRIVATE | IPVLAN_F_VEPA), []);
  if (unknown !== '') detail.flags = unknown;
}

/** A kind on ipvlan's table; IFLA_LINK is the lower. */
export function ipvlanKind(kind: string): LinkKind {
  return {
    kind,
    data: table,
    finish,
    refs: (_detail, link) => iflaLinkRefs('lower', link),
    facts: (link) => named(link, 'mode', 'private', 'vepa'),
  };
}
