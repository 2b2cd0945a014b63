import { bool8, clockTicks, hex, oneOf, optionalIfindex, padding, toHex, u16, u32, u8 } from '../codecs.js';
import type { AttributeTable, Codec } from '../contract.js';
import { bridgeId } from './bridge-id.js';

// linux/if_link.h, v6.12; MAB since v6.2, MCAST_N_GROUPS and MCAST_MAX_GROUPS v6.3, NEIGH_VLAN_SUPPRESS v6.4,
// BACKUP_NHID v6.6, NEIGH_FORWARD_GRAT v7.2
const IFLA_BRPORT_STATE = 1;
const IFLA_BRPORT_PRIORITY = 2;
const IFLA_BRPORT_COST = 3;
const IFLA_BRPORT_MODE = 4;
const IFLA_BRPORT_GUARD = 5;
const IFLA_BRPORT_PROTECT = 6;
const IFLA_BRPORT_FAST_LEAVE = 7;
const IFLA_BRPORT_LEARNING = 8;
const IFLA_BRPORT_UNICAST_FLOOD = 9;
const IFLA_BRPORT_PROXYARP = 10;
const IFLA_BRPORT_PROXYARP_WIFI = 12;
const IFLA_BRPORT_ROOT_ID = 13;
const IFLA_BRPORT_BRIDGE_ID = 14;
const IFLA_BRPORT_DESIGNATED_PORT = 15;
const IFLA_BRPORT_DESIGNATED_COST = 16;
const IFLA_BRPORT_ID = 17;
const IFLA_BRPORT_NO = 18;
const IFLA_BRPORT_TOPOLOGY_CHANGE_ACK = 19;
const IFLA_BRPORT_CONFIG_PENDING = 20;
const IFLA_BRPORT_MESSAGE_AGE_TIMER = 21;
const IFLA_BRPORT_FORWARD_DELAY_TIMER = 22;
const IFLA_BRPORT_HOLD_TIMER = 23;
const IFLA_BRPORT_MULTICAST_ROUTER = 25;
const IFLA_BRPORT_PAD = 26;
const IFLA_BRPORT_MCAST_FLOOD = 27;
const IFLA_BRPORT_MCAST_TO_UCAST = 28;
const IFLA_BRPORT_VLAN_TUNNEL = 29;
const IFLA_BRPORT_BCAST_FLOOD = 30;
const IFLA_BRPORT_GROUP_FWD_MASK = 31;
const IFLA_BRPORT_NEIGH_SUPPRESS = 32;
const IFLA_BRPORT_ISOLATED = 33;
const IFLA_BRPORT_BACKUP_PORT = 34;
const IFLA_BRPORT_MRP_RING_OPEN = 35;
const IFLA_BRPORT_MRP_IN_OPEN = 36;
const IFLA_BRPORT_MCAST_EHT_HOSTS_LIMIT = 37;
const IFLA_BRPORT_MCAST_EHT_HOSTS_CNT = 38;
const IFLA_BRPORT_LOCKED = 39;
const IFLA_BRPORT_MAB = 40;
const IFLA_BRPORT_MCAST_N_GROUPS = 41;
const IFLA_BRPORT_MCAST_MAX_GROUPS = 42;
const IFLA_BRPORT_NEIGH_VLAN_SUPPRESS = 43;
const IFLA_BRPORT_BACKUP_NHID = 44;
const IFLA_BRPORT_NEIGH_FORWARD_GRAT = 45;

// linux/if_bridge.h, v6.12
const BR_STATE_DISABLED = 0;
const BR_STATE_LISTENING = 1;
const BR_STATE_LEARNING = 2;
const BR_STATE_FORWARDING = 3;
const BR_STATE_BLOCKING = 4;

const STATES = {
  [BR_STATE_DISABLED]: 'disabled',
  [BR_STATE_LISTENING]: 'listening',
  [BR_STATE_LEARNING]: 'learning',
  [BR_STATE_FORWARDING]: 'forwarding',
  [BR_STATE_BLOCKING]: 'blocking',
};

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
 */
