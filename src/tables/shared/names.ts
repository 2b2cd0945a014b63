// Numbers to the words of the public model. What has no name here is printed as a number, never dropped: in decimal where iproute2 does,
// else in hexadecimal.

/** Names of the bits of a flag word; index n names bit n. */
export type BitNames = readonly (string | undefined)[];

/** `value` as "0x4000". */
export function hex(value: number): string {
  return `0x${(value >>> 0).toString(16)}`;
}

/** The names of the bits that are set, lowest first; each bit without a name as its hexadecimal value. */
export function bitNames(names: BitNames, value: number): string[] {
  const words: string[] = [];
  for (let rest = value >>> 0; rest !== 0; ) {
    const bit = 31 - Math.clz32(rest & -rest);
    words.push(names[bit] ?? hex(1 << bit));
    rest = (rest & ~(1 << bit)) >>> 0;
  }
  return words;
}

/** IFF_*. // linux/if.h, v6.12 */
export const IFF_NAMES: BitNames = [
  'UP',
  'BROADCAST',
  'DEBUG',
  'LOOPBACK',
  'POINTOPOINT',
  'NOTRAILERS',
  'RUNNING',
  'NOARP',
  'PROMISC',
  'ALLMULTI',
  'MASTER',
  'SLAVE',
  'MULTICAST',
  'PORTSEL',
  'AUTOMEDIA',
  'DYNAMIC',
  'LOWER_UP',
  'DORMANT',
  'ECHO',
];

/** IFA_F_* of addresses of family inet. // linux/if_addr.h, v6.12 */
export const IFA_F_NAMES: BitNames = [
  'SECONDARY',
  'NODAD',
  'OPTIMISTIC',
  'DADFAILED',
  'HOMEADDRESS',
  'DEPRECATED',
  'TENTATIVE',
  'PERMANENT',
  'MANAGETEMPADDR',
  'NOPREFIXROUTE',
  'MCAUTOJOIN',
  'STABLE_PRIVACY',
];

/** The same for inet6, where the first bit is IFA_F_TEMPORARY. */
export const IFA_F_NAMES_INET6: BitNames = ['TEMPORARY', ...IFA_F_NAMES.slice(1)];

/** NUD_*. // linux/neighbour.h, v6.12 */
export const NUD_NAMES: BitNames = ['INCOMPLETE', 'REACHABLE', 'STALE', 'DELAY', 'PROBE', 'FAILED', 'NOARP', 'PERMANENT'];

/** ndm_state in words, "NOARP|PERMANENT"; "NONE" when no bit is set. */
export function neighState(state: number): string {
  // Nearly every row has one bit set.
  return state === 0 ? 'NONE' : state === 0x80 ? 'PERMANENT' : bitNames(NUD_NAMES, state).join('|');
}

/** NTF_*, ndm_flags. // linux/neighbour.h, v6.12 */
export const NTF_NAMES: BitNames = ['USE', 'SELF', 'MASTER', 'PROXY', 'EXT_LEARNED', 'OFFLOADED', 'STICKY', 'ROUTER'];
/** NTF_EXT_*, NDA_FLAGS_EXT: EXT_MANAGED since Linux 5.16, EXT_LOCKED since 6.2, EXT_EXT_VALIDATED since 6.17. // linux/neighbour.h */
export const NTF_EXT_NAMES: BitNames = ['EXT_MANAGED', 'EXT_LOCKED', 'EXT_EXT_VALIDATED'];

/** The names of ndm_flags and of NDA_FLAGS_EXT. A nameless bit of the latter has "ext:" in front, for both count from 0. */
export function neighFlags(flags: number, extended: number): string[] {
  const words = bitNames(NTF_NAMES, flags);
  for (const name of bitNames(NTF_EXT_NAMES, extended)) words.push(name.startsWith('0x') ? `ext:${name}` : name);
  return words;
}

/** RTNH_F_* (bits 0 to 6) and RTM_F_* (from bit 8 on). The RTM_F_ that are also RTNH_F_ have iproute2's RT_ in front. // linux/rtnetlink.h, v6.12 */
export const ROUTE_FLAG_NAMES: BitNames = [
  'DEAD',
  'PERVASIVE',
  'ONLINK',
  'OFFLOAD',
  'LINKDOWN',
  'UNRESOLVED',
  'TRAP',
  undefined,
  'NOTIFY',
  'CLONED',
  'EQUALIZE',
  'PREFIX',
  'LOOKUP_TABLE',
  'FIB_MATCH',
  'RT_OFFLOAD',
  'RT_TRAP',
  ...new Array<undefined>(13).fill(undefined),
  'RT_OFFLOAD_FAILED',
];

