#include "netlink/read_only.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include <algorithm>
#include <initializer_list>
#include <iterator>

namespace nsatlas {
namespace {

// Numbers, not the names of the headers: an older kernel's headers lack some. test/support/native-read-only.cc compares them with the names.

/**
 * linux/rtnetlink.h, v6.12: RTM_GETLINK, GETADDR, GETNEIGH, GETRULE, GETQDISC, GETTCLASS, GETMULTICAST, GETANYCAST, GETNEIGHTBL, GETADDRLABEL,
 * GETNETCONF, GETMDB, GETNSID, GETSTATS, GETNEXTHOP, GETVLAN, GETNEXTHOPBUCKET, GETTUNNEL. Not GETDCB, whose body may hold a command that sets:
 * dcb_doit(), net/dcb/dcbnl.c.
 */
constexpr uint16_t kRoute[] = {18, 22, 30, 34, 38, 42, 58, 62, 66, 74, 82, 86, 90, 94, 106, 114, 118, 122};

/**
 * Those that only read when the request is a dump: RTM_GETROUTE, GETTFILTER, GETCHAIN. A single route is looked up as for a packet, which can
 * leave an entry in the multicast cache (ipmr_get_route(), net/ipv4/ipmr.c) and probe a router (rt6_probe(), net/ipv6/route.c); a single
 * filter can load the module that it names (tc_get_tfilter(), net/sched/cls_api.c).
 */
constexpr uint16_t kRouteDumps[] = {26, 46, 102};

/** linux/inet_diag.h, linux/sock_diag.h, v6.12: TCPDIAG_GETSOCK, SOCK_DIAG_BY_FAMILY. Not SOCK_DESTROY. */
constexpr uint16_t kSockDiag[] = {18, 20};

/** linux/xfrm.h, v6.12: XFRM_MSG_GETSA, GETPOLICY, GETSADINFO, GETSPDINFO, GETDEFAULT. GETSA gives the keys, too. */
constexpr uint16_t kXfrm[] = {0x12, 0x15, 0x23, 0x25, 0x28};

/** Subsystem and message: NFNL_SUBSYS_ID() and NFNL_MSG_TYPE(), linux/netfilter/nfnetlink.h. */
constexpr uint16_t nfnl(unsigned subsystem, unsigned message) { return static_cast<uint16_t>(subsystem << 8 | message); }

constexpr uint16_t kNetfilter[] = {
    // linux/netfilter/nfnetlink_conntrack.h, v6.12: IPCTNL_MSG_CT_GET, GET_STATS_CPU, GET_STATS, GET_DYING, GET_UNCONFIRMED. Not GET_CTRZERO,
    // which sets counters to zero.
    nfnl(1, 1), nfnl(1, 4), nfnl(1, 5), nfnl(1, 6), nfnl(1, 7),
    // IPCTNL_MSG_EXP_GET, EXP_GET_STATS_CPU
    nfnl(2, 1), nfnl(2, 3),
    // linux/netfilter/ipset/ip_set.h, v6.12: IPSET_CMD_PROTOCOL, LIST, SAVE, HEADER, GET_BYNAME, GET_BYINDEX. Not TYPE,
    // which loads the module of any type that it is given.
    nfnl(6, 1), nfnl(6, 7), nfnl(6, 8), nfnl(6, 12), nfnl(6, 14), nfnl(6, 15),
    // linux/netfilter/nfnetlink_acct.h, v6.12: NFNL_MSG_ACCT_GET. Not GET_CTRZERO.
    nfnl(7, 1),
    // linux/netfilter/nfnetlink_cttimeout.h, v6.12: IPCTNL_MSG_TIMEOUT_GET, DEFAULT_GET
    nfnl(8, 1), nfnl(8, 4),
    // linux/netfilter/nfnetlink_cthelper.h, v6.12: NFNL_MSG_CTHELPER_GET
    nfnl(9, 1),
    // linux/netfilter/nf_tables.h, v6.12: NFT_MSG_GETTABLE, GETCHAIN, GETRULE, GETSET, GETSETELEM, GETGEN, GETOBJ, GETFLOWTABLE. Not the
    // *_RESET ones, which set counters and quotas to zero.
    nfnl(10, 1), nfnl(10, 4), nfnl(10, 7), nfnl(10, 10), nfnl(10, 13), nfnl(10, 16), nfnl(10, 19), nfnl(10, 23),
    // linux/netfilter/nfnetlink_hook.h, v6.12: NFNL_MSG_HOOK_GET
    nfnl(12, 0),
};

/** Commands of a generic family that only read, as bits: every command is smaller than 64. */
struct Family {
  std::string_view name;
  uint8_t version;
  uint64_t commands;
};

constexpr uint64_t bits(std::initializer_list<unsigned> commands) {
  uint64_t all = 0;
  for (const unsigned command : commands) all |= uint64_t{1} << command;
  return all;
}

constexpr Family kFamilies[] = {
    // linux/genetlink.h, v6.12: CTRL_CMD_GETFAMILY, GETPOLICY
    {"nlctrl", 2, bits({3, 10})},
    // linux/ethtool_netlink.h, v6.12: ETHTOOL_MSG_*_GET, PLCA_GET_CFG, PLCA_GET_STATUS. Not MODULE_EEPROM_GET, which talks to the hardware.
    {"ethtool", 1, bits({1, 2, 4, 6, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 28, 29, 32, 33, 34, 36, 38, 39, 41, 42, 45})},
    // linux/ip_vs.h, v6.12: IPVS_CMD_GET_SERVICE, GET_DEST, GET_DAEMON, GET_CONFIG, GET_INFO. Not ZERO.
    {"IPVS", 1, bits({4, 8, 11, 13, 15})},
    // linux/wireguard.h, v6.12: WG_CMD_GET_DEVICE. It gives the keys, too.
    {"wireguard", 1, bits({0})},
};

constexpr std::string_view kFolders[] = {"/proc/sys/net/", "/proc/thread-self/net/"};
// Reading a channel there takes requests away from the daemon that waits for them: cache_read(), net/sunrpc/cache.c.
constexpr std::string_view kConsumed = "/proc/thread-self/net/rpc/";

bool starts_with(std::string_view text, std::string_view begin) { return text.substr(0, begin.size()) == begin; }

template <size_t size>
bool includes(const uint16_t (&types)[size], uint16_t type) {
  return std::find(std::begin(types), std::end(types), type) != std::end(types);
}

bool is_allowed(Protocol protocol, std::string_view family, const nlmsghdr& header, const unsigned char* request) {
  const bool dump = (header.nlmsg_flags & NLM_F_DUMP) != 0;
  if (protocol != Protocol::Generic) return family.empty() && only_reads(protocol, header.nlmsg_type, dump);
  genlmsghdr generic;
  if (header.nlmsg_len < NLMSG_HDRLEN + sizeof generic || header.nlmsg_type != 0) return false;
  memcpy(&generic, request + NLMSG_HDRLEN, sizeof generic);
  return only_reads(family, generic.version, generic.cmd);
}

}  // namespace

int netlink_protocol(Protocol protocol) {
  constexpr int kProtocols[kSocketProtocols] = {NETLINK_ROUTE, NETLINK_SOCK_DIAG, NETLINK_XFRM, NETLINK_NETFILTER, NETLINK_GENERIC};
  return kProtocols[static_cast<size_t>(protocol)];
}

bool only_reads(Protocol protocol, uint16_t type, bool dump) {
  switch (protocol) {
    case Protocol::Route:
      return includes(kRoute, type) || (dump && includes(kRouteDumps, type));
    case Protocol::SockDiag:
      return includes(kSockDiag, type);
    case Protocol::Xfrm:
      return includes(kXfrm, type);
    case Protocol::Netfilter:
      return includes(kNetfilter, type);
    default:
      return false;
  }
}

bool only_reads(std::string_view family, uint8_t version, uint8_t command) {
  const auto* known = std::find_if(std::begin(kFamilies), std::end(kFamilies), [&](const Family& each) { return each.name == family; });
  return known != std::end(kFamilies) && known->version == version && command < 64 && (known->commands >> command & 1) != 0;
}

bool may_read(std::string_view path) {
  const auto inside = [&](std::string_view folder) { return starts_with(path, folder) && path.size() > folder.size(); };
  if (!std::any_of(std::begin(kFolders), std::end(kFolders), inside) || starts_with(path, kConsumed)) return false;
  if (path.find('\0') != std::string_view::npos) return false;
  for (size_t begin = 1; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..") return false;
    begin = end + 1;
  }
  return true;
}

RequestShape shape_of_request(Protocol protocol, std::string_view family, const unsigned char* request, size_t length) {
  constexpr uint16_t kFlags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_DUMP;
  nlmsghdr header;
  if (length < sizeof header) return {};
  memcpy(&header, request, sizeof header);
  if (header.nlmsg_len != length || !(header.nlmsg_flags & NLM_F_REQUEST) || (header.nlmsg_flags & ~kFlags) != 0) return {};
  const unsigned dump = header.nlmsg_flags & NLM_F_DUMP;
  if (dump != 0 && dump != NLM_F_DUMP) return {};
  if (protocol == Protocol::Route && header.nlmsg_type == RTM_NEWNSID) {
    return header.nlmsg_flags == (NLM_F_REQUEST | NLM_F_ACK) ? RequestShape{true, true, true} : RequestShape{};
  }
  if (!is_allowed(protocol, family, header, request)) return {};
  return {true, dump != 0 || (header.nlmsg_flags & NLM_F_ACK) != 0, false};
}

}  // namespace nsatlas
