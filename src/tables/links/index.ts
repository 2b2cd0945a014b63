import { IFINDEX_AT, type TableSource } from '../contract.js';
import { readRequest } from '../../netlink/requests.js';
import * as uapi from '../../netlink/uapi.js';
import { LINK_FILTER } from './link.js';

/**
 * Dump of all links. RTEXT_FILTER_VF stays out: virtual functions can be thousands of bytes each.
 * // rtnl_valid_dump_ifinfo_req(), rtnl_dump_ifinfo(), net/core/rtnetlink.c
 *
 * @param options.counters false asks with RTEXT_FILTER_SKIP_STATS: up to Linux 6.18 that leaves out the IPv6 SNMP counters (a
 *   fifth of the bytes, which nobody here decodes) but not IFLA_STATS64, later kernels leave out both. So whoever wants
 *   counters has to take all of them. Default true. // inet6_fill_ifla6_attrs(), rtnl_fill_ifinfo()
 */
export function dumpLinks(options: { readonly counters?: boolean } = {}): Uint8Array {
  // Never 0: only with a mask does the kernel size its buffer by the largest link. Without one a link whose message is larger
  // than 32 KiB (260 alternative names do it) ends the dump with it, and no error. // rtnl_calcit(), net/core/rtnetlink.c
  const mask = uapi.RTEXT_FILTER_MRP | (options.counters === false ? uapi.RTEXT_FILTER_SKIP_STATS : 0);
  return readRequest({ type: uapi.RTM_GETLINK, headerBytes: uapi.SIZEOF_IFINFOMSG, attributes: [[uapi.IFLA_EXT_MASK, mask]] });
}

/**
 * Asks for one link, as dumpLinks({ counters: false }) asks for all; ENODEV when there is none of this ifindex.
 * // rtnl_valid_getlink_req(), rtnl_getlink(), net/core/rtnetlink.c
 */
export function getLink(ifindex: number): Uint8Array {
  const mask = uapi.RTEXT_FILTER_MRP | uapi.RTEXT_FILTER_SKIP_STATS;
  const attributes = [[uapi.IFLA_EXT_MASK, mask]] as const;
  return readRequest({ type: uapi.RTM_GETLINK, headerBytes: uapi.SIZEOF_IFINFOMSG, dump: false, ifindex, attributes });
}

/** Links. With the addresses they make the interfaces of a namespace. */
export const LINKS: TableSource<'LINKS'> = {
  name: 'LINKS',
  format: { headerBytes: uapi.SIZEOF_IFINFOMSG, filter: LINK_FILTER, ordered: false, ifindexAt: IFINDEX_AT },
  events: [{ groups: [uapi.RTNLGRP_LINK], types: [uapi.RTM_NEWLINK, uapi.RTM_DELLINK], ifindexAt: IFINDEX_AT }],
  requests: [dumpLinks({ counters: false })],
  completeRequests: [dumpLinks()],
  partRequest: getLink,
};
