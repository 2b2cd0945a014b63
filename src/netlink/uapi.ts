// Constants of the kernel's uapi, spelled as there. Every number here is compared with the installed headers by
// test/unit/netlink/uapi.test.ts. Attribute ids of one link kind live in that kind's file (src/kinds).

// linux/netlink.h, v6.12
export const NLMSG_NOOP = 1;
export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
export const NLMSG_OVERRUN = 4;
export const NLM_F_REQUEST = 0x01;
export const NLM_F_MULTI = 0x02;
export const NLM_F_ACK = 0x04;
export const NLM_F_DUMP_INTR = 0x10;
export const NLM_F_ROOT = 0x100;
export const NLM_F_MATCH = 0x200;
export const NLM_F_DUMP = NLM_F_ROOT | NLM_F_MATCH;
export const NLM_F_CAPPED = 0x100;
export const NLM_F_ACK_TLVS = 0x200;
export const NLA_F_NESTED = 0x8000;
export const NLA_TYPE_MASK = 0x3fff;
export const NLMSGERR_ATTR_MSG = 1;

/** Bytes of struct nlmsghdr. */
export const NLMSG_HDRLEN = 16;
/** Bytes of struct nlattr. */
export const NLA_HDRLEN = 4;

// linux/rtnetlink.h, v6.12
export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
export const RTM_GETLINK = 18;
export const RTM_NEWADDR = 20;
export const RTM_DELADDR = 21;
export const RTM_GETADDR = 22;
export const RTM_NEWROUTE = 24;
export const RTM_DELROUTE = 25;
export const RTM_GETROUTE = 26;
export const RTM_NEWNEIGH = 28;
export const RTM_DELNEIGH = 29;
export const RTM_GETNEIGH = 30;
export const RTM_NEWRULE = 32;
export const RTM_DELRULE = 33;
export const RTM_GETRULE = 34;
export const RTM_NEWNETCONF = 80;
export const RTM_DELNETCONF = 81;
export const RTM_GETNETCONF = 82;
export const RTM_NEWNEXTHOP = 104;
export const RTM_DELNEXTHOP = 105;
export const RTM_GETNEXTHOP = 106;
export const RTM_NEWNSID = 88;
export const RTM_DELNSID = 89;
export const RTM_GETNSID = 90;

// linux/rtnetlink.h, v6.12: enum rtnetlink_groups
export const RTNLGRP_LINK = 1;
export const RTNLGRP_NEIGH = 3;
export const RTNLGRP_IPV4_IFADDR = 5;
export const RTNLGRP_IPV4_ROUTE = 7;
export const RTNLGRP_IPV4_RULE = 8;
export const RTNLGRP_IPV6_IFADDR = 9;
export const RTNLGRP_IPV6_ROUTE = 11;
export const RTNLGRP_IPV6_RULE = 19;
export const RTNLGRP_IPV4_NETCONF = 24;
export const RTNLGRP_IPV6_NETCONF = 25;
export const RTNLGRP_MPLS_ROUTE = 27;
export const RTNLGRP_NSID = 28;
export const RTNLGRP_MPLS_NETCONF = 29;
export const RTNLGRP_NEXTHOP = 32;
/** rtm_type, and ndm_type of a neighbour. */
export const RTN_MULTICAST = 5;
// linux/neighbour.h, v6.12
export const NUD_NOARP = 0x40;

// linux/socket.h (bits/socket.h)
export const AF_UNSPEC = 0;
export const AF_INET = 2;
export const AF_BRIDGE = 7;
export const AF_INET6 = 10;
export const AF_MPLS = 28;
export const AF_CAN = 29;

/** Families of multicast routes: RTNL_FAMILY_IPMR, RTNL_FAMILY_IP6MR (linux/rtnetlink.h, v6.12). */
export const RTNL_FAMILY_IPMR = 128;
export const RTNL_FAMILY_IP6MR = 129;

// linux/rtnetlink.h, v6.12: ifi_*, IFLA_EXT_MASK
export const RTEXT_FILTER_VF = 1 << 0;
export const RTEXT_FILTER_SKIP_STATS = 1 << 3;
export const RTEXT_FILTER_MRP = 1 << 4;

