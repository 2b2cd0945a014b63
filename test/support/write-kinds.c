// Writes the fixtures of link kinds that the kernels at hand cannot make: KIND/NAME.bin, the payload of IFLA_LINKINFO, put
// together attribute by attribute as the kernel function that is named does, with ids and layouts from the installed headers.
//
//     write-kinds FOLDER
#include <arpa/inet.h>
#include <linux/if_bonding.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_tunnel.h>
#include <linux/if_vlan.h>
#include <linux/ip6_tunnel.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// Ids that Debian 12's headers (6.1 with some backports) do not have, under names of their own: netkit since v6.7, SCRUB
// v6.13, HEADROOM and TAILROOM v6.14; COUPLED_CONTROL v6.9; PORT_RANGE v6.15; BROADCAST_NEIGH v6.17; ACTOR_PORT_PRIO v6.18.
enum {
  NETKIT_PRIMARY_ID = 2,
  NETKIT_POLICY_ID = 3,
  NETKIT_PEER_POLICY_ID = 4,
  NETKIT_MODE_ID = 5,
  NETKIT_SCRUB_ID = 6,
  NETKIT_PEER_SCRUB_ID = 7,
  NETKIT_HEADROOM_ID = 8,
  NETKIT_TAILROOM_ID = 9,
  BOND_COUPLED_CONTROL_ID = 32,
  BOND_BROADCAST_NEIGH_ID = 33,
  BOND_SLAVE_ACTOR_PORT_PRIO_ID = 10,
  GENEVE_PORT_RANGE_ID = 15,
};

static uint8_t buffer[4096];
static size_t used;
static const char *folder;

static void put(int type, const void *value, size_t length) {
  struct nlattr attribute = {.nla_len = (uint16_t)(NLA_HDRLEN + length), .nla_type = (uint16_t)type};
  memcpy(buffer + used, &attribute, sizeof attribute);
  if (length > 0) memcpy(buffer + used + NLA_HDRLEN, value, length);
  memset(buffer + used + NLA_HDRLEN + length, 0, NLA_ALIGN(length) - length);
  used += NLA_HDRLEN + NLA_ALIGN(length);
}
static void u8(int type, uint8_t value) { put(type, &value, 1); }
static void u16(int type, uint16_t value) { put(type, &value, 2); }
static void u32(int type, uint32_t value) { put(type, &value, 4); }
static void be16(int type, uint16_t value) { u16(type, htons(value)); }
static void be32(int type, uint32_t value) { u32(type, htonl(value)); }
static void flag(int type) { put(type, NULL, 0); }
static void address(int type, int family, const char *text) {
  uint8_t value[16];
  if (inet_pton(family, text, value) != 1) abort();
  put(type, value, family == AF_INET ? 4 : 16);
}
static size_t nest(int type) {
  size_t start = used;
  flag(type);
  return start;
}
static void end(size_t start) { ((struct nlattr *)(buffer + start))->nla_len = (uint16_t)(used - start); }

static void begin(const char *kind) {
  used = 0;
  put(IFLA_INFO_KIND, kind, strlen(kind) + 1);
}

// The first case of a kind starts META; `face` is what RTM_NEWLINK says beside: "link=5 nsid=0".
static void write_case(const char *kind, const char *name, const char *face) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, kind);
  int first = mkdir(path, 0777) == 0;
  snprintf(path, sizeof path, "%s/%s/%s.bin", folder, kind, name);
  FILE *file = fopen(path, "w");
  if (file == NULL || fwrite(buffer, 1, used, file) != used || fclose(file) != 0) abort();
  snprintf(path, sizeof path, "%s/%s/META", folder, kind);
  struct stat found;
  if (stat(path, &found) != 0) first = 1;
  file = fopen(path, "a");
  if (file == NULL) abort();
  if (first) fprintf(file, "written from headers (test/support/write-kinds.c), never seen on a kernel\n");
  fprintf(file, "%s ifindex=7%s%s\n", name, face[0] == 0 ? "" : " ", face);
  if (fclose(file) != 0) abort();
}

// No IFLA_INFO_DATA.
static void bare(const char *kind, const char *face) {
  begin(kind);
  write_case(kind, kind, face);
}

