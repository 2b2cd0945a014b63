#include "observer/events.h"

#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include <algorithm>
#include <string_view>

#include "netlink/attribute.h"

namespace nsatlas {
namespace {

/** NETNSA_NSID of an RTM_DELNSID. */
std::optional<int32_t> nsid_of(const unsigned char* payload, size_t length) {
  constexpr size_t kHeader = NLMSG_ALIGN(sizeof(rtgenmsg));
  if (length < kHeader) return std::nullopt;
  const std::string_view value = find_attribute(NETNSA_NSID, payload + kHeader, length - kHeader);
  int32_t nsid = 0;
  if (value.size() != sizeof nsid) return std::nullopt;
  memcpy(&nsid, value.data(), sizeof nsid);
  return nsid;
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
  for (const EventRule& rule : *rules_) {
    if (!rule.matches(type, payload, length)) continue;
    note(*nsid, rule.table, rule.ifindex(payload, length));
    return true;
  }
  return false;
}

void ObservedEvents::note(int32_t nsid, uint32_t table, int32_t ifindex) {
  if (changes_.size() >= kMostNamespaces && changes_.find(nsid) == changes_.end()) {
    changes_.clear();
    ++lost_;
  }
  ChangedRows& scope = rows_of(nsid, table);
  if (scope.any) return;
  std::vector<int32_t>& known = scope.ifindexes;
  const auto place = std::lower_bound(known.begin(), known.end(), ifindex);
  if (place != known.end() && *place == ifindex) return;
  if (ifindex > 0 && known.size() < kMostIfindexes) {
    known.insert(place, ifindex);
    return;
  }
  scope.any = true;
  std::vector<int32_t>().swap(known);
}

/** Of at most EventRules::kMostTables. */
ChangedRows& ObservedEvents::rows_of(int32_t nsid, uint32_t table) {
  std::vector<ChangedRows>& tables = changes_[nsid];
  for (ChangedRows& rows : tables) {
    if (rows.table == table) return rows;
  }
  return tables.emplace_back(ChangedRows{table, false, {}});
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
  for (const auto& [nsid, tables] : changes_) count += tables.size();
  const auto low = static_cast<uint32_t>(static_cast<uint64_t>(oldest_));
  const auto high = static_cast<uint32_t>(static_cast<uint64_t>(oldest_) >> 32);
  for (const uint32_t word : {lost_, mounts_ ? 1u : 0u, messages_, 0u, low, high, static_cast<uint32_t>(dead_.size()), static_cast<uint32_t>(count)}) {
    words.push_back(static_cast<int32_t>(word));
  }
  words.insert(words.end(), dead_.begin(), dead_.end());
  for (const auto& [nsid, tables] : changes_) {
    for (const ChangedRows& rows : tables) {
      words.push_back(nsid);
      words.push_back(static_cast<int32_t>(rows.table));
      words.push_back(static_cast<int32_t>(rows.ifindexes.size()));
      words.insert(words.end(), rows.ifindexes.begin(), rows.ifindexes.end());
    }
  }
  clear();
  return words;
}

}  // namespace nsatlas
