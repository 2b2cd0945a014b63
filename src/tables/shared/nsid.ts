import { AttributeReader } from '../../netlink/attributes.js';
import * as uapi from '../../netlink/uapi.js';
import { shortHeader } from './header.js';
import type { Nsid } from '../../proto/identifiers.js';
import type { NsidRecord } from './records.js';
import type { Decoded } from './result.js';

/**
 * Decodes the payload of one RTM_NEWNSID (or RTM_DELNSID) in bytes [start, end): struct rtgenmsg and attributes.
 * // rtnl_net_fill(), net/core/net_namespace.c
 */
export function decodeNsid(view: DataView, start: number, end: number): Decoded<NsidRecord> {
  const short = shortHeader('RTM_NEWNSID', start, end, 1);
  if (short !== undefined) return short;
  const attributes = new AttributeReader(view, start + uapi.SIZEOF_RTGENMSG, end, 'RTM_NEWNSID');
  const record: NsidRecord = {};
  let hasAnswer = false;
  while (attributes.next()) {
    const name = NAMES[attributes.type];
    if (name === undefined) continue;
    hasAnswer ||= name === 'nsid';
    const nsid = attributes.s32();
    if (nsid !== uapi.NETNSA_NSID_NOT_ASSIGNED) record[name] = nsid as Nsid;
  }
  if (!hasAnswer) attributes.fail(start, 'NETNSA_NSID', 'none');
  return attributes.error ?? record;
}

const NAMES: Readonly<Record<number, keyof NsidRecord>> = {
  [uapi.NETNSA_NSID]: 'nsid',
  [uapi.NETNSA_CURRENT_NSID]: 'currentNsid',
};