// ipvlan_nl_fillinfo()
static void ipvlan(const char *kind, const char *name, uint16_t mode, uint16_t flags) {
  begin(kind);
  size_t data = nest(IFLA_INFO_DATA);
  u16(IFLA_IPVLAN_MODE, mode);
  u16(IFLA_IPVLAN_FLAGS, flags);
  end(data);
  write_case(kind, name, "link=2");
}

// vlan_fill_info()
static void vlan(const char *name, uint16_t protocol, uint16_t id, uint32_t flags, int maps, const char *face) {
  struct ifla_vlan_flags value = {.flags = flags, .mask = ~0u};
  struct ifla_vlan_qos_mapping mappings[] = {{.from = 1, .to = 5}, {.from = 7, .to = 0}};
  begin("vlan");
  size_t data = nest(IFLA_INFO_DATA);
  be16(IFLA_VLAN_PROTOCOL, protocol);
  u16(IFLA_VLAN_ID, id);
  if (flags != 0) put(IFLA_VLAN_FLAGS, &value, sizeof value);
  for (int egress = 0; maps && egress < 2; egress++) {
    size_t list = nest(egress ? IFLA_VLAN_EGRESS_QOS : IFLA_VLAN_INGRESS_QOS);
    for (int i = 0; i < 2; i++) put(IFLA_VLAN_QOS_MAPPING, &mappings[i], sizeof mappings[i]);
    end(list);
  }
  end(data);
  write_case("vlan", name, face);
}

// bond_fill_info()
static void bond(const char *name, uint8_t mode, int lacp) {
  static const uint8_t system_mac[6] = {0x02, 0, 0, 0, 0, 0x10}, partner[6] = {0x02, 0, 0, 0, 0, 0x20};
  begin("bond");
  size_t data = nest(IFLA_INFO_DATA);
  u8(IFLA_BOND_MODE, mode);
  if (!lacp) u32(IFLA_BOND_ACTIVE_SLAVE, 3);
  u32(IFLA_BOND_MIIMON, 100);
  u32(IFLA_BOND_UPDELAY, 200);
  u32(IFLA_BOND_DOWNDELAY, 300);
  u32(IFLA_BOND_PEER_NOTIF_DELAY, 0);
  u8(IFLA_BOND_USE_CARRIER, 1);
  u32(IFLA_BOND_ARP_INTERVAL, 1000);
  size_t targets = nest(IFLA_BOND_ARP_IP_TARGET);
  if (!lacp) {
    address(0, AF_INET, "192.0.2.1");
    address(1, AF_INET, "192.0.2.2");
    end(targets);
  } else {
    used = targets;
  }
  u32(IFLA_BOND_ARP_VALIDATE, lacp ? 0 : 3);
  u32(IFLA_BOND_ARP_ALL_TARGETS, 1);
  if (!lacp) {
    targets = nest(IFLA_BOND_NS_IP6_TARGET);
    address(0, AF_INET6, "2001:db8::1");
    end(targets);
    u32(IFLA_BOND_PRIMARY, 4);
  }
  u8(IFLA_BOND_PRIMARY_RESELECT, 1);
  u8(IFLA_BOND_FAIL_OVER_MAC, 2);
  u8(IFLA_BOND_XMIT_HASH_POLICY, BOND_XMIT_POLICY_LAYER34);
  u32(IFLA_BOND_RESEND_IGMP, 1);
  u8(IFLA_BOND_NUM_PEER_NOTIF, 2);
  u8(IFLA_BOND_ALL_SLAVES_ACTIVE, 0);
  u32(IFLA_BOND_MIN_LINKS, 1);
  u32(IFLA_BOND_LP_INTERVAL, 1);
  u32(IFLA_BOND_PACKETS_PER_SLAVE, 1);
  u8(IFLA_BOND_AD_LACP_ACTIVE, 1);
  u8(IFLA_BOND_AD_LACP_RATE, 1);
  u8(IFLA_BOND_AD_SELECT, 2);
  u8(IFLA_BOND_TLB_DYNAMIC_LB, 1);
  u8(IFLA_BOND_MISSED_MAX, 2);
  u8(BOND_COUPLED_CONTROL_ID, 1);
  u8(BOND_BROADCAST_NEIGH_ID, 0);
  if (lacp) {
    u16(IFLA_BOND_AD_ACTOR_SYS_PRIO, 65535);
    u16(IFLA_BOND_AD_USER_PORT_KEY, 5);
    put(IFLA_BOND_AD_ACTOR_SYSTEM, system_mac, 6);
    size_t info = nest(IFLA_BOND_AD_INFO);
    u16(IFLA_BOND_AD_INFO_AGGREGATOR, 1);
    u16(IFLA_BOND_AD_INFO_NUM_PORTS, 2);
    u16(IFLA_BOND_AD_INFO_ACTOR_KEY, 15);
    u16(IFLA_BOND_AD_INFO_PARTNER_KEY, 16);
    put(IFLA_BOND_AD_INFO_PARTNER_MAC, partner, 6);
    end(info);
  }
  end(data);
  write_case("bond", name, "");
}

