import { attributes, bool8, ipv4, ipv6, list, mac, nested, oneOf, u16, u32, u8, words } from './codecs.js';
import type { DetailValue, LinkKind } from './contract.js';
import { finishPort, portTable } from './shared/bond-port.js';
import { dropNoInterface } from './shared/refs.js';
import { named } from './shared/facts.js';

// linux/if_bonding.h, v6.12
const MODES = words({
  BOND_MODE_ROUNDROBIN: [0, 'balance-rr'],
  BOND_MODE_ACTIVEBACKUP: [1, 'active-backup'],
  BOND_MODE_XOR: [2, 'balance-xor'],
  BOND_MODE_BROADCAST: [3, 'broadcast'],
  BOND_MODE_8023AD: [4, '802.3ad'],
  BOND_MODE_TLB: [5, 'balance-tlb'],
  BOND_MODE_ALB: [6, 'balance-alb'],
});
const XMIT_HASH_POLICIES = words({
  BOND_XMIT_POLICY_LAYER2: [0, 'layer2'],
  BOND_XMIT_POLICY_LAYER34: [1, 'layer3+4'],
  BOND_XMIT_POLICY_LAYER23: [2, 'layer2+3'],
  BOND_XMIT_POLICY_ENCAP23: [3, 'encap2+3'],
  BOND_XMIT_POLICY_ENCAP34: [4, 'encap3+4'],
  BOND_XMIT_POLICY_VLAN_SRCMAC: [5, 'vlan+srcmac'],
});

// Option values that no uapi header has: drivers/net/bonding/bond_options.c, v6.12.
const ARP_VALIDATE = ['none', 'active', 'backup', 'all', 'filter', 'filter_active', 'filter_backup'];
const ARP_ALL_TARGETS = ['any', 'all'];
const PRIMARY_RESELECT = ['always', 'better', 'failure'];
const FAIL_OVER_MAC = ['none', 'active', 'follow'];
const LACP_ACTIVE = ['off', 'on'];
const LACP_RATE = ['slow', 'fast'];
const AD_SELECT = ['stable', 'bandwidth', 'count', 'actor_port_prio'];

const adInfo = nested(
  'IFLA_BOND_AD_INFO',
  attributes({
    IFLA_BOND_AD_INFO_AGGREGATOR: [1, 'aggregator', u16],
    IFLA_BOND_AD_INFO_NUM_PORTS: [2, 'num_ports', u16],
    IFLA_BOND_AD_INFO_ACTOR_KEY: [3, 'actor_key', u16],
    IFLA_BOND_AD_INFO_PARTNER_KEY: [4, 'partner_key', u16],
    IFLA_BOND_AD_INFO_PARTNER_MAC: [5, 'partner_mac', mac],
  }),
);

/** No interface and no targets are absent. */
function finish(detail: Record<string, DetailValue>): void {
  dropNoInterface(detail, 'active_slave_ifindex', 'primary_ifindex');
  for (const name of ['arp_ip_target', 'ns_ip6_target']) {
    if (detail[name] === '') delete detail[name];
  }
}

/**
 * Several ports as one. bond_fill_info(), drivers/net/bonding/bond_netlink.c. `active_slave_ifindex` and `primary_ifindex`
 * are what ip prints the names of as "active_slave" and "primary"; arp_validate "none" is null there.
 * // linux/if_link.h, v6.12; COUPLED_CONTROL since v6.9, BROADCAST_NEIGH v6.17, LACP_STRICT v7.2
 */
export const kind: LinkKind = {
  kind: 'bond',
  data: attributes({
    IFLA_BOND_MODE: [1, 'mode', oneOf(u8, MODES)],
    IFLA_BOND_ACTIVE_SLAVE: [2, 'active_slave_ifindex', u32],
    IFLA_BOND_MIIMON: [3, 'miimon', u32],
    IFLA_BOND_UPDELAY: [4, 'updelay', u32],
    IFLA_BOND_DOWNDELAY: [5, 'downdelay', u32],
    IFLA_BOND_PEER_NOTIF_DELAY: [28, 'peer_notify_delay', u32],
    IFLA_BOND_USE_CARRIER: [6, 'use_carrier', u8],
    IFLA_BOND_ARP_INTERVAL: [7, 'arp_interval', u32],
    IFLA_BOND_MISSED_MAX: [30, 'arp_missed_max', u8],
    IFLA_BOND_ARP_IP_TARGET: [8, 'arp_ip_target', list('IFLA_BOND_ARP_IP_TARGET', ipv4)],
    IFLA_BOND_NS_IP6_TARGET: [31, 'ns_ip6_target', list('IFLA_BOND_NS_IP6_TARGET', ipv6)],
    IFLA_BOND_ARP_VALIDATE: [9, 'arp_validate', oneOf(u32, ARP_VALIDATE)],
    IFLA_BOND_ARP_ALL_TARGETS: [10, 'arp_all_targets', oneOf(u32, ARP_ALL_TARGETS)],
    IFLA_BOND_PRIMARY: [11, 'primary_ifindex', u32],
    IFLA_BOND_PRIMARY_RESELECT: [12, 'primary_reselect', oneOf(u8, PRIMARY_RESELECT)],
    IFLA_BOND_FAIL_OVER_MAC: [13, 'fail_over_mac', oneOf(u8, FAIL_OVER_MAC)],
    IFLA_BOND_XMIT_HASH_POLICY: [14, 'xmit_hash_policy', oneOf(u8, XMIT_HASH_POLICIES)],
    IFLA_BOND_RESEND_IGMP: [15, 'resend_igmp', u32],
    IFLA_BOND_NUM_PEER_NOTIF: [16, 'num_peer_notif', u8],
    IFLA_BOND_ALL_SLAVES_ACTIVE: [17, 'all_slaves_active', u8],
    IFLA_BOND_MIN_LINKS: [18, 'min_links', u32],
    IFLA_BOND_LP_INTERVAL: [19, 'lp_interval', u32],
    IFLA_BOND_PACKETS_PER_SLAVE: [20, 'packets_per_slave', u32],
    IFLA_BOND_AD_LACP_ACTIVE: [29, 'ad_lacp_active', oneOf(u8, LACP_ACTIVE)],
    IFLA_BOND_AD_LACP_RATE: [21, 'ad_lacp_rate', oneOf(u8, LACP_RATE)],
    IFLA_BOND_COUPLED_CONTROL: [32, 'coupled_control', bool8],
    IFLA_BOND_BROADCAST_NEIGH: [33, 'broadcast_neighbor', bool8],
    IFLA_BOND_LACP_STRICT: [34, 'lacp_strict', bool8],
    IFLA_BOND_AD_SELECT: [22, 'ad_select', oneOf(u8, AD_SELECT)],
    IFLA_BOND_AD_INFO: [23, 'ad_info', adInfo],
    IFLA_BOND_AD_ACTOR_SYS_PRIO: [24, 'ad_actor_sys_prio', u16],
    IFLA_BOND_AD_USER_PORT_KEY: [25, 'ad_user_port_key', u16],
    IFLA_BOND_AD_ACTOR_SYSTEM: [26, 'ad_actor_system', mac],
    IFLA_BOND_TLB_DYNAMIC_LB: [27, 'tlb_dynamic_lb', u8],
  }),
  port: portTable,
  finish,
  finishPort,
  facts: (link) => named(link, 'mode', 'active_slave_ifindex=active'),
};
