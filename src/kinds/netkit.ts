import { bool8, oneOf, u16, u32 } from './codecs.js';
import type { LinkKind } from './contract.js';
import { named } from './shared/facts.js';

// linux/if_link.h, v6.12 and, from SCRUB on, v6.13 to v7.1
const IFLA_NETKIT_PRIMARY = 2;
const IFLA_NETKIT_POLICY = 3;
const IFLA_NETKIT_PEER_POLICY = 4;
const IFLA_NETKIT_MODE = 5;
const IFLA_NETKIT_SCRUB = 6;
const IFLA_NETKIT_PEER_SCRUB = 7;
const IFLA_NETKIT_HEADROOM = 8;
const IFLA_NETKIT_TAILROOM = 9;
const IFLA_NETKIT_PAIRING = 10;

const NETKIT_PASS = 0;
const NETKIT_DROP = 2;
const NETKIT_L2 = 0;
const NETKIT_L3 = 1;
const NETKIT_SCRUB_NONE = 0;
const NETKIT_SCRUB_DEFAULT = 1;
const NETKIT_DEVICE_PAIR = 0;
const NETKIT_DEVICE_SINGLE = 1;

const POLICIES = { [NETKIT_PASS]: 'forward', [NETKIT_DROP]: 'blackhole' };
const SCRUBS = { [NETKIT_SCRUB_NONE]: 'none', [NETKIT_SCRUB_DEFAULT]: 'default' };

/** One end of a pair with BPF programs at its heart; as veth, IFLA_LINK is the peer. Linux 6.7. */
export const kind: LinkKind = {
  kind: 'netkit',
  data: {
    [IFLA_NETKIT_MODE]: ['mode', oneOf(u32, { [NETKIT_L2]: 'l2', [NETKIT_L3]: 'l3' })],
    [IFLA_NETKIT_PRIMARY]: ['type', (attribute) => (bool8(attribute) ? 'primary' : 'peer')],
    [IFLA_NETKIT_POLICY]: ['policy', oneOf(u32, POLICIES)],
    [IFLA_NETKIT_PEER_POLICY]: ['peer_policy', oneOf(u32, POLICIES)],
    [IFLA_NETKIT_SCRUB]: ['scrub', oneOf(u32, SCRUBS)],
    [IFLA_NETKIT_PEER_SCRUB]: ['peer_scrub', oneOf(u32, SCRUBS)],
    [IFLA_NETKIT_HEADROOM]: ['headroom', u16],
    [IFLA_NETKIT_TAILROOM]: ['tailroom', u16],
    [IFLA_NETKIT_PAIRING]: ['pairing', oneOf(u32, { [NETKIT_DEVICE_PAIR]: 'pair', [NETKIT_DEVICE_SINGLE]: 'single' })],
  },
  pair: true,
  facts: (link) => named(link, 'mode', 'type'),
};