export const portTable: AttributeTable = {
  [IFLA_BRPORT_STATE]: ['state', oneOf(u8, STATES)],
  [IFLA_BRPORT_PRIORITY]: ['priority', u16],
  [IFLA_BRPORT_COST]: ['cost', u32],
  [IFLA_BRPORT_MODE]: ['hairpin', bool8],
  [IFLA_BRPORT_GUARD]: ['guard', bool8],
  [IFLA_BRPORT_PROTECT]: ['root_block', bool8],
  [IFLA_BRPORT_FAST_LEAVE]: ['fastleave', bool8],
  [IFLA_BRPORT_LEARNING]: ['learning', bool8],
  [IFLA_BRPORT_UNICAST_FLOOD]: ['flood', bool8],
  [IFLA_BRPORT_ID]: ['id', hex(u16)],
  [IFLA_BRPORT_NO]: ['no', hex(u16)],
  [IFLA_BRPORT_DESIGNATED_PORT]: ['designated_port', u16],
  [IFLA_BRPORT_DESIGNATED_COST]: ['designated_cost', u16],
  [IFLA_BRPORT_BRIDGE_ID]: ['bridge_id', bridgeId],
  [IFLA_BRPORT_ROOT_ID]: ['root_id', bridgeId],
  [IFLA_BRPORT_HOLD_TIMER]: ['hold_timer', clockTicks, 'volatile'],
  [IFLA_BRPORT_MESSAGE_AGE_TIMER]: ['message_age_timer', clockTicks, 'volatile'],
  [IFLA_BRPORT_FORWARD_DELAY_TIMER]: ['forward_delay_timer', clockTicks, 'volatile'],
  [IFLA_BRPORT_TOPOLOGY_CHANGE_ACK]: ['topology_change_ack', u8],
  [IFLA_BRPORT_CONFIG_PENDING]: ['config_pending', u8],
  [IFLA_BRPORT_PROXYARP]: ['proxy_arp', bool8],
  [IFLA_BRPORT_PROXYARP_WIFI]: ['proxy_arp_wifi', bool8],
  [IFLA_BRPORT_MULTICAST_ROUTER]: ['multicast_router', u8],
  [IFLA_BRPORT_MCAST_FLOOD]: ['mcast_flood', bool8],
  [IFLA_BRPORT_BCAST_FLOOD]: ['bcast_flood', bool8],
  [IFLA_BRPORT_MCAST_TO_UCAST]: ['mcast_to_unicast', bool8],
  [IFLA_BRPORT_NEIGH_SUPPRESS]: ['neigh_suppress', bool8],
  [IFLA_BRPORT_NEIGH_VLAN_SUPPRESS]: ['neigh_vlan_suppress', bool8],
  [IFLA_BRPORT_NEIGH_FORWARD_GRAT]: ['neigh_forward_grat', bool8],
  [IFLA_BRPORT_GROUP_FWD_MASK]: ['group_fwd_mask', groupMask],
  [IFLA_BRPORT_VLAN_TUNNEL]: ['vlan_tunnel', bool8],
  [IFLA_BRPORT_ISOLATED]: ['isolated', bool8],
  [IFLA_BRPORT_LOCKED]: ['locked', bool8],
  [IFLA_BRPORT_MAB]: ['mab', bool8],
  [IFLA_BRPORT_BACKUP_PORT]: ['backup_port_ifindex', optionalIfindex],
  [IFLA_BRPORT_BACKUP_NHID]: ['backup_nhid', u32],
  [IFLA_BRPORT_MRP_RING_OPEN]: ['mrp_ring_open', bool8],
  [IFLA_BRPORT_MRP_IN_OPEN]: ['mrp_in_open', bool8],
  [IFLA_BRPORT_MCAST_EHT_HOSTS_LIMIT]: ['mcast_eht_hosts_limit', u32],
  [IFLA_BRPORT_MCAST_EHT_HOSTS_CNT]: ['mcast_eht_hosts_cnt', u32, 'volatile'],
  [IFLA_BRPORT_MCAST_N_GROUPS]: ['mcast_n_groups', u32, 'volatile'],
  [IFLA_BRPORT_MCAST_MAX_GROUPS]: ['mcast_max_groups', u32],
  [IFLA_BRPORT_PAD]: ['pad', padding],
};
