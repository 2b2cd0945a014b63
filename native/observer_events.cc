#include "observer_events.h"

#include <linux/neighbour.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>

namespace nsatlas {
namespace {

// Headers of links, addresses and neighbours alike: the family in the first byte, the ifindex at the fifth.
// linux/rtnetlink.h struct ifinfomsg, linux/if_addr.h struct ifaddrmsg, linux/neighbour.h struct ndmsg
constexpr size_t kIfindexOffset = 4;

int32_t ifindex_of(const unsigned char* payload, size_t length) {
  int32_t ifindex = 0;
  if (length >= kIfindexOffset + sizeof ifindex) memcpy(&ifindex, payload + kIfindexOffset, sizeof ifindex);
  return ifindex;
}

/** NETNSA_NSID of an RTM_DELNSID. */
std::optional<int32_t> nsid_of(const unsigned char* payload, size_t length) {
  size_t offset = NLMSG_ALIGN(sizeof(rtgenmsg));
  while (offset < length && length - offset >= sizeof(nlattr)) {
    nlattr attribute;
    memcpy(&attribute, payload + offset, sizeof attribute);
    if (attribute.nla_len < sizeof attribute || attribute.nla_len > length - offset) return std::nullopt;
    int32_t nsid = 0;
    if ((attribute.nla_type & NLA_TYPE_MASK) == NETNSA_NSID && attribute.nla_len == sizeof attribute + sizeof nsid) {
      memcpy(&nsid, payload + offset + sizeof attribute, sizeof nsid);
      return nsid;
    }
    offset += NLA_ALIGN(attribute.nla_len);
  }
  return std::nullopt;
}

/**
 * The end of what the kernel resolves a multicast address to: made without an event, for every router solicitation of every interface, and
 * nothing that is shown. ndisc_constructor(), net/ipv6/ndisc.c; arp_constructor(), net/ipv4/arp.c; linux/neighbour.h struct ndmsg
 */
bool is_multicast_end(const unsigned char* payload, size_t length) {
  ndmsg neighbor;
  if (length < sizeof neighbor) return false;
  memcpy(&neighbor, payload, sizeof neighbor);
  return neighbor.ndm_family != AF_BRIDGE && neighbor.ndm_type == RTN_MULTICAST && neighbor.ndm_state == NUD_NOARP;
}

}  // namespace

bool ObservedEvents::take_in(const unsigned char* datagram, size_t length, std::optional<int32_t> nsid) {
  bool matters = false;
  size_t offset = 0;
  while (offset < length && length - offset >= sizeof(nlmsghdr)) {
    nlmsghdr header;
    memcpy(&header, datagram + offset, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > length - offset) break;
    const unsigned char* payload = datagram + offset + sizeof header;
    if (take_in_message(header.nlmsg_type, payload, header.nlmsg_len - sizeof header, nsid)) matters = true;
    offset += NLMSG_ALIGN(static_cast<size_t>(header.nlmsg_len));
  }
  return matters;
}

bool ObservedEvents::take_in_message(uint16_t type, const unsigned char* payload, size_t length, std::optional<int32_t> nsid) {
  if (!nsid) {
    // Nothing of interest happens in the observer namespace itself but the end of those that have an id there.
    const std::optional<int32_t> dead = type == RTM_DELNSID ? nsid_of(payload, length) : std::nullopt;
    if (dead) note_dead(*dead);
    return dead.has_value();
  }
  switch (type) {
    case RTM_NEWLINK:
    case RTM_DELLINK:
      note(*nsid, EventTable::Links, ifindex_of(payload, length));
      return true;
    case RTM_NEWADDR:
    case RTM_DELADDR:
      note(*nsid, EventTable::Addresses, ifindex_of(payload, length));
      return true;
    case RTM_NEWNEIGH:
    case RTM_DELNEIGH:
      if (type == RTM_DELNEIGH && is_multicast_end(payload, length)) return false;
      note(*nsid, length > 0 && payload[0] == AF_BRIDGE ? EventTable::Fdb : EventTable::Neighbors, ifindex_of(payload, length));
      return true;
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
      note(*nsid, EventTable::Routes, 0);
      return true;
    case RTM_NEWNSID:
    case RTM_DELNSID:
      note(*nsid, EventTable::Nsids, 0);
      return true;
    default:
      // RTM_GETNEIGH: a vxlan misses an address (vxlan_fdb_miss(), drivers/net/vxlan); nothing has changed.
      return false;
  }
}

void ObservedEvents::note(int32_t nsid, EventTable table, int32_t ifindex) {
  if (changes_.size() >= kMostNamespaces && changes_.find(nsid) == changes_.end()) {
    changes_.clear();
    ++lost_;
  }
  std::optional<ChangedRows>& scope = changes_[nsid][static_cast<size_t>(table)];
  if (!scope) scope.emplace();
  if (scope->any) return;
  std::vector<int32_t>& known = scope->ifindexes;
  const auto place = std::lower_bound(known.begin(), known.end(), ifindex);
  if (place != known.end() && *place == ifindex) return;
  if (ifindex > 0 && known.size() < kMostIfindexes) {
    known.insert(place, ifindex);
    return;
  }
  scope->any = true;
  std::vector<int32_t>().swap(known);
}

void ObservedEvents::note_dead(int32_t nsid) {
  if (dead_.size() >= kMostNamespaces) {
    dead_.clear();
    ++lost_;
  }
  dead_.push_back(nsid);
}

std::vector<int32_t> ObservedEvents::drain() {
  std::vector<int32_t> words;
  size_t count = 0;
  for (const auto& [nsid, tables] : changes_) {
    for (const std::optional<ChangedRows>& scope : tables) count += scope.has_value();
  }
  const auto low = static_cast<uint32_t>(static_cast<uint64_t>(oldest_));
  const auto high = static_cast<uint32_t>(static_cast<uint64_t>(oldest_) >> 32);
  for (const uint32_t word : {lost_, mounts_ ? 1u : 0u, messages_, 0u, low, high, static_cast<uint32_t>(dead_.size()), static_cast<uint32_t>(count)}) {
    words.push_back(static_cast<int32_t>(word));
  }
  words.insert(words.end(), dead_.begin(), dead_.end());
  for (const auto& [nsid, tables] : changes_) {
    for (size_t table = 0; table < kEventTables; ++table) {
      const std::optional<ChangedRows>& scope = tables[table];
      if (!scope) continue;
      words.push_back(nsid);
      words.push_back(static_cast<int32_t>(table));
      words.push_back(static_cast<int32_t>(scope->ifindexes.size()));
      words.insert(words.end(), scope->ifindexes.begin(), scope->ifindexes.end());
    }
  }
  *this = ObservedEvents();
  return words;
}

}  // namespace nsatlas
