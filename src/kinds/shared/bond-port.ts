import { attributes, type BitName, bitNames, mac, oneOf, s32, u16, u32, u8, words } from '../codecs.js';
import type { AttributeTable, DetailValue } from '../contract.js';

// linux/if_bonding.h, v6.12
const STATES = words({ BOND_STATE_ACTIVE: [0, 'ACTIVE'], BOND_STATE_BACKUP: [1, 'BACKUP'] });
const MII = words({
  BOND_LINK_UP: [0, 'UP'],
  BOND_LINK_FAIL: [1, 'GOING_DOWN'],
  BOND_LINK_DOWN: [2, 'DOWN'],
  BOND_LINK_BACK: [3, 'GOING_BACK'],
});
/** churn_state_t, include/net/bond_3ad.h, which is not uapi. */
const CHURN = ['MONITOR', 'CHURN', 'NO_CHURN'];
const LACP_STATES: readonly BitName[] = Object.values({
  LACP_STATE_LACP_ACTIVITY: [0x1, 'active'],
  LACP_STATE_LACP_TIMEOUT: [0x2, 'short_timeout'],
  LACP_STATE_AGGREGATION: [0x4, 'aggregating'],
  LACP_STATE_SYNCHRONIZATION: [0x8, 'in_sync'],
  LACP_STATE_COLLECTING: [0x10, 'collecting'],
  LACP_STATE_DISTRIBUTING: [0x20, 'distributing'],
  LACP_STATE_DEFAULTED: [0x40, 'defaulted'],
  LACP_STATE_EXPIRED: [0x80, 'expired'],
});

/**
 * A bond's view of its port: bond_fill_slave_info(), drivers/net/bonding/bond_netlink.c.
 * // linux/if_link.h, v6.12; ACTOR_PORT_PRIO since v6.18, AD_CHURN_* v7.1
 */
export const portTable: AttributeTable = attributes({
  IFLA_BOND_SLAVE_STATE: [1, 'state', oneOf(u8, STATES)],
  IFLA_BOND_SLAVE_MII_STATUS: [2, 'mii_status', oneOf(u8, MII)],
  IFLA_BOND_SLAVE_LINK_FAILURE_COUNT: [3, 'link_failure_count', u32],
  IFLA_BOND_SLAVE_PERM_HWADDR: [4, 'perm_hwaddr', mac],
  IFLA_BOND_SLAVE_QUEUE_ID: [5, 'queue_id', u16],
  IFLA_BOND_SLAVE_PRIO: [9, 'prio', s32],
  IFLA_BOND_SLAVE_AD_AGGREGATOR_ID: [6, 'ad_aggregator_id', u16],
  IFLA_BOND_SLAVE_AD_ACTOR_OPER_PORT_STATE: [7, 'ad_actor_oper_port_state', u8],
  IFLA_BOND_SLAVE_AD_PARTNER_OPER_PORT_STATE: [8, 'ad_partner_oper_port_state', u16],
  IFLA_BOND_SLAVE_AD_CHURN_ACTOR_STATE: [11, 'churn_actor_state', oneOf(u8, CHURN)],
  IFLA_BOND_SLAVE_AD_CHURN_PARTNER_STATE: [12, 'churn_partner_state', oneOf(u8, CHURN)],
  IFLA_BOND_SLAVE_ACTOR_PORT_PRIO: [10, 'actor_port_prio', u16],
});

/** The LACP states are named, too, as ip does. */
export function finishPort(detail: Record<string, DetailValue>): void {
  for (const name of ['ad_actor_oper_port_state', 'ad_partner_oper_port_state']) {
    const state = detail[name];
    if (typeof state === 'number') detail[`${name}_str`] = bitNames(state, LACP_STATES);
  }
}
