import { attributes, bool8, clockTicks, hex, oneOf, optionalIfindex, padding, toHex, u16, u32, u8, words } from '../codecs.js';
import type { AttributeTable, Codec } from '../contract.js';
import { bridgeId } from './bridge-id.js';

// linux/if_bridge.h, v6.12
const STATES = words({
  BR_STATE_DISABLED: [0, 'disabled'],
  BR_STATE_LISTENING: [1, 'listening'],
  BR_STATE_LEARNING: [2, 'learning'],
  BR_STATE_FORWARDING: [3, 'forwarding'],
  BR_STATE_BLOCKING: [4, 'blocking'],
});

/** Last digit of the link-local group address 01:80:c2:00:00:0X whose frames are forwarded (IEEE 802.1Q, table 8-1). */
const FORWARDED_GROUPS: Readonly<Record<number, string>> = { 0: 'stp', 2: 'lacp', 14: 'lldp' };

/** As ip prints a group_fwd_mask: "lacp,0x8,lldp"; a group without a name is its bit, and none at all "0x0". */
function forwardedGroups(mask: number): string {
  if (mask === 0) return '0x0';
  const names: string[] = [];
  for (let bit = 0; bit < 16; bit++) {
    if ((mask & (1 << bit)) !== 0) names.push(FORWARDED_GROUPS[bit] ?? toHex(1 << bit));
  }
  return names.join(',');
}

/** The mask in hexadecimal, and further on its groups in words, as ip does. */
const groupMask: Codec = (attribute, further) => {
  const mask = attribute.u16();
  if (attribute.length === 2) further.put('group_fwd_mask_str', forwardedGroups(mask));
  return toHex(mask);
};

/**
 * A bridge's view of its port: br_port_fill_attrs(), net/bridge/br_netlink.c. The names that ip does not print (mrp_*,
 * mcast_eht_*) are the kernel's; `backup_port_ifindex` is what ip prints the name of as "backup_port".
 * // linux/if_link.h, v6.12; MAB since v6.2, MCAST_N_GROUPS and MCAST_MAX_GROUPS v6.3, NEIGH_VLAN_SUPPRESS v6.4, BACKUP_NHID v6.6,
 * NEIGH_FORWARD_GRAT v7.2
 */
export const portTable: AttributeTable = attributes({
  IFLA_BRPORT_STATE: [1, 'state', oneOf(u8, STATES)],
  IFLA_BRPORT_PRIORITY: [2, 'priority', u16],
  IFLA_BRPORT_COST: [3, 'cost', u32],
  IFLA_BRPORT_MODE: [4, 'hairpin', bool8],
  IFLA_BRPORT_GUARD: [5, 'guard', bool8],
  IFLA_BRPORT_PROTECT: [6, 'root_block', bool8],
  IFLA_BRPORT_FAST_LEAVE: [7, 'fastleave', bool8],
  IFLA_BRPORT_LEARNING: [8, 'learning', bool8],
  IFLA_BRPORT_UNICAST_FLOOD: [9, 'flood', bool8],
  IFLA_BRPORT_ID: [17, 'id', hex(u16)],
  IFLA_BRPORT_NO: [18, 'no', hex(u16)],
  IFLA_BRPORT_DESIGNATED_PORT: [15, 'designated_port', u16],
  IFLA_BRPORT_DESIGNATED_COST: [16, 'designated_cost', u16],
  IFLA_BRPORT_BRIDGE_ID: [14, 'bridge_id', bridgeId],
  IFLA_BRPORT_ROOT_ID: [13, 'root_id', bridgeId],
  IFLA_BRPORT_HOLD_TIMER: [23, 'hold_timer', clockTicks, 'volatile'],
  IFLA_BRPORT_MESSAGE_AGE_TIMER: [21, 'message_age_timer', clockTicks, 'volatile'],
  IFLA_BRPORT_FORWARD_DELAY_TIMER: [22, 'forward_delay_timer', clockTicks, 'volatile'],
  IFLA_BRPORT_TOPOLOGY_CHANGE_ACK: [19, 'topology_change_ack', u8],
  IFLA_BRPORT_CONFIG_PENDING: [20, 'config_pending', u8],
  IFLA_BRPORT_PROXYARP: [10, 'proxy_arp', bool8],
  IFLA_BRPORT_PROXYARP_WIFI: [12, 'proxy_arp_wifi', bool8],
  IFLA_BRPORT_MULTICAST_ROUTER: [25, 'multicast_router', u8],
  IFLA_BRPORT_MCAST_FLOOD: [27, 'mcast_flood', bool8],
  IFLA_BRPORT_BCAST_FLOOD: [30, 'bcast_flood', bool8],
  IFLA_BRPORT_MCAST_TO_UCAST: [28, 'mcast_to_unicast', bool8],
  IFLA_BRPORT_NEIGH_SUPPRESS: [32, 'neigh_suppress', bool8],
  IFLA_BRPORT_NEIGH_VLAN_SUPPRESS: [43, 'neigh_vlan_suppress', bool8],
  IFLA_BRPORT_NEIGH_FORWARD_GRAT: [45, 'neigh_forward_grat', bool8],
  IFLA_BRPORT_GROUP_FWD_MASK: [31, 'group_fwd_mask', groupMask],
  IFLA_BRPORT_VLAN_TUNNEL: [29, 'vlan_tunnel', bool8],
  IFLA_BRPORT_ISOLATED: [33, 'isolated', bool8],
  IFLA_BRPORT_LOCKED: [39, 'locked', bool8],
  IFLA_BRPORT_MAB: [40, 'mab', bool8],
  IFLA_BRPORT_BACKUP_PORT: [34, 'backup_port_ifindex', optionalIfindex],
  IFLA_BRPORT_BACKUP_NHID: [44, 'backup_nhid', u32],
  IFLA_BRPORT_MRP_RING_OPEN: [35, 'mrp_ring_open', bool8],
  IFLA_BRPORT_MRP_IN_OPEN: [36, 'mrp_in_open', bool8],
  IFLA_BRPORT_MCAST_EHT_HOSTS_LIMIT: [37, 'mcast_eht_hosts_limit', u32],
  IFLA_BRPORT_MCAST_EHT_HOSTS_CNT: [38, 'mcast_eht_hosts_cnt', u32, 'volatile'],
  IFLA_BRPORT_MCAST_N_GROUPS: [41, 'mcast_n_groups', u32, 'volatile'],
  IFLA_BRPORT_MCAST_MAX_GROUPS: [42, 'mcast_max_groups', u32],
  IFLA_BRPORT_PAD: [26, 'pad', padding],
});
