import {
  attributes,
  type BitName,
  clockTicks,
  count64,
  ethertype,
  hex,
  ipv4,
  ipv6,
  mac,
  nested,
  oneOf,
  padding,
  toHex,
  u16,
  u32,
  u8,
  words,
  wrongLength,
} from './codecs.js';
import { LITTLE_ENDIAN } from '../netlink/attributes.js';
import type { AttributeTable, Codec, LinkKind } from './contract.js';
import { bridgeId } from './shared/bridge-id.js';
import { portTable } from './shared/bridge-port.js';
import { named } from './shared/facts.js';

/** Bit number and the name that ip prints. // linux/if_bridge.h, v6.12; v6.8 gave the enum its first name, FDB_LOCAL_VLAN_0 since v6.18 */
const BOOLOPTS: readonly BitName[] = Object.values({
  BR_BOOLOPT_NO_LL_LEARN: [0, 'no_linklocal_learn'],
  BR_BOOLOPT_MCAST_VLAN_SNOOPING: [1, 'mcast_vlan_snooping'],
  BR_BOOLOPT_MST_ENABLE: [2, 'mst_enabled'],
  BR_BOOLOPT_MDB_OFFLOAD_FAIL_NOTIFICATION: [3, 'mdb_offload_fail_notification'],
  BR_BOOLOPT_FDB_LOCAL_VLAN_0: [4, 'fdb_local_vlan_0'],
});

// linux/if_link.h, v7.1
const STP_MODES = words({ BR_STP_MODE_AUTO: [0, 'auto'], BR_STP_MODE_USER: [1, 'user'], BR_STP_MODE_KERNEL: [2, 'kernel'] });

/** br_multicast_dump_querier_state(), net/bridge/br_multicast.c; the ports are ifindexes. // linux/if_bridge.h, v6.12 */
const querierState = nested(
  'IFLA_BR_MCAST_QUERIER_STATE',
  attributes({
    BRIDGE_QUERIER_IP_ADDRESS: [1, 'mcast_querier_ipv4_addr', ipv4],
    BRIDGE_QUERIER_IP_PORT: [2, 'mcast_querier_ipv4_port', u32],
    BRIDGE_QUERIER_IP_OTHER_TIMER: [3, 'mcast_querier_ipv4_other_timer', clockTicks],
    BRIDGE_QUERIER_PAD: [4, 'pad', padding],
    BRIDGE_QUERIER_IPV6_ADDRESS: [5, 'mcast_querier_ipv6_addr', ipv6],
    BRIDGE_QUERIER_IPV6_PORT: [6, 'mcast_querier_ipv6_port', u32],
    BRIDGE_QUERIER_IPV6_OTHER_TIMER: [7, 'mcast_querier_ipv6_other_timer', clockTicks],
  }),
);

/** struct br_boolopt_multi { __u32 optval, optmask; } to one detail of 0 or 1 for each option that the kernel has. */
const booleanOptions: Codec = (attribute, further) => {
  if (attribute.length !== 8) {
    wrongLength(attribute, '8 bytes');
    return undefined;
  }
  const values = attribute.view.getUint32(attribute.offset, LITTLE_ENDIAN);
  let left = attribute.view.getUint32(attribute.offset + 4, LITTLE_ENDIAN);
  for (const [bit, name] of BOOLOPTS) {
    const mask = 1 << bit;
    if ((left & mask) === 0) continue;
    further.put(name, (values & mask) === 0 ? 0 : 1);
    left = (left & ~mask) >>> 0;
  }
  // Options of a newer kernel: those that are on.
  const unknown = (values & left) >>> 0;
  return unknown === 0 ? undefined : toHex(unknown);
};

/**
 * br_fill_info(), net/bridge/br_netlink.c. Times are as ip prints them: hundredths of seconds, but the timers seconds.
 * // linux/if_link.h, v6.12; FDB_N_LEARNED and FDB_MAX_LEARNED since v6.7, STP_MODE v7.1
 */
