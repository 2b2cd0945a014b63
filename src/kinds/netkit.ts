import { attributes, bool8, oneOf, u16, u32, words } from './codecs.js';
import type { LinkKind } from './contract.js';
import { named } from './shared/facts.js';

// linux/if_link.h, v6.12 and, from SCRUB on, v6.13 to v7.1
const POLICIES = words({ NETKIT_PASS: [0, 'forward'], NETKIT_DROP: [2, 'blackhole'] });
const SCRUBS = words({ NETKIT_SCRUB_NONE: [0, 'none'], NETKIT_SCRUB_DEFAULT: [1, 'default'] });
const PAIRINGS = words({ NETKIT_DEVICE_PAIR: [0, 'pair'], NETKIT_DEVICE_SINGLE: [1, 'single'] });

/** One end of a pair with BPF programs at its heart; as veth, IFLA_LINK is the peer. Linux 6.7. */
export const kind: LinkKind = {
  kind: 'netkit',
  data: attributes({
    IFLA_NETKIT_MODE: [5, 'mode', oneOf(u32, words({ NETKIT_L2: [0, 'l2'], NETKIT_L3: [1, 'l3'] }))],
    IFLA_NETKIT_PRIMARY: [2, 'type', (attribute) => (bool8(attribute) ? 'primary' : 'peer')],
    IFLA_NETKIT_POLICY: [3, 'policy', oneOf(u32, POLICIES)],
    IFLA_NETKIT_PEER_POLICY: [4, 'peer_policy', oneOf(u32, POLICIES)],
    IFLA_NETKIT_SCRUB: [6, 'scrub', oneOf(u32, SCRUBS)],
    IFLA_NETKIT_PEER_SCRUB: [7, 'peer_scrub', oneOf(u32, SCRUBS)],
    IFLA_NETKIT_HEADROOM: [8, 'headroom', u16],
    IFLA_NETKIT_TAILROOM: [9, 'tailroom', u16],
    IFLA_NETKIT_PAIRING: [10, 'pairing', oneOf(u32, PAIRINGS)],
  }),
  pair: true,
  facts: (link) => named(link, 'mode', 'type'),
};
