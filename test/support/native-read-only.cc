// Every message type of every protocol, every command of every generic family, and paths, held against lists by the names of the kernel's
// headers; then the id of a family in any bytes. Built and run by test/live/fuzz.test.ts under AddressSanitizer; prints "ok".
#include "netlink/read_only.h"

#include <assert.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <linux/inet_diag.h>
#include <linux/ip_vs.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_acct.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_cthelper.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <linux/netfilter/nfnetlink_hook.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/wireguard.h>
#include <linux/xfrm.h>
#include <stdio.h>
#include <string.h>

#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "netlink/genl.h"
#include "netns/job.h"

using nsatlas::Protocol;
using Bytes = std::vector<unsigned char>;

static Bytes request(uint16_t type, uint16_t flags, uint8_t command = 0, uint8_t version = 0) {
  const nlmsghdr header{NLMSG_HDRLEN + 16, type, flags, 0, 0};
  const genlmsghdr generic{command, version, 0};
  Bytes bytes(header.nlmsg_len);
  memcpy(bytes.data(), &header, sizeof header);
  memcpy(bytes.data() + NLMSG_HDRLEN, &generic, sizeof generic);
  return bytes;
}

static nsatlas::RequestShape shape(Protocol protocol, const Bytes& bytes, std::string_view family = {}) {
  return nsatlas::shape_of_request(protocol, family, bytes.data(), bytes.size());
}

/** The way of a request into the addon: whether a job that has it, and nothing else, is taken. */
static bool is_taken(Protocol protocol, const Bytes& bytes, const std::string& family = {}) {
  constexpr uint32_t kNone = 0xffffffff;
  const uint32_t words[] = {1, 2000, 4096, 0, 1, 0, static_cast<uint32_t>(bytes.size()), kNone, static_cast<uint32_t>(protocol), static_cast<uint32_t>(family.size()), 0, 0, 0, 0};
  Bytes image(reinterpret_cast<const unsigned char*>(words), reinterpret_cast<const unsigned char*>(words) + sizeof words);
  const auto add = [&](const auto& block) {
    image.insert(image.end(), block.begin(), block.end());
    image.resize((image.size() + 7) & ~size_t{7});
  };
  add(family);
  add(bytes);
  nsatlas::Job job;
  std::string reason;
  return nsatlas::parse_job(image.data(), image.size(), {}, job, reason);
}

static std::set<int> of_netfilter() {
  std::set<int> types;
  const auto add = [&](int subsystem, std::initializer_list<int> messages) {
    for (const int message : messages) types.insert(subsystem << 8 | message);
  };
  add(NFNL_SUBSYS_CTNETLINK, {IPCTNL_MSG_CT_GET, IPCTNL_MSG_CT_GET_STATS_CPU, IPCTNL_MSG_CT_GET_STATS, IPCTNL_MSG_CT_GET_DYING, IPCTNL_MSG_CT_GET_UNCONFIRMED});
  add(NFNL_SUBSYS_CTNETLINK_EXP, {IPCTNL_MSG_EXP_GET, IPCTNL_MSG_EXP_GET_STATS_CPU});
  add(NFNL_SUBSYS_IPSET, {IPSET_CMD_PROTOCOL, IPSET_CMD_LIST, IPSET_CMD_SAVE, IPSET_CMD_HEADER, IPSET_CMD_GET_BYNAME, IPSET_CMD_GET_BYINDEX});
  add(NFNL_SUBSYS_ACCT, {NFNL_MSG_ACCT_GET});
  add(NFNL_SUBSYS_CTNETLINK_TIMEOUT, {IPCTNL_MSG_TIMEOUT_GET, IPCTNL_MSG_TIMEOUT_DEFAULT_GET});
  add(NFNL_SUBSYS_CTHELPER, {NFNL_MSG_CTHELPER_GET});
  add(NFNL_SUBSYS_NFTABLES, {NFT_MSG_GETTABLE, NFT_MSG_GETCHAIN, NFT_MSG_GETRULE, NFT_MSG_GETSET, NFT_MSG_GETSETELEM, NFT_MSG_GETGEN, NFT_MSG_GETOBJ, NFT_MSG_GETFLOWTABLE});
  add(NFNL_SUBSYS_HOOK, {NFNL_MSG_HOOK_GET});
  return types;
}

