import { bool8, ipv4, ipv6, list, mac, nested, oneOf, u16, u32, u8 } from './codecs.js';
import type { DetailValue, LinkKind } from './contract.js';
import { finishPort, portTable } from './shared/bond-port.js';
import { dropNoInterface } from './shared/refs.js';
import { named } from './shared/facts.js';

// linux/if_link.h, v6.12; COUPLED_CONTROL since v6.9, BROADCAST_NEIGH v6.17, LACP_STRICT v7.2
const IFLA_BOND_MODE = 1;
const IFLA_BOND_ACTIVE_SLAVE = 2;
const IFLA_BOND_MIIMON = 3;
const IFLA_BOND_UPDELAY = 4;
const IFLA_BOND_DOWNDELAY = 5;
const IFLA_BOND_USE_CARRIER = 6;
const IFLA_BOND_ARP_INTERVAL = 7;
const IFLA_BOND_ARP_IP_TARGET = 8;
const IFLA_BOND_ARP_VALIDATE = 9;
const IFLA_BOND_ARP_ALL_TARGETS = 10;
const IFLA_BOND_PRIMARY = 11;
const IFLA_BOND_PRIMARY_RESELECT = 12;
const IFLA_BOND_FAIL_OVER_MAC = 13;
const IFLA_BOND_XMIT_HASH_POLICY = 14;
const IFLA_BOND_RESEND_IGMP = 15;
const IFLA_BOND_NUM_PEER_NOTIF = 16;
const IFLA_BOND_ALL_SLAVES_ACTIVE = 17;
const IFLA_BOND_MIN_LINKS = 18;
const IFLA_BOND_LP_INTERVAL = 19;
const IFLA_BOND_PACKETS_PER_SLAVE = 20;
const IFLA_BOND_AD_LACP_RATE = 21;
const IFLA_BOND_AD_SELECT = 22;
const IFLA_BOND_AD_INFO = 23;
const IFLA_BOND_AD_ACTOR_SYS_PRIO = 24;
const IFLA_BOND_AD_USER_PORT_KEY = 25;
const IFLA_BOND_AD_ACTOR_SYSTEM = 26;
const IFLA_BOND_TLB_DYNAMIC_LB = 27;
const IFLA_BOND_PEER_NOTIF_DELAY = 28;
const IFLA_BOND_AD_LACP_ACTIVE = 29;
const IFLA_BOND_MISSED_MAX = 30;
const IFLA_BOND_NS_IP6_TARGET = 31;
const IFLA_BOND_COUPLED_CONTROL = 32;
const IFLA_BOND_BROADCAST_NEIGH = 33;
const IFLA_BOND_LACP_STRICT = 34;
const IFLA_BOND_AD_INFO_AGGREGATOR = 1;
const IFLA_BOND_AD_INFO_NUM_PORTS = 2;
const IFLA_BOND_AD_INFO_ACTOR_KEY = 3;
const IFLA_BOND_AD_INFO_PARTNER_KEY = 4;
const IFLA_BOND_AD_INFO_PARTNER_MAC = 5;

// linux/if_bonding.h, v6.12
const BOND_MODE_ROUNDROBIN = 0;
const BOND_MODE_ACTIVEBACKUP = 1;
const BOND_MODE_XOR = 2;
const BOND_MODE_BROADCAST = 3;
const BOND_MODE_8023AD = 4;
const BOND_MODE_TLB = 5;
const BOND_MODE_ALB = 6;
const BOND_XMIT_POLICY_LAYER2 = 0;
const BOND_XMIT_POLICY_LAYER34 = 1;
const BOND_XMIT_POLICY_LAYER23 = 2;
const BOND_XMIT_POLICY_ENCAP23 = 3;
const BOND_XMIT_POLICY_ENCAP34 = 4;
const BOND_XMIT_POLICY_VLAN_SRCMAC = 5;

const MODES = {
  [BOND_MODE_ROUNDROBIN]: 'balance-rr',
  [BOND_MODE_ACTIVEBACKUP]: 'active-backup',
  [BOND_MODE_XOR]: 'balance-xor',
  [BOND_MODE_BROADCAST]: 'broadcast',
  [BOND_MODE_8023AD]: '802.3ad',
  [BOND_MODE_TLB]: 'balance-tlb',
  [BOND_MODE_ALB]: 'balance-alb',
};
const XMIT_HASH_POLICIES = {
  [BOND_XMIT_POLICY_LAYER2]: 'layer2',
  [BOND_XMIT_POLICY_LAYER34]: 'layer3+4',
  [BOND_XMIT_POLICY_LAYER23]: 'layer2+3',
  [BOND_XMIT_POLICY_ENCAP23]: 'encap2+3',
  [BOND_XMIT_POLICY_ENCAP34]: 'encap3+4',
  [BOND_XMIT_POLICY_VLAN_SRCMAC]: 'vlan+srcmac',
};

