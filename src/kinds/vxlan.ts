import { attributes, be16, be32, be64, bool8, flag, hex, ipv4, ipv6, oneOf, portRange, u8, u32, words } from './codecs.js';
import { isMulticast } from '../netlink/text.js';
import type { AttributeTable, Described, Detail, DetailValue, Fact, LinkKind } from './contract.js';
import type { Vxlan } from '../proto/gen/types.js';
import { dropNoInterface, reference } from './shared/refs.js';

// linux/if_link.h, v6.12; LOCALBYPASS since v6.5, LABEL_POLICY v6.8, RESERVED_BITS v6.14, MC_ROUTE v6.17
const DF = words({ VXLAN_DF_UNSET: [0, 'unset'], VXLAN_DF_SET: [1, 'set'], VXLAN_DF_INHERIT: [2, 'inherit'] });
const LABEL_POLICIES = words({ VXLAN_LABEL_FIXED: [0, 'fixed'], VXLAN_LABEL_INHERIT: [1, 'inherit'] });

/** vxlan_fill_info(), drivers/net/vxlan/vxlan_core.c. */
const table: AttributeTable = attributes({
  IFLA_VXLAN_ID: [1, 'id', u32],
  IFLA_VXLAN_GROUP: [2, 'remote', ipv4],
  IFLA_VXLAN_GROUP6: [16, 'remote6', ipv6],
  IFLA_VXLAN_LOCAL: [4, 'local', ipv4],
  IFLA_VXLAN_LOCAL6: [17, 'local6', ipv6],
  IFLA_VXLAN_LINK: [3, 'link_ifindex', u32],
  IFLA_VXLAN_PORT_RANGE: [10, 'port_range', portRange],
  IFLA_VXLAN_PORT: [15, 'port', be16],
  IFLA_VXLAN_TOS: [6, 'tos', u8],
  IFLA_VXLAN_TTL: [5, 'ttl', u8],
  IFLA_VXLAN_TTL_INHERIT: [28, 'ttl_inherit', flag],
  IFLA_VXLAN_DF: [29, 'df', oneOf(u8, DF)],
  IFLA_VXLAN_LABEL: [26, 'label', be32],
  IFLA_VXLAN_LABEL_POLICY: [32, 'label_policy', oneOf(u32, LABEL_POLICIES)],
  IFLA_VXLAN_AGEING: [8, 'ageing', u32],
  IFLA_VXLAN_LIMIT: [9, 'limit', u32],
  IFLA_VXLAN_RESERVED_BITS: [33, 'reserved_bits', hex(be64)],
  IFLA_VXLAN_GBP: [23, 'gbp', flag],
  IFLA_VXLAN_GPE: [27, 'gpe', flag],
  IFLA_VXLAN_REMCSUM_NOPARTIAL: [24, 'remcsum_nopartial', flag],
  IFLA_VXLAN_COLLECT_METADATA: [25, 'external', flag],
  IFLA_VXLAN_VNIFILTER: [30, 'vnifilter', flag],
  IFLA_VXLAN_LEARNING: [7, 'learning', bool8],
  IFLA_VXLAN_PROXY: [11, 'proxy', bool8],
  IFLA_VXLAN_RSC: [12, 'rsc', bool8],
  IFLA_VXLAN_L2MISS: [13, 'l2miss', bool8],
  IFLA_VXLAN_L3MISS: [14, 'l3miss', bool8],
  IFLA_VXLAN_UDP_CSUM: [18, 'udp_csum', bool8],
  IFLA_VXLAN_UDP_ZERO_CSUM6_TX: [19, 'udp_zero_csum6_tx', bool8],
  IFLA_VXLAN_UDP_ZERO_CSUM6_RX: [20, 'udp_zero_csum6_rx', bool8],
  IFLA_VXLAN_REMCSUM_TX: [21, 'remcsum_tx', bool8],
  IFLA_VXLAN_REMCSUM_RX: [22, 'remcsum_rx', bool8],
  IFLA_VXLAN_LOCALBYPASS: [31, 'localbypass', bool8],
  IFLA_VXLAN_MC_ROUTE: [34, 'mcroute', bool8],
});

/**
 * The address that means none is left out: the kernel sends no group at all for a device without one over IPv4, and
 * "::" over IPv6. A multicast address is called a group, as ip does.
 */