/** Of ROUTE, whether a type is asked for as a dump or not. */
static std::set<int> of_route(bool dump) {
  std::set<int> types = {RTM_GETLINK,     RTM_GETADDR,      RTM_GETNEIGH,   RTM_GETRULE, RTM_GETQDISC, RTM_GETTCLASS, RTM_GETMULTICAST, RTM_GETANYCAST,
                         RTM_GETNEIGHTBL, RTM_GETADDRLABEL, RTM_GETNETCONF, RTM_GETMDB,  RTM_GETNSID,  RTM_GETSTATS,  RTM_GETNEXTHOP,   RTM_GETVLAN,
                         RTM_GETNEXTHOPBUCKET, RTM_GETTUNNEL};
  if (dump) types.insert({RTM_GETROUTE, RTM_GETTFILTER, RTM_GETCHAIN});
  return types;
}

static std::set<int> reading(Protocol protocol, bool dump) {
  switch (protocol) {
    case Protocol::Route:
      return of_route(dump);
    case Protocol::SockDiag:
      return {TCPDIAG_GETSOCK, SOCK_DIAG_BY_FAMILY};
    case Protocol::Xfrm:
      return {XFRM_MSG_GETSA, XFRM_MSG_GETPOLICY, XFRM_MSG_GETSADINFO, XFRM_MSG_GETSPDINFO, XFRM_MSG_GETDEFAULT};
    case Protocol::Netfilter:
      return of_netfilter();
    default:
      return {};
  }
}

static void every_type() {
  for (const Protocol protocol : {Protocol::Route, Protocol::SockDiag, Protocol::Xfrm, Protocol::Netfilter, Protocol::Generic, Protocol::File}) {
    const std::set<int> dumps = reading(protocol, true);
    const std::set<int> singles = reading(protocol, false);
    for (int at = 0; at <= 65535; ++at) {
      const auto type = static_cast<uint16_t>(at);
      const bool gives = protocol == Protocol::Route && at == RTM_NEWNSID;
      const auto valid = [&](uint16_t flags) { return shape(protocol, request(type, flags)).valid; };
      assert(is_taken(protocol, request(type, NLM_F_REQUEST | NLM_F_DUMP)) == (dumps.count(at) != 0));
      assert(is_taken(protocol, request(type, NLM_F_REQUEST)) == (singles.count(at) != 0));
      assert(valid(NLM_F_REQUEST | NLM_F_ACK) == (gives || singles.count(at) != 0));
      assert(shape(protocol, request(type, NLM_F_REQUEST | NLM_F_ACK)).gives_nsid == gives);
      // Half an NLM_F_DUMP, no request, and what only writing ones have.
      for (const uint16_t flags : {NLM_F_REQUEST | NLM_F_ROOT, NLM_F_REQUEST | NLM_F_MATCH, 0, NLM_F_DUMP, NLM_F_REQUEST | NLM_F_CREATE, NLM_F_REQUEST | NLM_F_APPEND}) {
        assert(!valid(flags));
      }
      assert(!shape(protocol, request(type, NLM_F_REQUEST | NLM_F_DUMP), "nlctrl").valid);
    }
  }
}

static void every_command() {
  // Those that headers of v6.1 lack by number: PSE_GET, RSS_GET, PLCA_GET_CFG, PLCA_GET_STATUS, MM_GET, PHY_GET.
  const std::set<int> of_ethtool = {
      ETHTOOL_MSG_STRSET_GET,    ETHTOOL_MSG_LINKINFO_GET,     ETHTOOL_MSG_LINKMODES_GET, ETHTOOL_MSG_LINKSTATE_GET, ETHTOOL_MSG_DEBUG_GET,
      ETHTOOL_MSG_WOL_GET,       ETHTOOL_MSG_FEATURES_GET,     ETHTOOL_MSG_PRIVFLAGS_GET, ETHTOOL_MSG_RINGS_GET,     ETHTOOL_MSG_CHANNELS_GET,
      ETHTOOL_MSG_COALESCE_GET,  ETHTOOL_MSG_PAUSE_GET,        ETHTOOL_MSG_EEE_GET,       ETHTOOL_MSG_TSINFO_GET,    ETHTOOL_MSG_TUNNEL_INFO_GET,
      ETHTOOL_MSG_FEC_GET,       ETHTOOL_MSG_STATS_GET,        ETHTOOL_MSG_PHC_VCLOCKS_GET, ETHTOOL_MSG_MODULE_GET,  36, 38, 39, 41, 42, 45};
  const std::map<std::string, std::pair<int, std::set<int>>> expected = {
      {"nlctrl", {2, {CTRL_CMD_GETFAMILY, CTRL_CMD_GETPOLICY}}},
      {ETHTOOL_GENL_NAME, {ETHTOOL_GENL_VERSION, of_ethtool}},
      {IPVS_GENL_NAME, {IPVS_GENL_VERSION, {IPVS_CMD_GET_SERVICE, IPVS_CMD_GET_DEST, IPVS_CMD_GET_DAEMON, IPVS_CMD_GET_CONFIG, IPVS_CMD_GET_INFO}}},
      {WG_GENL_NAME, {WG_GENL_VERSION, {WG_CMD_GET_DEVICE}}},
      {"", {1, {}}},
      {"nl80211", {1, {}}},
      {"ipvs", {1, {}}},
  };
  for (const auto& [family, known] : expected) {
    for (int at = 0; at < 65536; ++at) {
      const auto command = static_cast<uint8_t>(at);
      const auto version = static_cast<uint8_t>(at >> 8);
      const bool reads = version == known.first && known.second.count(command) != 0;
      assert(is_taken(Protocol::Generic, request(0, NLM_F_REQUEST | NLM_F_DUMP, command, version), family) == reads);
      assert(shape(Protocol::Generic, request(0, NLM_F_REQUEST, command, version), family).valid == reads);
      for (const uint16_t half : {NLM_F_ROOT, NLM_F_MATCH}) {
        assert(!shape(Protocol::Generic, request(0, static_cast<uint16_t>(NLM_F_REQUEST | half), command, version), family).valid);
      }
      assert(!shape(Protocol::Generic, request(GENL_ID_CTRL, NLM_F_REQUEST, command, version), family).valid);
    }
  }
  // The command has to be there.
  Bytes cut = request(0, NLM_F_REQUEST, CTRL_CMD_GETFAMILY, 2);
  cut.resize(NLMSG_HDRLEN + 3);
  cut[0] = NLMSG_HDRLEN + 3;
  assert(!shape(Protocol::Generic, cut, "nlctrl").valid);
}

