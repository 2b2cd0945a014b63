#include "observer/event_rules.h"

#include <string.h>

#include <algorithm>

#include "bytes/image.h"

namespace nsatlas {
namespace {

constexpr uint32_t kNoIfindex = 0xffffffff;
constexpr uint32_t kMostRules = 256;
constexpr uint32_t kMostGroups = 256;
constexpr uint32_t kLargestGroup = 1024;
/** Types and tests of one rule. */
constexpr uint32_t kMostParts = 64;
constexpr uint32_t kLargestOffset = 4096;

std::vector<FieldTest> read_tests(Image& image, uint32_t count) {
  std::vector<FieldTest> tests;
  for (uint32_t i = 0; i < count && image.good(); ++i) {
    const FieldTest test{image.number<uint32_t>(), image.number<uint32_t>(), image.number<uint32_t>()};
    image.require(test.at <= kLargestOffset && (test.width == 1 || test.width == 2 || test.width == 4),
                  "an event rule compares something else than 1, 2 or 4 bytes, or too far behind");
    tests.push_back(test);
  }
  return tests;
}

EventRule read_rule(Image& image) {
  EventRule rule;
  rule.table = image.number<uint32_t>();
  const auto ifindex_at = image.number<uint32_t>();
  const auto types = image.number<uint32_t>();
  const auto when = image.number<uint32_t>();
  const auto unless = image.number<uint32_t>();
  image.require(rule.table < EventRules::kMostTables, "an event rule's table is larger than 63");
  image.require(types <= kMostParts && when <= kMostParts && unless <= kMostParts, "an event rule has too many parts");
  image.require(ifindex_at <= kLargestOffset || ifindex_at == kNoIfindex, "an event rule's ifindex lies too far behind");
  if (ifindex_at != kNoIfindex) rule.ifindex_at = ifindex_at;
  for (uint32_t i = 0; i < types && image.good(); ++i) {
    const auto type = image.number<uint32_t>();
    image.require(type <= UINT16_MAX, "a message type is larger than 65535");
    rule.types.push_back(static_cast<uint16_t>(type));
  }
  rule.when = read_tests(image, when);
  rule.unless = read_tests(image, unless);
  return rule;
}

template <typename Number>
Number number_at(const unsigned char* bytes) {
  Number number;
  memcpy(&number, bytes, sizeof number);
  return number;
}

}  // namespace

bool FieldTest::holds(const unsigned char* payload, size_t length) const {
  if (length < at || length - at < width) return false;
  if (width == 1) return payload[at] == value;
  return value == (width == 2 ? number_at<uint16_t>(payload + at) : number_at<uint32_t>(payload + at));
}

bool EventRule::matches(uint16_t type, const unsigned char* payload, size_t length) const {
  const auto holds = [&](const FieldTest& test) { return test.holds(payload, length); };
  if (std::find(types.begin(), types.end(), type) == types.end()) return false;
  if (!std::all_of(when.begin(), when.end(), holds)) return false;
  return unless.empty() || !std::all_of(unless.begin(), unless.end(), holds);
}

int32_t EventRule::ifindex(const unsigned char* payload, size_t length) const {
  int32_t ifindex = 0;
  if (ifindex_at && length >= *ifindex_at && length - *ifindex_at >= sizeof ifindex) {
    memcpy(&ifindex, payload + *ifindex_at, sizeof ifindex);
  }
  return ifindex;
}

bool parse_event_rules(const unsigned char* data, size_t length, EventRules& to, std::string& reason) {
  Image image(data, length, "the event rules end early");
  const auto groups = image.number<uint32_t>();
  const auto rules = image.number<uint32_t>();
  image.require(groups <= kMostGroups && rules <= kMostRules, "too many event rules or groups");
  for (uint32_t i = 0; i < groups && image.good(); ++i) {
    const auto group = image.number<uint32_t>();
    image.require(group != 0 && group <= kLargestGroup, "a multicast group is not from 1 to 1024");
    to.groups.push_back(static_cast<int>(group));
  }
  for (uint32_t i = 0; i < rules && image.good(); ++i) to.rules.push_back(read_rule(image));
  return image.finish("bytes after the end of the event rules", reason);
}

}  // namespace nsatlas