// Option values that no uapi header has: drivers/net/bonding/bond_options.c, v6.12.
const ARP_VALIDATE = { 0: 'none', 1: 'active', 2: 'backup', 3: 'all', 4: 'filter', 5: 'filter_active', 6: 'filter_backup' };
const ARP_ALL_TARGETS = { 0: 'any', 1: 'all' };
const PRIMARY_RESELECT = { 0: 'always', 1: 'better', 2: 'failure' };
const FAIL_OVER_MAC = { 0: 'none', 1: 'active', 2: 'follow' };
const LACP_ACTIVE = { 0: 'off', 1: 'on' };
const LACP_RATE = { 0: 'slow', 1: 'fast' };
const AD_SELECT = { 0: 'stable', 1: 'bandwidth', 2: 'count', 3: 'actor_port_prio' };

const adInfo = nested('IFLA_BOND_AD_INFO', {
  [IFLA_BOND_AD_INFO_AGGREGATOR]: ['aggregator', u16],
  [IFLA_BOND_AD_INFO_NUM_PORTS]: ['num_ports', u16],
  [IFLA_BOND_AD_INFO_ACTOR_KEY]: ['actor_key', u16],
  [IFLA_BOND_AD_INFO_PARTNER_KEY]: ['partner_key', u16],
  [IFLA_BOND_AD_INFO_PARTNER_MAC]: ['partner_mac', mac],
});

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
 */
export const kind: LinkKind = {
  kind: 'bond',
  data: {
    [IFLA_BOND_MODE]: ['mode', oneOf(u8, MODES)],
    [IFLA_BOND_ACTIVE_SLAVE]: ['active_slave_ifindex', u32],
    [IFLA_BOND_MIIMON]: ['miimon', u32],
    [IFLA_BOND_UPDELAY]: ['updelay', u32],
    [IFLA_BOND_DOWNDELAY]: ['downdelay', u32],
    [IFLA_BOND_PEER_NOTIF_DELAY]: ['peer_notify_delay', u32],
    [IFLA_BOND_USE_CARRIER]: ['use_carrier', u8],
    [IFLA_BOND_ARP_INTERVAL]: ['arp_interval', u32],
    [IFLA_BOND_MISSED_MAX]: ['arp_missed_max', u8],
    [IFLA_BOND_ARP_IP_TARGET]: ['arp_ip_target', list('IFLA_BOND_ARP_IP_TARGET', ipv4)],
    [IFLA_BOND_NS_IP6_TARGET]: ['ns_ip6_target', list('IFLA_BOND_NS_IP6_TARGET', ipv6)],
    [IFLA_BOND_ARP_VALIDATE]: ['arp_validate', oneOf(u32, ARP_VALIDATE)],
    [IFLA_BOND_ARP_ALL_TARGETS]: ['arp_all_targets', oneOf(u32, ARP_ALL_TARGETS)],
    [IFLA_BOND_PRIMARY]: ['primary_ifindex', u32],
    [IFLA_BOND_PRIMARY_RESELECT]: ['primary_reselect', oneOf(u8, PRIMARY_RESELECT)],
    [IFLA_BOND_FAIL_OVER_MAC]: ['fail_over_mac', oneOf(u8, FAIL_OVER_MAC)],
    [IFLA_BOND_XMIT_HASH_POLICY]: ['xmit_hash_policy', oneOf(u8, XMIT_HASH_POLICIES)],
    [IFLA_BOND_RESEND_IGMP]: ['resend_igmp', u32],
    [IFLA_BOND_NUM_PEER_NOTIF]: ['num_peer_notif', u8],
    [IFLA_BOND_ALL_SLAVES_ACTIVE]: ['all_slaves_active', u8],
    [IFLA_BOND_MIN_LINKS]: ['min_links', u32],
    [IFLA_BOND_LP_INTERVAL]: ['lp_interval', u32],
    [IFLA_BOND_PACKETS_PER_SLAVE]: ['packets_per_slave', u32],
    [IFLA_BOND_AD_LACP_ACTIVE]: ['ad_lacp_active', oneOf(u8, LACP_ACTIVE)],
    [IFLA_BOND_AD_LACP_RATE]: ['ad_lacp_rate', oneOf(u8, LACP_RATE)],
    [IFLA_BOND_COUPLED_CONTROL]: ['coupled_control', bool8],
    [IFLA_BOND_BROADCAST_NEIGH]: ['broadcast_neighbor', bool8],
    [IFLA_BOND_LACP_STRICT]: ['lacp_strict', bool8],
    [IFLA_BOND_AD_SELECT]: ['ad_select', oneOf(u8, AD_SELECT)],
    [IFLA_BOND_AD_INFO]: ['ad_info', adInfo],
    [IFLA_BOND_AD_ACTOR_SYS_PRIO]: ['ad_actor_sys_prio', u16],
    [IFLA_BOND_AD_USER_PORT_KEY]: ['ad_user_port_key', u16],
    [IFLA_BOND_AD_ACTOR_SYSTEM]: ['ad_actor_system', mac],
    [IFLA_BOND_TLB_DYNAMIC_LB]: ['tlb_dynamic_lb', u8],
  },
  port: portTable,
  finish,
  finishPort,
  facts: (link) => named(link, 'mode', 'active_slave_ifindex=active'),
};
