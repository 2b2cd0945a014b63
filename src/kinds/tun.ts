import { attributes, bool8, oneOf, u8, u32, words } from './codecs.js';
import type { LinkKind } from './contract.js';
import { named } from './shared/facts.js';

/**
 * An interface whose packets a process reads and writes. tun_fill_info(), drivers/net/tun.c.
 * `user` and `group` are numbers: ip looks the names up in the passwd of where it runs, which says nothing about the host.
 * // linux/if_link.h, linux/if_tun.h, v6.12
 */
export const kind: LinkKind = {
  kind: 'tun',
  data: attributes({
    IFLA_TUN_TYPE: [3, 'type', oneOf(u8, words({ IFF_TUN: [0x0001, 'tun'], IFF_TAP: [0x0002, 'tap'] }))],
    IFLA_TUN_PI: [4, 'pi', bool8],
    IFLA_TUN_VNET_HDR: [5, 'vnet_hdr', bool8],
    IFLA_TUN_MULTI_QUEUE: [7, 'multi_queue', bool8],
    IFLA_TUN_NUM_QUEUES: [8, 'numqueues', u32],
    IFLA_TUN_NUM_DISABLED_QUEUES: [9, 'numdisabled', u32],
    IFLA_TUN_PERSIST: [6, 'persist', bool8],
    IFLA_TUN_OWNER: [1, 'user', u32],
    IFLA_TUN_GROUP: [2, 'group', u32],
  }),
  facts: (link) => named(link, 'type', ...(link.attributes.multi_queue === 'true' ? ['numqueues=queues'] : []), 'user'),
};