function finish(detail: Record<string, DetailValue>): void {
  for (const name of ['remote', 'remote6', 'local', 'local6']) {
    if (detail[name] === '0.0.0.0' || detail[name] === '::') delete detail[name];
  }
  if (isMulticast(String(detail.remote))) rename(detail, 'remote', 'group');
  if (isMulticast(String(detail.remote6))) rename(detail, 'remote6', 'group6');
  dropNoInterface(detail, 'link_ifindex');
}

function rename(detail: Record<string, DetailValue>, from: string, to: string): void {
  const value = detail[from];
  delete detail[from];
  if (value !== undefined) detail[to] = value;
}

/** Detail names that are taken as they are, by the field of Vxlan. */
const FIELDS: readonly (readonly [field: string, name: string])[] = Object.entries({
  learning: 'learning',
  proxy: 'proxy',
  rsc: 'rsc',
  l2miss: 'l2miss',
  l3miss: 'l3miss',
  underlayIfindex: 'link_ifindex',
  ttl: 'ttl',
  ttlInherit: 'ttl_inherit',
  tos: 'tos',
  label: 'label',
  df: 'df',
  ageingSeconds: 'ageing',
  limit: 'limit',
  udpCsum: 'udp_csum',
  udpZeroCsum6Tx: 'udp_zero_csum6_tx',
  udpZeroCsum6Rx: 'udp_zero_csum6_rx',
  remcsumTx: 'remcsum_tx',
  remcsumRx: 'remcsum_rx',
  gbp: 'gbp',
  gpe: 'gpe',
  remcsumNopartial: 'remcsum_nopartial',
  external: 'external',
  vnifilter: 'vnifilter',
  localbypass: 'localbypass',
} satisfies Partial<Record<keyof Vxlan, string>>);

/** Details that are made into fields of other names or forms. */
const MADE = ['id', 'port', 'local', 'local6', 'remote', 'remote6', 'port_range'];

/** Details that came after the message was made. */
const OTHERS: readonly string[] = Object.values(table)
  .map(([name]) => name)
  .filter((name) => !MADE.includes(name) && !FIELDS.some(([, taken]) => taken === name));

/**
 * The public message, of a detail that the table and finish() of this kind have made. What the kernel did not send is
 * absent, and the id of 0 that it sends in metadata mode is no VNI; without that mode 0 is one as any other.
 */
export function vxlanFromDetail(detail: Detail): Vxlan {
  const vxlan: Record<string, DetailValue> = {};
  if (detail.id !== undefined && !(detail.id === 0 && detail.external === true)) vxlan.vni = detail.id;
  if (detail.port !== undefined) vxlan.dstPort = detail.port;
  const local = detail.local ?? detail.local6;
  if (local !== undefined) vxlan.local = local;
  const remote = detail.remote ?? detail.group ?? detail.remote6 ?? detail.group6;
  if (remote !== undefined) vxlan.remote = remote;
  if (typeof detail.port_range === 'string') {
    const dash = detail.port_range.indexOf('-');
    vxlan.srcPortMin = Number(detail.port_range.slice(0, dash));
    vxlan.srcPortMax = Number(detail.port_range.slice(dash + 1));
  }
  for (const [field, name] of FIELDS) {
    const value = detail[name];
    if (value !== undefined) vxlan[field] = value;
  }
  return vxlan;
}

/** Flags that people look for in an overlay. */
const FLAGS = ['learning', 'proxy', 'l2miss', 'l3miss', 'rsc', 'external'] as const;

function facts({ vxlan }: Described): Fact[] {
  if (vxlan === undefined) return [];
  const { vni, dstPort, local, remote } = vxlan;
  const named = Object.entries({ vni, port: dstPort, local, remote });
  return [
    ...named.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value: String(value) }])),
    ...FLAGS.filter((name) => vxlan[name] === true).map((name) => ({ name, value: 'true' })),
  ];
}

/**
 * An overlay over UDP. The details are typed rather than ip's text
 * (`tos`, `label` are numbers), for they become message Vxlan.
 *
 * Its IFLA_LINK is the underlay only when it was given one, else its own ifindex (dev_get_iflink(), net/core/dev.c);
 * so the underlay is IFLA_VXLAN_LINK, in the namespace of IFLA_LINK_NETNSID: where the UDP socket is.
 */
export const kind: LinkKind = {
  kind: 'vxlan',
  data: table,
  finish,
  refs: (detail, link) => reference('underlay', detail.link_ifindex, link.linkNsid),
  typed: { field: 'vxlan', message: vxlanFromDetail, others: OTHERS },
  facts,
};
