import { AttributeReader } from '../../netlink/attributes.js';
import * as uapi from '../../netlink/uapi.js';
import { shortHeader } from './header.js';
import type { Nsid, NsidRecord } from './records.js';
import type { Decoded } from './result.js';

/**
 * Decodes the payload of one RTM_NEWNSID (or RTM_DELNSID) in bytes [start, end): struct rtgenmsg and attributes.
 * // rtnl_net_fill(), net/core/net_namespace.c
 */
export function decodeNsid(view: DataView, start: number, end: number): Decoded<NsidRecord> {
  const short = shortHeader('RTM_NEWNSID', start, end, 1);
  if (short !== undefined) return short;
  const attributes = new AttributeReader(view, start + uapi.SIZEOF_RTGENMSG, end, 'RTM_NEWNSID');
  let nsid: Nsid | undefined;
  let currentNsid: Nsid | undefined;
  while (attributes.next()) {
    if (attributes.type === uapi.NETNSA_NSID) nsid = attributes.s32() as Nsid;
    else if (attributes.type === uapi.NETNSA_CURRENT_NSID) currentNsid = attributes.s32() as Nsid;
  }
  if (nsid === undefined) attributes.fail(start, 'NETNSA_NSID', 'none');
  if (attributes.error !== undefined || nsid === undefined) return attributes.error as NonNullable<typeof attributes.error>;
  return currentNsid === undefined ? { nsid } : { nsid, currentNsid };
}