/** IF_OPER_*, RFC 2863. // linux/if.h, v6.12 */
const OPERSTATES = ['UNKNOWN', 'NOTPRESENT', 'DOWN', 'LOWERLAYERDOWN', 'TESTING', 'DORMANT', 'UP'];
/** IF_LINK_MODE_*. // linux/if.h, v6.12 */
const LINK_MODES = ['DEFAULT', 'DORMANT', 'TESTING'];
/** IN6_ADDR_GEN_MODE_*, in iproute2's words. // linux/if_link.h, v6.12 */
const ADDR_GEN_MODES = ['eui64', 'none', 'stable_secret', 'random'];
/** RTN_*. // linux/rtnetlink.h, v6.12 */
const ROUTE_TYPES = [
  'unspec',
  'unicast',
  'local',
  'broadcast',
  'anycast',
  'multicast',
  'blackhole',
  'unreachable',
  'prohibit',
  'throw',
  'nat',
  'xresolve',
];
/** ICMPV6_ROUTER_PREF_*. // linux/icmpv6.h, v6.12 */
const ROUTER_PREFERENCES = ['medium', 'high', 'invalid', 'low'];
/** LWTUNNEL_ENCAP_*, in iproute2's words. // linux/lwtunnel.h, v6.12 */
const ENCAPSULATIONS = ['none', 'mpls', 'ip', 'ila', 'ip6', 'seg6', 'bpf', 'seg6local', 'rpl', 'ioam6', 'xfrm'];
/** IFAPROT_*, in iproute2's words. // linux/if_addr.h, v6.12 */
const ADDRESS_PROTOCOLS = ['unspec', 'kernel_lo', 'kernel_ra', 'kernel_ll'];

function word(words: readonly string[], number: (value: number) => string = hex): (value: number) => string {
  return (value) => words[value] ?? number(value);
}

export const operStateName: (value: number) => string = word(OPERSTATES);
export const linkModeName: (value: number) => string = word(LINK_MODES);
export const addrGenModeName: (value: number) => string = word(ADDR_GEN_MODES);
export const routeTypeName: (value: number) => string = word(ROUTE_TYPES, String);
export const routerPreferenceName: (value: number) => string = word(ROUTER_PREFERENCES);
export const encapsulationName: (value: number) => string = word(ENCAPSULATIONS);
export const addressProtocolName: (value: number) => string = word(ADDRESS_PROTOCOLS);

/** RTPROT_*, in iproute2's words. // linux/rtnetlink.h, v6.12 */
const ROUTE_PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [0, 'unspec'],
  [1, 'redirect'],
  [2, 'kernel'],
  [3, 'boot'],
  [4, 'static'],
  [8, 'gated'],
  [9, 'ra'],
  [10, 'mrt'],
  [11, 'zebra'],
  [12, 'bird'],
  [13, 'dnrouted'],
  [14, 'xorp'],
  [15, 'ntk'],
  [16, 'dhcp'],
  [17, 'mrouted'],
  [18, 'keepalived'],
  [42, 'babel'],
  [84, 'ovn'],
  [99, 'openr'],
  [186, 'bgp'],
  [187, 'isis'],
  [188, 'ospf'],
  [189, 'rip'],
  [192, 'eigrp'],
]);

/** RT_SCOPE_*, in iproute2's words. // linux/rtnetlink.h, v6.12 */
const SCOPES: ReadonlyMap<number, string> = new Map([
  [0, 'global'],
  [200, 'site'],
  [253, 'link'],
  [254, 'host'],
  [255, 'nowhere'],
]);

/** Families, in iproute2's words. // linux/socket.h, linux/rtnetlink.h */
const FAMILIES: ReadonlyMap<number, string> = new Map([
  [2, 'inet'],
  [7, 'bridge'],
  [10, 'inet6'],
  [28, 'mpls'],
  [35, 'phonet'],
  [45, 'mctp'],
  [128, 'ipmr'],
  [129, 'ip6mr'],
]);

/** Who made a route, or a neighbour row. */
export function routeProtocolName(protocol: number): string {
  return ROUTE_PROTOCOLS.get(protocol) ?? `${protocol}`;
}

export function scopeName(scope: number): string {
  return SCOPES.get(scope) ?? `${scope}`;
}

export function familyName(family: number): string {
  return FAMILIES.get(family) ?? hex(family);
}

/** RTAX_*, in the words of iproute2 (where "congctl", a text, is RTAX_CC_ALGO). // linux/rtnetlink.h, v6.12 */
export const METRICS: readonly (string | undefined)[] = [
  undefined,
  'lock',
  'mtu',
  'window',
  'rtt',
  'rttvar',
  'ssthresh',
  'cwnd',
  'advmss',
  'reordering',
  'hoplimit',
  'initcwnd',
  'features',
  'rto_min',
  'initrwnd',
  'quickack',
  undefined,
  'fastopen_no_cookie',
];
