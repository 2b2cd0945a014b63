import { AttributeReader, LITTLE_ENDIAN } from '../netlink/attributes.js';
import { readRequest } from '../netlink/requests.js';
import * as uapi from '../netlink/uapi.js';
import type { Ifindex } from '../proto/identifiers.js';
import { IFINDEX_AT, type TableSource } from './contract.js';
import { addressText } from './shared/address.js';
import { AttributeDecoder, volatile } from './shared/attribute-table.js';
import { shortHeader } from './shared/header.js';
import { addressProtocolName, bitNames, familyName, IFA_F_NAMES, IFA_F_NAMES_INET6, scopeName } from './shared/names.js';
import type { AddressRecord } from './shared/records.js';
import type { Decoded } from './shared/result.js';

/** A lifetime that never ends. // INFINITY_LIFE_TIME, include/net/addrconf.h */
const FOR_EVER = 0xffffffff;

/**
 * Decodes the payload of one RTM_NEWADDR (or RTM_DELADDR) in bytes [start, end): struct ifaddrmsg and attributes.
 *
 * IFA_LOCAL is the interface's own address, and IFA_ADDRESS then the other end's, the same when there is none; without
 * IFA_LOCAL (inet6) IFA_ADDRESS is its own. // inet_fill_ifaddr() net/ipv4/devinet.c, inet6_fill_ifaddr() net/ipv6/addrconf.c
 */
export function decodeAddress(view: DataView, start: number, end: number): Decoded<AddressRecord> {
  const short = shortHeader('RTM_NEWADDR', start, end, uapi.SIZEOF_IFADDRMSG);
  if (short !== undefined) return short;
  const family = view.getUint8(start);
  const record: AddressRecord = {
    ifindex: view.getUint32(start + 4, LITTLE_ENDIAN) as Ifindex,
    family: familyName(family),
    address: '',
    prefixLength: view.getUint8(start + 1),
    scope: scopeName(view.getUint8(start + 3)),
    flags: [],
  };
  const draft: Draft = { record, family, flags: view.getUint8(start + 2), local: undefined, address: undefined };
  const attributes = new AttributeReader(view, start + uapi.SIZEOF_IFADDRMSG, end, 'RTM_NEWADDR');
  ADDRESS.read(draft, attributes);
  const { local, address } = draft;
  record.flags = bitNames(family === uapi.AF_INET6 ? IFA_F_NAMES_INET6 : IFA_F_NAMES, draft.flags);
  const own = local ?? address;
  if (own === undefined) attributes.fail(start, 'IFA_LOCAL or IFA_ADDRESS', 'neither');
  else record.address = own;
  if (local !== undefined && address !== undefined && address !== local) record.peer = address;
  return attributes.error ?? record;
}

/** An address while its attributes are walked. */
interface Draft {
  readonly record: AddressRecord;
  /** AF_*. */
  readonly family: number;
  /** The low 8 bits, until IFA_FLAGS gives all of them. */
  flags: number;
  local: string | undefined;
  address: string | undefined;
}

const ADDRESS = new AttributeDecoder<Draft>({
  [uapi.IFA_LOCAL]: (draft, attribute) => {
    draft.local = addressText(attribute, draft.family);
  },
  [uapi.IFA_ADDRESS]: (draft, attribute) => {
    draft.address = addressText(attribute, draft.family);
  },
  [uapi.IFA_FLAGS]: (draft, attribute) => {
    draft.flags = attribute.u32();
  },
  [uapi.IFA_BROADCAST]: ({ record, family }, attribute) => {
    record.broadcast = addressText(attribute, family);
  },
  [uapi.IFA_ANYCAST]: ({ record, family }, attribute) => {
    record.anycast = addressText(attribute, family);
  },
  [uapi.IFA_LABEL]: ({ record }, attribute) => {
    record.label = attribute.string();
  },
  [uapi.IFA_CACHEINFO]: volatile(({ record }, attribute) => {
    readLifetimes(record, attribute);
  }),
  [uapi.IFA_PROTO]: ({ record }, attribute) => {
    record.protocol = addressProtocolName(attribute.u8());
  },
  [uapi.IFA_RT_PRIORITY]: ({ record }, attribute) => {
    record.metric = attribute.u32();
  },
});

/**
 * Dump of the addresses of all families; of one interface where it is named (ENODEV when it is gone).
 * // inet_valid_dump_ifaddr_req(), inet_dump_ifaddr() net/ipv4/devinet.c, inet6_dump_addr() net/ipv6/addrconf.c
 */
export function dumpAddresses(ifindex = 0): Uint8Array {
  return readRequest({ type: uapi.RTM_GETADDR, headerBytes: uapi.SIZEOF_IFADDRMSG, ifindex });
}

/** Addresses. What is remembered is all that is decoded but lifetimes. */
export const ADDRESSES: TableSource<'ADDRESSES'> = {
  name: 'ADDRESSES',
  format: { headerBytes: uapi.SIZEOF_IFADDRMSG, filter: ADDRESS.filter, ordered: true, ifindexAt: IFINDEX_AT },
  events: [
    {
      groups: [uapi.RTNLGRP_IPV4_IFADDR, uapi.RTNLGRP_IPV6_IFADDR],
      types: [uapi.RTM_NEWADDR, uapi.RTM_DELADDR],
      ifindexAt: IFINDEX_AT,
    },
  ],
  requests: [dumpAddresses()],
  partRequest: dumpAddresses,
};

/** struct ifa_cacheinfo: prefered, valid (seconds), cstamp, tstamp (u32 each). // linux/if_addr.h, v6.12 */
function readLifetimes(record: AddressRecord, attribute: AttributeReader): void {
  const { view, offset, length } = attribute;
  if (length < uapi.SIZEOF_IFA_CACHEINFO) {
    attribute.fail(offset, `${uapi.SIZEOF_IFA_CACHEINFO} bytes of ifa_cacheinfo`, `${length} bytes`);
    return;
  }
  const preferred = view.getUint32(offset, LITTLE_ENDIAN);
  const valid = view.getUint32(offset + 4, LITTLE_ENDIAN);
  if (preferred !== FOR_EVER) record.preferredLifetimeSeconds = preferred;
  if (valid !== FOR_EVER) record.validLifetimeSeconds = valid;
}
