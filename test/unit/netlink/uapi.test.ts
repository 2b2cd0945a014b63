import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import t from 'tap';
import { linkTypeName } from '../../../src/tables/links/link-types.js';
import * as names from '../../../src/tables/shared/names.js';
import * as uapi from '../../../src/netlink/uapi.js';

/** Names of uapi.ts that C knows by another expression. */
const EXPRESSIONS: Readonly<Record<string, string>> = {
  NLA_TYPE_MASK: '(NLA_TYPE_MASK & 0xffff)',
  SIZEOF_RTGENMSG: 'NLMSG_ALIGN(sizeof(struct rtgenmsg))',
  SIZEOF_NETCONFMSG: 'NLMSG_ALIGN(sizeof(struct netconfmsg))',
};

/** Newer than Debian 12's headers (6.1): the release whose headers have them. */
const NEWER: Readonly<Record<string, readonly [major: number, minor: number]>> = {
  IFLA_GSO_IPV4_MAX_SIZE: [6, 3],
  IFLA_GRO_IPV4_MAX_SIZE: [6, 3],
  NTF_EXT_LOCKED: [6, 2],
  NTF_EXT_EXT_VALIDATED: [6, 17],
  RTPROT_OVN: [6, 15],
  FRA_DSCP: [6, 13],
  FRA_FLOWLABEL: [6, 14],
  FRA_FLOWLABEL_MASK: [6, 14],
  FRA_SPORT_MASK: [6, 15],
  FRA_DPORT_MASK: [6, 15],
  FRA_DSCP_MASK: [6, 15],
  NETCONFA_FORCE_FORWARDING: [6, 17],
};

const HEADERS = [
  'stddef.h',
  'sys/socket.h',
  'linux/version.h',
  'linux/netlink.h',
  'linux/rtnetlink.h',
  'linux/if_link.h',
  'linux/if_addr.h',
  'linux/neighbour.h',
  'linux/net_namespace.h',
  'linux/if_arp.h',
  'linux/if.h',
  'linux/lwtunnel.h',
  'linux/icmpv6.h',
  'linux/fib_rules.h',
  'linux/nexthop.h',
  'linux/netconf.h',
];

/** One assertion; of a newer constant only where the headers are new enough. */
function check(name: string, value: number, expression = name): string {
  const line = `_Static_assert((${expression}) == ${value}, "${name}");`;
  const since = NEWER[name];
  return since === undefined ? line : `#if LINUX_VERSION_CODE >= KERNEL_VERSION(${since[0]}, ${since[1]}, 0)\n${line}\n#endif`;
}

function compile(lines: readonly string[]): string {
  const source = [...HEADERS.map((header) => `#include <${header}>`), ...lines, ''].join('\n');
  const { status, stderr, error } = spawnSync('cc', ['-fsyntax-only', '-x', 'c', '-std=gnu11', '-'], {
    input: source,
    encoding: 'utf8',
  });
  assert.equal(error, undefined, 'cc has to be there: apt-get install gcc libc6-dev');
  return status === 0 ? '' : stderr || `cc ended with ${status}`;
}

/** Checks of the values 0 to `most` that `word` has a name for. */
function words(most: number, word: (value: number) => string, constant: (name: string) => string): string[] {
  const lines: string[] = [];
  for (let value = 0; value <= most; value++) {
    const name = word(value);
    if (!/^(0x[0-9a-f]+|\d+)$/.test(name)) lines.push(check(constant(name), value));
  }
  return lines;
}

function bits(table: names.BitNames, prefix: string): string[] {
  return table.flatMap((name, bit) => (name === undefined ? [] : [check(`${prefix}${name}`, 2 ** bit)]));
}

const upper = (prefix: string, aliases: Readonly<Record<string, string>> = {}) => {
  return (name: string): string => `${prefix}${aliases[name] ?? name.toUpperCase()}`;
};