// bond_fill_slave_info()
static void bond_port(void) {
  static const uint8_t mac[6] = {0x02, 0, 0, 0, 0, 0x30};
  begin("veth");
  put(IFLA_INFO_SLAVE_KIND, "bond", 5);
  size_t data = nest(IFLA_INFO_SLAVE_DATA);
  u8(IFLA_BOND_SLAVE_STATE, BOND_STATE_BACKUP);
  u8(IFLA_BOND_SLAVE_MII_STATUS, BOND_LINK_FAIL);
  u32(IFLA_BOND_SLAVE_LINK_FAILURE_COUNT, 9);
  put(IFLA_BOND_SLAVE_PERM_HWADDR, mac, 6);
  u16(IFLA_BOND_SLAVE_QUEUE_ID, 3);
  u32(IFLA_BOND_SLAVE_PRIO, (uint32_t)-10);
  u16(IFLA_BOND_SLAVE_AD_AGGREGATOR_ID, 1);
  u8(IFLA_BOND_SLAVE_AD_ACTOR_OPER_PORT_STATE, LACP_STATE_LACP_ACTIVITY | LACP_STATE_AGGREGATION | LACP_STATE_DEFAULTED);
  u16(IFLA_BOND_SLAVE_AD_PARTNER_OPER_PORT_STATE, LACP_STATE_SYNCHRONIZATION);
  u16(BOND_SLAVE_ACTOR_PORT_PRIO_ID, 255);
  end(data);
  write_case("bond", "port", "link=8");
}

// vrf_fillinfo(), vrf_fill_slave_info()
static void vrf(void) {
  begin("vrf");
  size_t data = nest(IFLA_INFO_DATA);
  u32(IFLA_VRF_TABLE, 1001);
  end(data);
  write_case("vrf", "vrf", "");
  begin("veth");
  put(IFLA_INFO_SLAVE_KIND, "vrf", 4);
  data = nest(IFLA_INFO_SLAVE_DATA);
  u32(IFLA_VRF_PORT_TABLE, 1001);
  end(data);
  write_case("vrf", "port", "link=8");
}

// geneve_fill_info()
static void geneve(const char *name, int external, int family, const char *remote) {
  struct { uint16_t low, high; } range = {htons(1), htons(65535)};
  begin("geneve");
  size_t data = nest(IFLA_INFO_DATA);
  u32(IFLA_GENEVE_ID, external ? 0 : 99);
  if (!external && family == AF_INET) {
    address(IFLA_GENEVE_REMOTE, AF_INET, remote);
    u8(IFLA_GENEVE_UDP_CSUM, 1);
  } else if (!external) {
    address(IFLA_GENEVE_REMOTE6, AF_INET6, remote);
    u8(IFLA_GENEVE_UDP_ZERO_CSUM6_TX, 1);
  }
  u8(IFLA_GENEVE_TTL, 64);
  u8(IFLA_GENEVE_TOS, 0x20);
  be32(IFLA_GENEVE_LABEL, 0x12345);
  u8(IFLA_GENEVE_DF, GENEVE_DF_INHERIT);
  be16(IFLA_GENEVE_PORT, 6081);
  if (external) flag(IFLA_GENEVE_COLLECT_METADATA);
  u8(IFLA_GENEVE_UDP_ZERO_CSUM6_RX, 0);
  u8(IFLA_GENEVE_TTL_INHERIT, 0);
  if (external) flag(IFLA_GENEVE_INNER_PROTO_INHERIT);
  put(GENEVE_PORT_RANGE_ID, &range, sizeof range);
  end(data);
  write_case("geneve", name, "");
}

