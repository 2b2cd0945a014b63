import { AttributeReader } from '../netlink/attributes.js';
import { readRequest } from '../netlink/requests.js';
import * as uapi from '../netlink/uapi.js';
import type { Netconf } from '../proto/gen/types.js';
import type { Ifindex } from '../proto/identifiers.js';
import { defineTable, selectsIp } from './contract.js';
import { AttributeDecoder } from './shared/attribute-table.js';
import { shortHeader } from './shared/header.js';
import { familyName } from './shared/names.js';
import { inAttribute } from './shared/names-interface.js';
import type { Decoded } from './shared/result.js';

type NetconfRecord = Omit<Netconf, 'netnsId'>;

/** Values of rp_filter, in iproute2's words. // Documentation/networking/ip-sysctl.rst, v6.12 */
const RP_FILTERS = ['off', 'strict', 'loose'];

/**
 * Decodes the payload of one RTM_NEWNETCONF (or RTM_DELNETCONF) in bytes [start, end): struct netconfmsg and attributes.
 * // inet_netconf_fill_devconf() net/ipv4/devinet.c, inet6_netconf_fill_devconf() net/ipv6/addrconf.c, mpls_netconf_fill_devconf()
 */
export function decodeNetconf(view: DataView, start: number, end: number): Decoded<NetconfRecord> {
  const short = shortHeader('RTM_NEWNETCONF', start, end, uapi.SIZEOF_NETCONFMSG);
  if (short !== undefined) return short;
  const row: NetconfRecord = { family: familyName(view.getUint8(start)) };
  const attributes = new AttributeReader(view, start + uapi.SIZEOF_NETCONFMSG, end, 'RTM_NEWNETCONF');
  NETCONF.read(row, attributes);
  if (row.ifindex === undefined && row.ifname === undefined) attributes.fail(start, 'NETCONFA_IFINDEX', 'none');
  return attributes.error ?? row;
}

const NETCONF = new AttributeDecoder<NetconfRecord>({
  [uapi.NETCONFA_IFINDEX]: (row, attribute) => {
    const ifindex = attribute.s32();
    if (ifindex === uapi.NETCONFA_IFINDEX_ALL) row.ifname = 'all';
    else if (ifindex === uapi.NETCONFA_IFINDEX_DEFAULT) row.ifname = 'default';
    else row.ifindex = ifindex as Ifindex;
  },
  [uapi.NETCONFA_FORWARDING]: (row, attribute) => {
    row.forwarding = attribute.s32() !== 0;
  },
  [uapi.NETCONFA_RP_FILTER]: (row, attribute) => {
    const filter = attribute.s32();
    row.rpFilter = RP_FILTERS[filter] ?? `${filter}`;
  },
  [uapi.NETCONFA_MC_FORWARDING]: (row, attribute) => {
    row.mcForwarding = attribute.s32() !== 0;
  },
  [uapi.NETCONFA_PROXY_NEIGH]: (row, attribute) => {
    row.proxyNeigh = attribute.s32() !== 0;
  },
  [uapi.NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN]: (row, attribute) => {
    row.ignoreRoutesWithLinkdown = attribute.s32() !== 0;
  },
  [uapi.NETCONFA_INPUT]: (row, attribute) => {
    row.input = attribute.s32() !== 0;
  },
  [uapi.NETCONFA_BC_FORWARDING]: (row, attribute) => {
    row.bcForwarding = attribute.s32() !== 0;
  },
  [uapi.NETCONFA_FORCE_FORWARDING]: (row, attribute) => {
    row.forceForwarding = attribute.s32() !== 0;
  },
});

/** Configuration of inet, inet6 and mpls, by interface, for all of them, and for those to come. */
export const table = defineTable<Netconf>()({
  name: 'NETCONF',
  section: 'netconf',
  counted: { noun: 'netconf row', title: 'Rows of the configuration of interfaces', metric: 'netconf' },
  format: { headerBytes: uapi.SIZEOF_NETCONFMSG, filter: NETCONF.filter, ordered: false },
  events: [
    {
      groups: [uapi.RTNLGRP_IPV4_NETCONF, uapi.RTNLGRP_IPV6_NETCONF, uapi.RTNLGRP_MPLS_NETCONF],
      types: [uapi.RTM_NEWNETCONF, uapi.RTM_DELNETCONF],
    },
  ],
  requests: [readRequest({ type: uapi.RTM_GETNETCONF, headerBytes: uapi.SIZEOF_NETCONFMSG })],
  decode: decodeNetconf,
  namesInterface: inAttribute(uapi.SIZEOF_NETCONFMSG, uapi.NETCONFA_IFINDEX),
  identity: ({ family, ifindex, ifname }) => `${family} ${ifindex ?? ifname}`,
  interfaceNames: ({ ifindex, ifname }) => (ifindex === undefined ? [ifname] : []),
  selects: (_row, selector) => selectsIp([], selector),
});