const table: AttributeTable = attributes({
  IFLA_BR_FORWARD_DELAY: [1, 'forward_delay', u32],
  IFLA_BR_HELLO_TIME: [2, 'hello_time', u32],
  IFLA_BR_MAX_AGE: [3, 'max_age', u32],
  IFLA_BR_AGEING_TIME: [4, 'ageing_time', u32],
  IFLA_BR_STP_STATE: [5, 'stp_state', u32],
  IFLA_BR_STP_MODE: [50, 'stp_mode', oneOf(u32, STP_MODES)],
  IFLA_BR_PRIORITY: [6, 'priority', u16],
  IFLA_BR_VLAN_FILTERING: [7, 'vlan_filtering', u8],
  IFLA_BR_VLAN_PROTOCOL: [8, 'vlan_protocol', ethertype],
  IFLA_BR_BRIDGE_ID: [11, 'bridge_id', bridgeId],
  IFLA_BR_ROOT_ID: [10, 'root_id', bridgeId],
  IFLA_BR_ROOT_PORT: [12, 'root_port', u16],
  IFLA_BR_ROOT_PATH_COST: [13, 'root_path_cost', u32],
  IFLA_BR_TOPOLOGY_CHANGE: [14, 'topology_change', u8],
  IFLA_BR_TOPOLOGY_CHANGE_DETECTED: [15, 'topology_change_detected', u8],
  IFLA_BR_HELLO_TIMER: [16, 'hello_timer', clockTicks, 'volatile'],
  IFLA_BR_TCN_TIMER: [17, 'tcn_timer', clockTicks, 'volatile'],
  IFLA_BR_TOPOLOGY_CHANGE_TIMER: [18, 'topology_change_timer', clockTicks, 'volatile'],
  IFLA_BR_GC_TIMER: [19, 'gc_timer', clockTicks, 'volatile'],
  IFLA_BR_FDB_N_LEARNED: [48, 'fdb_n_learned', u32, 'volatile'],
  IFLA_BR_FDB_MAX_LEARNED: [49, 'fdb_max_learned', u32],
  IFLA_BR_VLAN_DEFAULT_PVID: [39, 'vlan_default_pvid', u16],
  IFLA_BR_VLAN_STATS_ENABLED: [41, 'vlan_stats_enabled', u8],
  IFLA_BR_VLAN_STATS_PER_PORT: [45, 'vlan_stats_per_port', u8],
  IFLA_BR_GROUP_FWD_MASK: [9, 'group_fwd_mask', hex(u16)],
  IFLA_BR_GROUP_ADDR: [20, 'group_addr', mac],
  IFLA_BR_MULTI_BOOLOPT: [46, 'multi_boolopt', booleanOptions],
  IFLA_BR_MCAST_SNOOPING: [23, 'mcast_snooping', u8],
  IFLA_BR_MCAST_ROUTER: [22, 'mcast_router', u8],
  IFLA_BR_MCAST_QUERY_USE_IFADDR: [24, 'mcast_query_use_ifaddr', u8],
  IFLA_BR_MCAST_QUERIER: [25, 'mcast_querier', u8],
  IFLA_BR_MCAST_QUERIER_STATE: [47, 'mcast_querier_state', querierState, 'volatile'],
  IFLA_BR_MCAST_HASH_ELASTICITY: [26, 'mcast_hash_elasticity', u32],
  IFLA_BR_MCAST_HASH_MAX: [27, 'mcast_hash_max', u32],
  IFLA_BR_MCAST_LAST_MEMBER_CNT: [28, 'mcast_last_member_cnt', u32],
  IFLA_BR_MCAST_STARTUP_QUERY_CNT: [29, 'mcast_startup_query_cnt', u32],
  IFLA_BR_MCAST_LAST_MEMBER_INTVL: [30, 'mcast_last_member_intvl', count64],
  IFLA_BR_MCAST_MEMBERSHIP_INTVL: [31, 'mcast_membership_intvl', count64],
  IFLA_BR_MCAST_QUERIER_INTVL: [32, 'mcast_querier_intvl', count64],
  IFLA_BR_MCAST_QUERY_INTVL: [33, 'mcast_query_intvl', count64],
  IFLA_BR_MCAST_QUERY_RESPONSE_INTVL: [34, 'mcast_query_response_intvl', count64],
  IFLA_BR_MCAST_STARTUP_QUERY_INTVL: [35, 'mcast_startup_query_intvl', count64],
  IFLA_BR_MCAST_STATS_ENABLED: [42, 'mcast_stats_enabled', u8],
  IFLA_BR_MCAST_IGMP_VERSION: [43, 'mcast_igmp_version', u8],
  IFLA_BR_MCAST_MLD_VERSION: [44, 'mcast_mld_version', u8],
  IFLA_BR_NF_CALL_IPTABLES: [36, 'nf_call_iptables', u8],
  IFLA_BR_NF_CALL_IP6TABLES: [37, 'nf_call_ip6tables', u8],
  IFLA_BR_NF_CALL_ARPTABLES: [38, 'nf_call_arptables', u8],
  IFLA_BR_PAD: [40, 'pad', padding],
});

/** A learning switch. */
export const kind: LinkKind = {
  kind: 'bridge',
  data: table,
  port: portTable,
  // Numbers, as ip prints them; 0 is off.
  facts: (link) => named(link, 'vlan_filtering', 'stp_state').filter(({ value }) => value !== '0'),
};