static void encap(int base, uint16_t type) {
  // Types, flags and ports follow one another in both families.
  u16(base, type);
  be16(base + 2, type == 0 ? 0 : 7777);
  be16(base + 3, type == 0 ? 0 : 5555);
  u16(base + 1, type == 0 ? 0 : TUNNEL_ENCAP_FLAG_CSUM6);
}

// ipgre_fill_info(), erspan_fill_info()
static void gre(const char *kind, const char *name, int keys, uint16_t encapsulation, int erspan, const char *face) {
  begin(kind);
  size_t data = nest(IFLA_INFO_DATA);
  if (erspan) {
    u8(IFLA_GRE_ERSPAN_VER, (uint8_t)erspan);
    if (erspan == 1) {
      u32(IFLA_GRE_ERSPAN_INDEX, 123);
    } else {
      u8(IFLA_GRE_ERSPAN_DIR, 1);
      u16(IFLA_GRE_ERSPAN_HWID, 17);
    }
  }
  u32(IFLA_GRE_LINK, strstr(face, "link=") != NULL ? 2 : 0);
  u16(IFLA_GRE_IFLAGS, keys ? GRE_KEY | GRE_SEQ | GRE_CSUM : 0);
  u16(IFLA_GRE_OFLAGS, keys ? GRE_KEY : 0);
  be32(IFLA_GRE_IKEY, keys ? 5 : 0);
  be32(IFLA_GRE_OKEY, keys ? 0x0a000001 : 0);
  address(IFLA_GRE_LOCAL, AF_INET, "192.0.2.1");
  address(IFLA_GRE_REMOTE, AF_INET, keys ? "192.0.2.2" : "0.0.0.0");
  u8(IFLA_GRE_TTL, 64);
  u8(IFLA_GRE_TOS, 0x10);
  u8(IFLA_GRE_PMTUDISC, 1);
  u32(IFLA_GRE_FWMARK, 0x99);
  encap(IFLA_GRE_ENCAP_TYPE, encapsulation);
  u8(IFLA_GRE_IGNORE_DF, 0);
  if (!keys) flag(IFLA_GRE_COLLECT_METADATA);
  end(data);
  write_case(kind, name, face);
}

// ip6gre_fill_info()
static void ip6gre(const char *kind, const char *name, uint32_t flags, int erspan) {
  begin(kind);
  size_t data = nest(IFLA_INFO_DATA);
  if (erspan) {
    u8(IFLA_GRE_ERSPAN_VER, 2);
    u8(IFLA_GRE_ERSPAN_DIR, 0);
    u16(IFLA_GRE_ERSPAN_HWID, 0x2f);
  }
  u32(IFLA_GRE_LINK, 2);
  u16(IFLA_GRE_IFLAGS, GRE_KEY);
  u16(IFLA_GRE_OFLAGS, GRE_KEY | GRE_SEQ);
  be32(IFLA_GRE_IKEY, 1);
  be32(IFLA_GRE_OKEY, 2);
  address(IFLA_GRE_LOCAL, AF_INET6, "2001:db8::1");
  address(IFLA_GRE_REMOTE, AF_INET6, "2001:db8::2");
  u8(IFLA_GRE_TTL, 64);
  u8(IFLA_GRE_ENCAP_LIMIT, 4);
  be32(IFLA_GRE_FLOWINFO, 0x02800abc);
  u32(IFLA_GRE_FLAGS, flags);
  u32(IFLA_GRE_FWMARK, 0x7);
  encap(IFLA_GRE_ENCAP_TYPE, 0);
  end(data);
  write_case(kind, name, "link=2");
}