static void paths() {
  for (const char* path : {"/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv4/conf/eth0.5/rp_filter", "/proc/thread-self/net/dev", "/proc/thread-self/net/..a"}) {
    assert(nsatlas::may_read(path));
  }
  for (const char* path :
       {"", "/", "/proc/sys/net", "/proc/sys/net/", "/proc/sys/net/.", "/proc/sys/net/..", "/proc/sys/net/../kernel/hostname", "/proc/sys/net//ipv4",
        "/proc/sys/net/ipv4/", "/proc/sys/network/x", "/proc/sys/kernel/hostname", "/proc/self/net/dev", "/proc/net/dev", "/proc/1/net/dev",
        "/proc/thread-self/environ", "/proc/thread-self/net/rpc/nfsd/channel", "/etc/shadow", "proc/sys/net/ipv4/ip_forward", "//proc/sys/net/ipv4/ip_forward"}) {
    assert(!nsatlas::may_read(path));
  }
  assert(!nsatlas::may_read(std::string_view("/proc/sys/net/ipv4\0/ip_forward", 30)));
}

static uint16_t id_in(const Bytes& bytes) {
  const std::unique_ptr<unsigned char[]> exact(new unsigned char[bytes.size()]);
  if (!bytes.empty()) memcpy(exact.get(), bytes.data(), bytes.size());
  return nsatlas::family_id_in(exact.get(), bytes.size(), 7, "IPVS");
}

static void family_ids() {
  // CTRL_CMD_NEWFAMILY of IPVS, id 0x21.
  Bytes answer = nsatlas::family_request("IPVS");
  nlmsghdr header;
  memcpy(&header, answer.data(), sizeof header);
  assert(header.nlmsg_len == answer.size() && header.nlmsg_type == GENL_ID_CTRL && answer[NLMSG_HDRLEN] == CTRL_CMD_GETFAMILY);
  header.nlmsg_seq = 7;
  header.nlmsg_len += 8;
  answer.insert(answer.end(), {6, 0, CTRL_ATTR_FAMILY_ID, 0, 0x21, 0, 0, 0});
  memcpy(answer.data(), &header, sizeof header);
  assert(id_in(answer) == 0);
  answer[NLMSG_HDRLEN] = CTRL_CMD_NEWFAMILY;
  assert(id_in(answer) == 0x21);
  Bytes other = answer;
  other[NLMSG_HDRLEN + 8] = 'X';
  assert(id_in(other) == 0);
  // No id of a family, but a type that every netlink protocol has.
  other = answer;
  other[other.size() - 4] = NLMSG_DONE;
  assert(id_in(other) == 0);
  std::mt19937 random(20261129);
  for (int round = 0; round < 50000; ++round) {
    Bytes bytes = answer;
    for (unsigned changes = random() % 6 + 1; changes > 0; --changes) bytes[random() % bytes.size()] = static_cast<unsigned char>(random());
    bytes.resize(random() % (bytes.size() + 1));
    id_in(bytes);
  }
}

int main() {
  every_type();
  every_command();
  paths();
  family_ids();
  puts("ok");
  return 0;
}
