import type { AddressRecord, LinkRecord } from '../tables/shared/records.js';
import type { Interface, Veth } from './types.js';

/** What is known of the things that a link refers to. */
export interface Resolved {
  readonly netnsId: string;
  readonly masterName: string | undefined;
  readonly linkNetnsId: string | undefined;
  readonly veth: Veth | undefined;
}

/** An interface, of its record, which is used up, and those of its addresses. */
export function completeInterface(record: LinkRecord, addresses: readonly AddressRecord[], resolved: Resolved): Interface {
  const link = record as Interface;
  link.netnsId = resolved.netnsId;
  if (resolved.masterName !== undefined) link.masterName = resolved.masterName;
  if (resolved.linkNetnsId !== undefined) link.linkNetnsId = resolved.linkNetnsId;
  if (resolved.veth !== undefined) link.veth = resolved.veth;
  link.addresses = addresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`);
  link.addressDetails = addresses.map(({ ifindex: _ofThisLink, ...address }) => address);
  return link;
}