// Sizes of the fixed headers that come before the attributes.
/** struct ifinfomsg: family u8, pad u8, type u16, index s32, flags u32, change u32 (linux/rtnetlink.h). */
export const SIZEOF_IFINFOMSG = 16;
/** struct ifaddrmsg: family u8, prefixlen u8, flags u8, scope u8, index u32 (linux/if_addr.h). */
export const SIZEOF_IFADDRMSG = 8;
/** struct ndmsg: family u8, pad u8, pad u16, ifindex s32, state u16, flags u8, type u8 (linux/neighbour.h). */
export const SIZEOF_NDMSG = 12;
/** struct rtmsg: family, dst_len, src_len, tos, table, protocol, scope, type (u8 each), flags u32 (linux/rtnetlink.h). */
export const SIZEOF_RTMSG = 12;
/** struct fib_rule_hdr: family, dst_len, src_len, tos, table, res1, res2, action (u8 each), flags u32 (linux/fib_rules.h). */
export const SIZEOF_FIB_RULE_HDR = 12;
/** struct nhmsg: family, scope, protocol, resvd (u8 each), flags u32 (linux/nexthop.h). */
export const SIZEOF_NHMSG = 8;
/** struct nexthop_grp: id u32, weight u8, weight_high u8, resvd2 u16 (linux/nexthop.h). */
export const SIZEOF_NEXTHOP_GRP = 8;
/** struct netconfmsg (family u8), aligned (linux/netconf.h). */
export const SIZEOF_NETCONFMSG = 4;
/** struct rtgenmsg (family u8), aligned (linux/rtnetlink.h). */
export const SIZEOF_RTGENMSG = 4;
/** struct rtnexthop: len u16, flags u8, hops u8, ifindex s32 (linux/rtnetlink.h). */
export const SIZEOF_RTNEXTHOP = 8;
/** struct nda_cacheinfo: confirmed, used, updated, refcnt (u32 each; linux/neighbour.h). */
export const SIZEOF_NDA_CACHEINFO = 16;
/** struct ifa_cacheinfo: prefered, valid, cstamp, tstamp (u32 each; linux/if_addr.h). */
export const SIZEOF_IFA_CACHEINFO = 16;
/** struct rta_cacheinfo: clntref u32, lastuse u32, expires s32, error, used, id, ts, tsage u32 (linux/rtnetlink.h). */
export const SIZEOF_RTA_CACHEINFO = 32;

// linux/if_link.h, v6.12
export const IFLA_ADDRESS = 1;
export const IFLA_BROADCAST = 2;
export const IFLA_IFNAME = 3;
export const IFLA_MTU = 4;
export const IFLA_LINK = 5;
export const IFLA_QDISC = 6;
export const IFLA_STATS = 7;
export const IFLA_MASTER = 10;
export const IFLA_TXQLEN = 13;
export const IFLA_OPERSTATE = 16;
export const IFLA_LINKMODE = 17;
export const IFLA_LINKINFO = 18;
export const IFLA_IFALIAS = 20;
export const IFLA_STATS64 = 23;
export const IFLA_AF_SPEC = 26;
export const IFLA_GROUP = 27;
export const IFLA_EXT_MASK = 29;
export const IFLA_PROMISCUITY = 30;
export const IFLA_NUM_TX_QUEUES = 31;
export const IFLA_NUM_RX_QUEUES = 32;
export const IFLA_CARRIER = 33;
export const IFLA_PHYS_PORT_ID = 34;
export const IFLA_CARRIER_CHANGES = 35;
export const IFLA_PHYS_SWITCH_ID = 36;
export const IFLA_LINK_NETNSID = 37;
export const IFLA_PHYS_PORT_NAME = 38;
export const IFLA_PROTO_DOWN = 39;
export const IFLA_GSO_MAX_SEGS = 40;
export const IFLA_GSO_MAX_SIZE = 41;
export const IFLA_XDP = 43;
export const IFLA_CARRIER_UP_COUNT = 47;
export const IFLA_CARRIER_DOWN_COUNT = 48;
export const IFLA_MIN_MTU = 50;
export const IFLA_MAX_MTU = 51;
export const IFLA_PROP_LIST = 52;
export const IFLA_ALT_IFNAME = 53;
export const IFLA_PERM_ADDRESS = 54;
export const IFLA_PARENT_DEV_NAME = 56;
export const IFLA_PARENT_DEV_BUS_NAME = 57;
export const IFLA_GRO_MAX_SIZE = 58;
export const IFLA_TSO_MAX_SIZE = 59;
export const IFLA_TSO_MAX_SEGS = 60;
/** Since Linux 6.0. */
export const IFLA_ALLMULTI = 61;
/** Since Linux 6.3. */
export const IFLA_GSO_IPV4_MAX_SIZE = 63;
/** Since Linux 6.3. */
export const IFLA_GRO_IPV4_MAX_SIZE = 64;

// linux/if_link.h, v6.12: in IFLA_LINKINFO
export const IFLA_INFO_KIND = 1;
export const IFLA_INFO_DATA = 2;
export const IFLA_INFO_SLAVE_KIND = 4;
export const IFLA_INFO_SLAVE_DATA = 5;

// linux/if_link.h, v6.12: in IFLA_XDP
export const IFLA_XDP_PROG_ID = 4;
export const IFLA_XDP_DRV_PROG_ID = 5;
export const IFLA_XDP_SKB_PROG_ID = 6;
export const IFLA_XDP_HW_PROG_ID = 7;

// linux/if_link.h, v6.12: in IFLA_AF_SPEC / AF_INET6
export const IFLA_INET6_ADDR_GEN_MODE = 8;

