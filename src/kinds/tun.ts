import { bool8, oneOf, u8, u32 } from './codecs.js';
import type { LinkKind } from './contract.js';
import { named } from './shared/facts.js';

// linux/if_link.h, v6.12
const IFLA_TUN_OWNER = 1;
const IFLA_TUN_GROUP = 2;
const IFLA_TUN_TYPE = 3;
const IFLA_TUN_PI = 4;
const IFLA_TUN_VNET_HDR = 5;
const IFLA_TUN_PERSIST = 6;
const IFLA_TUN_MULTI_QUEUE = 7;
const IFLA_TUN_NUM_QUEUES = 8;
const IFLA_TUN_NUM_DISABLED_QUEUES = 9;

// linux/if_tun.h, v6.12
const IFF_TUN = 0x0001;
const IFF_TAP = 0x0002;

/**
 * An interface whose packets a process reads and writes. tun_fill_info(), drivers/net/tun.c.
 * `user` and `group` are numbers: ip looks the names up in the passwd of where it runs, which says nothing about the host.
 */
export const kind: LinkKind = {
  kind: 'tun',
  data: {
    [IFLA_TUN_TYPE]: ['type', oneOf(u8, { [IFF_TUN]: 'tun', [IFF_TAP]: 'tap' })],
    [IFLA_TUN_PI]: ['pi', bool8],
    [IFLA_TUN_VNET_HDR]: ['vnet_hdr', bool8],
    [IFLA_TUN_MULTI_QUEUE]: ['multi_queue', bool8],
    [IFLA_TUN_NUM_QUEUES]: ['numqueues', u32],
    [IFLA_TUN_NUM_DISABLED_QUEUES]: ['numdisabled', u32],
    [IFLA_TUN_PERSIST]: ['persist', bool8],
    [IFLA_TUN_OWNER]: ['user', u32],
    [IFLA_TUN_GROUP]: ['group', u32],
  },
  facts: (link) => named(link, 'type', ...(link.attributes.multi_queue === 'true' ? ['numqueues=queues'] : []), 'user'),
};