const LINK_TYPE_ALIASES: Readonly<Record<string, string>> = {
  generic: 'NETROM',
  atalk: 'APPLETLK',
  ipip: 'TUNNEL',
  ltalk: 'LOCALTLK',
  'ip/ddp': 'IPDDP',
  gre: 'IPGRE',
  gre6: 'IP6GRE',
  tr: 'IEEE802_TR',
  'ieee802.11': 'IEEE80211',
  'ieee802.11/prism': 'IEEE80211_PRISM',
  'ieee802.11/radiotap': 'IEEE80211_RADIOTAP',
  'ieee802.15.4': 'IEEE802154',
  'ieee802.15.4/monitor': 'IEEE802154_MONITOR',
  ...Object.fromEntries(Array.from({ length: 13 }, (_, index) => [`fcfb${index}`, `FCFABRIC + ${index}`])),
};

t.test('uapi constants', async (t) => {
  t.test('are those of the installed kernel headers, every one', async (t) => {
    const all = Object.entries(uapi).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
    t.ok(all.length > 150, `${all.length} constants`);
    const lines = all.map(([name, value]) => {
      const size = name.startsWith('SIZEOF_') ? `sizeof(struct ${name.slice(7).toLowerCase()})` : name;
      return check(name, value, EXPRESSIONS[name] ?? size);
    });
    t.equal(compile(lines), '');
  });

  t.test('are compared for real: a wrong one does not compile', async (t) => {
    t.match(compile([check('IFLA_MTU', uapi.IFLA_MTU + 1)]), /IFLA_MTU/);
  });

  t.test('have headers whose fields are where the decoders look', async (t) => {
    const offsets: readonly (readonly [struct: string, field: string, offset: number])[] = [
      ['nlmsghdr', 'nlmsg_len', 0],
      ['nlmsghdr', 'nlmsg_type', 4],
      ['nlmsghdr', 'nlmsg_flags', 6],
      ['nlmsghdr', 'nlmsg_seq', 8],
      ['nlmsghdr', 'nlmsg_pid', 12],
      ['nlmsgerr', 'msg', 4],
      ['ifinfomsg', 'ifi_type', 2],
      ['ifinfomsg', 'ifi_index', 4],
      ['ifinfomsg', 'ifi_flags', 8],
      ['ifaddrmsg', 'ifa_family', 0],
      ['ifaddrmsg', 'ifa_prefixlen', 1],
      ['ifaddrmsg', 'ifa_flags', 2],
      ['ifaddrmsg', 'ifa_scope', 3],
      ['ifaddrmsg', 'ifa_index', 4],
      ['ifa_cacheinfo', 'ifa_prefered', 0],
      ['ifa_cacheinfo', 'ifa_valid', 4],
      ['ndmsg', 'ndm_ifindex', 4],
      ['ndmsg', 'ndm_state', 8],
      ['ndmsg', 'ndm_flags', 10],
      ['nda_cacheinfo', 'ndm_confirmed', 0],
      ['nda_cacheinfo', 'ndm_used', 4],
      ['nda_cacheinfo', 'ndm_updated', 8],
      ['rtmsg', 'rtm_dst_len', 1],
      ['rtmsg', 'rtm_src_len', 2],
      ['rtmsg', 'rtm_tos', 3],
      ['rtmsg', 'rtm_table', 4],
      ['rtmsg', 'rtm_protocol', 5],
      ['rtmsg', 'rtm_scope', 6],
      ['rtmsg', 'rtm_type', 7],
      ['rtmsg', 'rtm_flags', 8],
      ['rtnexthop', 'rtnh_flags', 2],
      ['rtnexthop', 'rtnh_hops', 3],
      ['rtnexthop', 'rtnh_ifindex', 4],
      ['rtvia', 'rtvia_addr', 2],
      ['rta_cacheinfo', 'rta_expires', 8],
      ['rtnl_link_stats64', 'rx_nohandler', 23 * 8],
      ['rtnl_link_stats64', 'rx_otherhost_dropped', 24 * 8],
    ];
    const lines = offsets.map(
      ([struct, field, offset]) => `_Static_assert(offsetof(struct ${struct}, ${field}) == ${offset}, "${field}");`,
    );
    t.equal(compile(lines), '');
  });

  t.test('have the counters in the order of rtnl_link_stats64', async (t) => {
    const fields =
      'rx_packets tx_packets rx_bytes tx_bytes rx_errors tx_errors rx_dropped tx_dropped multicast collisions rx_length_errors rx_over_errors ' +
      'rx_crc_errors rx_frame_errors rx_fifo_errors rx_missed_errors tx_aborted_errors tx_carrier_errors tx_fifo_errors tx_heartbeat_errors ' +
      'tx_window_errors rx_compressed tx_compressed rx_nohandler rx_otherhost_dropped';
    const lines = fields
      .split(' ')
      .map((field, at) => `_Static_assert(offsetof(struct rtnl_link_stats64, ${field}) == ${at * 8}, "${field}");`);
    t.equal(compile(lines), '');
  });
});