// linux/if_addr.h, v6.12
export const IFA_ADDRESS = 1;
export const IFA_LOCAL = 2;
export const IFA_LABEL = 3;
export const IFA_BROADCAST = 4;
export const IFA_ANYCAST = 5;
export const IFA_CACHEINFO = 6;
export const IFA_FLAGS = 8;
export const IFA_RT_PRIORITY = 9;
/** Since Linux 5.18. */
export const IFA_PROTO = 11;

// linux/neighbour.h, v6.12
export const NDA_DST = 1;
export const NDA_LLADDR = 2;
export const NDA_CACHEINFO = 3;
export const NDA_PROBES = 4;
export const NDA_VLAN = 5;
export const NDA_PORT = 6;
export const NDA_VNI = 7;
export const NDA_IFINDEX = 8;
export const NDA_MASTER = 9;
export const NDA_LINK_NETNSID = 10;
export const NDA_SRC_VNI = 11;
export const NDA_PROTOCOL = 12;
export const NDA_NH_ID = 13;
export const NDA_FLAGS_EXT = 15;
export const NTF_PROXY = 1 << 3;

// linux/rtnetlink.h, v6.12: struct rtmsg's attributes
export const RTA_DST = 1;
export const RTA_SRC = 2;
export const RTA_IIF = 3;
export const RTA_OIF = 4;
export const RTA_GATEWAY = 5;
export const RTA_PRIORITY = 6;
export const RTA_PREFSRC = 7;
export const RTA_METRICS = 8;
export const RTA_MULTIPATH = 9;
export const RTA_CACHEINFO = 12;
export const RTA_TABLE = 15;
export const RTA_VIA = 18;
export const RTA_PREF = 20;
export const RTA_ENCAP_TYPE = 21;
export const RTA_NH_ID = 30;
export const RTAX_CC_ALGO = 16;

// linux/net_namespace.h, v6.12
export const NETNSA_NSID = 1;
export const NETNSA_FD = 3;
export const NETNSA_TARGET_NSID = 4;
export const NETNSA_CURRENT_NSID = 5;
export const NETNSA_NSID_NOT_ASSIGNED = -1;

// linux/if_arp.h, v6.12: those whose addresses are IP addresses
export const ARPHRD_TUNNEL = 768;
export const ARPHRD_TUNNEL6 = 769;
export const ARPHRD_SIT = 776;
export const ARPHRD_IPGRE = 778;
export const ARPHRD_IP6GRE = 823;

// linux/fib_rules.h, v6.15
export const FRA_DST = 1;
export const FRA_SRC = 2;
export const FRA_IIFNAME = 3;
export const FRA_GOTO = 4;
export const FRA_PRIORITY = 6;
export const FRA_FWMARK = 10;
export const FRA_FLOW = 11;
export const FRA_TUN_ID = 12;
export const FRA_SUPPRESS_IFGROUP = 13;
export const FRA_SUPPRESS_PREFIXLEN = 14;
export const FRA_TABLE = 15;
export const FRA_FWMASK = 16;
export const FRA_OIFNAME = 17;
export const FRA_L3MDEV = 19;
export const FRA_UID_RANGE = 20;
export const FRA_PROTOCOL = 21;
export const FRA_IP_PROTO = 22;
export const FRA_SPORT_RANGE = 23;
export const FRA_DPORT_RANGE = 24;
export const FRA_DSCP = 25;
export const FRA_FLOWLABEL = 26;
export const FRA_FLOWLABEL_MASK = 27;
export const FRA_SPORT_MASK = 28;
export const FRA_DPORT_MASK = 29;
export const FRA_DSCP_MASK = 30;
export const FR_ACT_TO_TBL = 1;

// linux/nexthop.h, v6.12
export const NHA_ID = 1;
export const NHA_GROUP = 2;
export const NHA_GROUP_TYPE = 3;
export const NHA_BLACKHOLE = 4;
export const NHA_OIF = 5;
export const NHA_GATEWAY = 6;
export const NHA_ENCAP_TYPE = 7;
export const NHA_FDB = 11;
export const NHA_RES_GROUP = 12;
export const NHA_RES_GROUP_BUCKETS = 1;
export const NHA_RES_GROUP_IDLE_TIMER = 2;
export const NHA_RES_GROUP_UNBALANCED_TIMER = 3;
export const NHA_RES_GROUP_UNBALANCED_TIME = 4;

// linux/netconf.h, v6.17
export const NETCONFA_IFINDEX = 1;
export const NETCONFA_FORWARDING = 2;
export const NETCONFA_RP_FILTER = 3;
export const NETCONFA_MC_FORWARDING = 4;
export const NETCONFA_PROXY_NEIGH = 5;
export const NETCONFA_IGNORE_ROUTES_WITH_LINKDOWN = 6;
export const NETCONFA_INPUT = 7;
export const NETCONFA_BC_FORWARDING = 8;
export const NETCONFA_FORCE_FORWARDING = 9;
export const NETCONFA_IFINDEX_ALL = -1;
export const NETCONFA_IFINDEX_DEFAULT = -2;