// ipip_fill_info(), ipip6_fill_info() of sit.c
static void iptunnel(const char *kind, const char *name, uint8_t protocol, int sixrd, uint16_t encapsulation) {
  begin(kind);
  size_t data = nest(IFLA_INFO_DATA);
  u32(IFLA_IPTUN_LINK, 0);
  address(IFLA_IPTUN_LOCAL, AF_INET, "192.0.2.1");
  address(IFLA_IPTUN_REMOTE, AF_INET, sixrd ? "0.0.0.0" : "192.0.2.2");
  u8(IFLA_IPTUN_TTL, 0);
  u8(IFLA_IPTUN_TOS, 1);
  u8(IFLA_IPTUN_PROTO, protocol);
  u8(IFLA_IPTUN_PMTUDISC, 1);
  if (strcmp(kind, "sit") == 0) {
    u16(IFLA_IPTUN_FLAGS, sixrd ? 0 : SIT_ISATAP);
    address(IFLA_IPTUN_6RD_PREFIX, AF_INET6, sixrd ? "2001:db8::" : "2002::");
    address(IFLA_IPTUN_6RD_RELAY_PREFIX, AF_INET, sixrd ? "192.0.0.0" : "0.0.0.0");
    u16(IFLA_IPTUN_6RD_PREFIXLEN, sixrd ? 32 : 16);
    u16(IFLA_IPTUN_6RD_RELAY_PREFIXLEN, sixrd ? 8 : 0);
  }
  u32(IFLA_IPTUN_FWMARK, 0);
  encap(IFLA_IPTUN_ENCAP_TYPE, encapsulation);
  end(data);
  write_case(kind, name, "");
}

// ip6_tnl_fill_info(); 0x30000 are flags that the kernel sets for itself.
static void ip6tnl(const char *name, uint8_t protocol, uint32_t flags) {
  begin("ip6tnl");
  size_t data = nest(IFLA_INFO_DATA);
  u32(IFLA_IPTUN_LINK, 2);
  address(IFLA_IPTUN_LOCAL, AF_INET6, "2001:db8::1");
  address(IFLA_IPTUN_REMOTE, AF_INET6, "2001:db8::2");
  u8(IFLA_IPTUN_TTL, 64);
  u8(IFLA_IPTUN_ENCAP_LIMIT, 4);
  be32(IFLA_IPTUN_FLOWINFO, 0x0ff12345);
  u32(IFLA_IPTUN_FLAGS, flags | 0x30000);
  u8(IFLA_IPTUN_PROTO, protocol);
  u32(IFLA_IPTUN_FWMARK, 0x10);
  encap(IFLA_IPTUN_ENCAP_TYPE, 0);
  end(data);
  write_case("ip6tnl", name, "link=2 nsid=3");
}

// vti_fill_info(), vti6_fill_info()
static void vti(const char *kind, int family, const char *local, const char *remote) {
  begin(kind);
  size_t data = nest(IFLA_INFO_DATA);
  u32(IFLA_VTI_LINK, 2);
  be32(IFLA_VTI_IKEY, 0);
  be32(IFLA_VTI_OKEY, 0x01020304);
  address(IFLA_VTI_LOCAL, family, local);
  address(IFLA_VTI_REMOTE, family, remote);
  u32(IFLA_VTI_FWMARK, 0);
  end(data);
  write_case(kind, kind, "link=2");
}

// xfrmi_fill_info()
static void xfrm(const char *name, int external) {
  begin("xfrm");
  size_t data = nest(IFLA_INFO_DATA);
  u32(IFLA_XFRM_LINK, external ? 0 : 2);
  u32(IFLA_XFRM_IF_ID, external ? 0 : 0x2a);
  if (external) flag(IFLA_XFRM_COLLECT_METADATA);
  end(data);
  write_case("xfrm", name, external ? "" : "link=2 nsid=1");
}

