import { bitNames, mac, oneOf, s32, u16, u32, u8 } from '../codecs.js';
import type { AttributeTable, DetailValue } from '../contract.js';

// linux/if_link.h, v6.12; ACTOR_PORT_PRIO since v6.18, AD_CHURN_* v7.1
const IFLA_BOND_SLAVE_STATE = 1;
const IFLA_BOND_SLAVE_MII_STATUS = 2;
const IFLA_BOND_SLAVE_LINK_FAILURE_COUNT = 3;
const IFLA_BOND_SLAVE_PERM_HWADDR = 4;
const IFLA_BOND_SLAVE_QUEUE_ID = 5;
const IFLA_BOND_SLAVE_AD_AGGREGATOR_ID = 6;
const IFLA_BOND_SLAVE_AD_ACTOR_OPER_PORT_STATE = 7;
const IFLA_BOND_SLAVE_AD_PARTNER_OPER_PORT_STATE = 8;
const IFLA_BOND_SLAVE_PRIO = 9;
const IFLA_BOND_SLAVE_ACTOR_PORT_PRIO = 10;
const IFLA_BOND_SLAVE_AD_CHURN_ACTOR_STATE = 11;
const IFLA_BOND_SLAVE_AD_CHURN_PARTNER_STATE = 12;

// linux/if_bonding.h, v6.12
const BOND_STATE_ACTIVE = 0;
const BOND_STATE_BACKUP = 1;
const BOND_LINK_UP = 0;
const BOND_LINK_FAIL = 1;
const BOND_LINK_DOWN = 2;
const BOND_LINK_BACK = 3;
const LACP_STATE_LACP_ACTIVITY = 0x1;
const LACP_STATE_LACP_TIMEOUT = 0x2;
const LACP_STATE_AGGREGATION = 0x4;
const LACP_STATE_SYNCHRONIZATION = 0x8;
const LACP_STATE_COLLECTING = 0x10;
const LACP_STATE_DISTRIBUTING = 0x20;
const LACP_STATE_DEFAULTED = 0x40;
const LACP_STATE_EXPIRED = 0x80;

const STATES = { [BOND_STATE_ACTIVE]: 'ACTIVE', [BOND_STATE_BACKUP]: 'BACKUP' };
const MII = { [BOND_LINK_UP]: 'UP', [BOND_LINK_FAIL]: 'GOING_DOWN', [BOND_LINK_DOWN]: 'DOWN', [BOND_LINK_BACK]: 'GOING_BACK' };
/** churn_state_t, include/net/bond_3ad.h, which is not uapi. */
const CHURN = { 0: 'MONITOR', 1: 'CHURN', 2: 'NO_CHURN' };
const LACP_STATES = [
  [LACP_STATE_LACP_ACTIVITY, 'active'],
  [LACP_STATE_LACP_TIMEOUT, 'short_timeout'],
  [LACP_STATE_AGGREGATION, 'aggregating'],
  [LACP_STATE_SYNCHRONIZATION, 'in_sync'],
  [LACP_STATE_COLLECTING, 'collecting'],
  [LACP_STATE_DISTRIBUTING, 'distributing'],
  [LACP_STATE_DEFAULTED, 'defaulted'],
  [LACP_STATE_EXPIRED, 'expired'],
] as const;

/** A bond's view of its port: bond_fill_slave_info(), drivers/net/bonding/bond_netlink.c. */
export const portTable: AttributeTable = {
  [IFLA_BOND_SLAVE_STATE]: ['state', oneOf(u8, STATES)],
  [IFLA_BOND_SLAVE_MII_STATUS]: ['mii_status', oneOf(u8, MII)],
  [IFLA_BOND_SLAVE_LINK_FAILURE_COUNT]: ['link_failure_count', u32],
  [IFLA_BOND_SLAVE_PERM_HWADDR]: ['perm_hwaddr', mac],
  [IFLA_BOND_SLAVE_QUEUE_ID]: ['queue_id', u16],
  [IFLA_BOND_SLAVE_PRIO]: ['prio', s32],
  [IFLA_BOND_SLAVE_AD_AGGREGATOR_ID]: ['ad_aggregator_id', u16],
  [IFLA_BOND_SLAVE_AD_ACTOR_OPER_PORT_STATE]: ['ad_actor_oper_port_state', u8],
  [IFLA_BOND_SLAVE_AD_PARTNER_OPER_PORT_STATE]: ['ad_partner_oper_port_state', u16],
  [IFLA_BOND_SLAVE_AD_CHURN_ACTOR_STATE]: ['churn_actor_state', oneOf(u8, CHURN)],
  [IFLA_BOND_SLAVE_AD_CHURN_PARTNER_STATE]: ['churn_partner_state', oneOf(u8, CHURN)],
  [IFLA_BOND_SLAVE_ACTOR_PORT_PRIO]: ['actor_port_prio', u16],
};

/** The LACP states are named, too, as ip does. */
export function finishPort(detail: Record<string, DetailValue>): void {
  for (const name of ['ad_actor_oper_port_state', 'ad_partner_oper_port_state']) {
    const state = detail[name];
    if (typeof state === 'number') detail[`${name}_str`] = bitNames(state, LACP_STATES);
  }
}
