import { attributes, bitNames, list, mac, oneOf, s32, u16, u32, words } from '../codecs.js';
import type { AttributeTable, DetailValue, LinkKind } from '../contract.js';
import { iflaLinkRefs } from './refs.js';
import { named } from './facts.js';

// linux/if_link.h, v6.12; BC_CUTOFF since v6.4
const MACVLAN_FLAG_NOPROMISC = 1;
const MACVLAN_FLAG_NODST = 2;

const MODES = words({
  MACVLAN_MODE_PRIVATE: [1, 'private'],
  MACVLAN_MODE_VEPA: [2, 'vepa'],
  MACVLAN_MODE_BRIDGE: [4, 'bridge'],
  MACVLAN_MODE_PASSTHRU: [8, 'passthru'],
  MACVLAN_MODE_SOURCE: [16, 'source'],
});

/** Attributes of macvlan and macvtap: macvlan_fill_info(), drivers/net/macvlan.c. */
const table: AttributeTable = attributes({
  IFLA_MACVLAN_MODE: [1, 'mode', oneOf(u32, MODES)],
  IFLA_MACVLAN_FLAGS: [2, 'flags', u16],
  IFLA_MACVLAN_BC_QUEUE_LEN: [7, 'bcqueuelen', u32],
  IFLA_MACVLAN_BC_QUEUE_LEN_USED: [8, 'usedbcqueuelen', u32],
  IFLA_MACVLAN_BC_CUTOFF: [9, 'bclim', s32],
  IFLA_MACVLAN_MACADDR_COUNT: [6, 'macaddr_count', u32],
  IFLA_MACVLAN_MACADDR_DATA: [5, 'macaddr_data', list('IFLA_MACVLAN_MACADDR_DATA', mac)],
});

/** Flags become details of their own ("nopromisc", "nodst"), and the list of sources is left out in modes that have none. */
function finish(detail: Record<string, DetailValue>): void {
  const { flags } = detail;
  delete detail.flags;
  if (typeof flags === 'number') {
    if ((flags & MACVLAN_FLAG_NOPROMISC) !== 0) detail.nopromisc = true;
    if ((flags & MACVLAN_FLAG_NODST) !== 0) detail.nodst = true;
    const unknown = bitNames(flags & ~(MACVLAN_FLAG_NOPROMISC | MACVLAN_FLAG_NODST), []);
    if (unknown !== '') detail.flags = unknown;
  }
  if (detail.mode !== 'source') {
    // The kernel sends a count of 0 in every mode.
    if (detail.macaddr_count === 0) delete detail.macaddr_count;
    if (detail.macaddr_data === '') delete detail.macaddr_data;
  }
}

/** A kind on macvlan's table; IFLA_LINK is the lower. */
export function macvlanKind(kind: string): LinkKind {
  return {
    kind,
    data: table,
    finish,
    refs: (_detail, link) => iflaLinkRefs('lower', link),
    facts: (link) => named(link, 'mode'),
  };
}