// netkit_fill_info()
static void netkit(void) {
  begin("netkit");
  size_t data = nest(IFLA_INFO_DATA);
  u8(NETKIT_PRIMARY_ID, 1);
  u32(NETKIT_POLICY_ID, 0);
  u32(NETKIT_MODE_ID, 1);
  u32(NETKIT_SCRUB_ID, 1);
  u16(NETKIT_HEADROOM_ID, 0);
  u16(NETKIT_TAILROOM_ID, 0);
  u32(NETKIT_PEER_POLICY_ID, 2);
  u32(NETKIT_PEER_SCRUB_ID, 0);
  end(data);
  write_case("netkit", "primary", "link=9 nsid=0");
}

// ipoib_fill_info()
static void ipoib(void) {
  begin("ipoib");
  size_t data = nest(IFLA_INFO_DATA);
  u16(IFLA_IPOIB_PKEY, 0x8001);
  u16(IFLA_IPOIB_MODE, IPOIB_MODE_CONNECTED);
  u16(IFLA_IPOIB_UMCAST, 1);
  end(data);
  write_case("ipoib", "child", "link=2");
}

int main(int count, char **arguments) {
  if (count != 2) return 2;
  folder = arguments[1];
  bare("dummy", "");
  bare("nlmon", "");
  bare("wireguard", "");
  bare("team", "");
  bare("vxcan", "link=8 nsid=0");
  ipvlan("ipvlan", "l2", IPVLAN_MODE_L2, 0);
  ipvlan("ipvlan", "l3", IPVLAN_MODE_L3, IPVLAN_F_PRIVATE);
  ipvlan("ipvlan", "l3s", IPVLAN_MODE_L3S, IPVLAN_F_VEPA);
  ipvlan("ipvtap", "l2", IPVLAN_MODE_L2, 0);
  vlan("plain", ETH_P_8021Q, 100, VLAN_FLAG_REORDER_HDR, 0, "link=2");
  vlan("provider", ETH_P_8021AD, 200, VLAN_FLAG_GVRP | VLAN_FLAG_LOOSE_BINDING, 1, "link=2 nsid=0");
  // Before Linux 5.2 a lower in another namespace with the same ifindex had no IFLA_LINK.
  vlan("same", ETH_P_8021Q, 300, 0, 0, "nsid=0");
  bond("backup", BOND_MODE_ACTIVEBACKUP, 0);
  bond("lacp", BOND_MODE_8023AD, 1);
  bond_port();
  vrf();
  geneve("ipv4", 0, AF_INET, "192.0.2.9");
  geneve("ipv6", 0, AF_INET6, "2001:db8::9");
  geneve("metadata", 1, AF_INET, "");
  gre("gre", "keyed", 1, TUNNEL_ENCAP_FOU, 0, "link=2 nsid=0");
  gre("gre", "metadata", 0, 0, 0, "");
  gre("gretap", "keyed", 1, TUNNEL_ENCAP_GUE, 0, "");
  gre("erspan", "v1", 1, 0, 1, "");
  gre("erspan", "v2", 1, 0, 2, "");
  ip6gre("ip6gre", "plain", 0, 0);
  ip6gre("ip6gre", "inherit", IP6_TNL_F_IGN_ENCAP_LIMIT | IP6_TNL_F_USE_ORIG_TCLASS | IP6_TNL_F_USE_ORIG_FLOWLABEL, 0);
  ip6gre("ip6gretap", "plain", IP6_TNL_F_USE_ORIG_FWMARK, 0);
  ip6gre("ip6erspan", "v2", 0, 1);
  iptunnel("ipip", "plain", 4, 0, 0);
  iptunnel("ipip", "mpls", 137, 0, TUNNEL_ENCAP_GUE);
  iptunnel("sit", "isatap", 41, 0, 0);
  iptunnel("sit", "sixrd", 0, 1, 0);
  ip6tnl("any", 0, IP6_TNL_F_RCV_DSCP_COPY | IP6_TNL_F_ALLOW_LOCAL_REMOTE);
  ip6tnl("ipip6", 4, IP6_TNL_F_IGN_ENCAP_LIMIT | IP6_TNL_F_MIP6_DEV);
  vti("vti", AF_INET, "192.0.2.1", "192.0.2.2");
  vti("vti6", AF_INET6, "2001:db8::1", "::");
  xfrm("bound", 0);
  xfrm("metadata", 1);
  netkit();
  ipoib();
  return 0;
}