t.test('names of numbers', async (t) => {
  t.test('of flags are those of the headers', async (t) => {
    const lines = [
      ...bits(names.IFF_NAMES, 'IFF_'),
      ...bits(names.IFA_F_NAMES, 'IFA_F_'),
      ...bits(names.IFA_F_NAMES_INET6, 'IFA_F_'),
      ...bits(names.NUD_NAMES, 'NUD_'),
      ...bits(names.NTF_NAMES, 'NTF_'),
      ...bits(names.NTF_EXT_NAMES, 'NTF_'),
      ...names.ROUTE_FLAG_NAMES.flatMap((name, bit) => {
        if (name === undefined) return [];
        return [check(bit < 8 ? `RTNH_F_${name}` : `RTM_F_${name.replace(/^RT_/, '')}`, 2 ** bit)];
      }),
    ];
    t.equal(compile(lines), '');
  });

  t.test('of states, types and protocols are those of the headers', async (t) => {
    const lines = [
      ...words(7, names.operStateName, upper('IF_OPER_')),
      ...words(3, names.linkModeName, upper('IF_LINK_MODE_')),
      ...words(4, names.addrGenModeName, upper('IN6_ADDR_GEN_MODE_', { stable_secret: 'STABLE_PRIVACY' })),
      ...words(255, names.routeTypeName, upper('RTN_')),
      ...words(255, names.routeProtocolName, upper('RTPROT_')),
      ...words(255, names.scopeName, upper('RT_SCOPE_', { global: 'UNIVERSE' })),
      ...words(3, names.routerPreferenceName, upper('ICMPV6_ROUTER_PREF_')),
      ...words(11, names.encapsulationName, upper('LWTUNNEL_ENCAP_', { seg6local: 'SEG6_LOCAL' })),
      ...words(4, names.addressProtocolName, upper('IFAPROT_')),
      ...words(0xffff, linkTypeName, upper('ARPHRD_', LINK_TYPE_ALIASES)),
    ];
    t.equal(compile(lines), '');
  });

  t.test('of route metrics are those of the headers', async (t) => {
    const lines = names.METRICS.flatMap((name, at) => (name === undefined ? [] : [check(`RTAX_${name.toUpperCase()}`, at)]));
    t.equal(compile(lines), '');
  });

  t.test('that do not exist are numbers, in decimal where iproute2 has them so', async (t) => {
    t.strictSame([names.routeTypeName(99), names.routeProtocolName(77), names.scopeName(33)], ['99', '77', '33']);
    t.equal(names.operStateName(99), '0x63');
    t.strictSame(names.bitNames(names.IFF_NAMES, 0x80000001), ['UP', '0x80000000']);
    t.strictSame(names.neighFlags(0x02, 0x80000001), ['SELF', 'EXT_MANAGED', 'ext:0x80000000']);
    t.equal(linkTypeName(12345), '0x3039');
  });

  t.test('of a state with several bits are joined from the lowest', async (t) => {
    t.equal(names.neighState(0xc0), 'NOARP|PERMANENT');
    t.equal(names.neighState(0x80), 'PERMANENT');
    t.equal(names.neighState(0), 'NONE');
    t.equal(names.neighState(0x8001), 'INCOMPLETE|0x8000');
  });
});
