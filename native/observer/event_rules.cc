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

bool parse_tests(Image& image, uint32_t count, std::vector<FieldTest>& tests) {
  for (uint32_t i = 0; i < count; ++i) {
    FieldTest& test = tests.emplace_back();
    test.at = image.number<uint32_t>();
    test.width = image.number<uint32_t>();
    test.value = image.number<uint32_t>();
    if (image.failed() || test.at > kLargestOffset || (test.width != 1 && test.width != 2 && test.width != 4)) return false;
  }
  return true;
}

bool parse_rule(Image& image, EventRule& rule, std::string& reason) {
  rule.table = image.number<uint32_t>();
  const auto ifindex_at = image.number<uint32_t>();
  const auto types = image.number<uint32_t>();
  const auto when = image.number<uint32_t>();
  const auto unless = image.number<uint32_t>();
  if (image.failed()) return false;
  if (rule.table >= EventRules::kMostTables) return reason = "an event rule's table is larger than 63", false;
  if (types > kMostParts || when > kMostParts || unless > kMostParts) return reason = "an event rule has too many parts", false;
  if (ifindex_at != kNoIfindex) rule.ifindex_at = ifindex_at;
  if (rule.ifindex_at > kLargestOffset) return reason = "an event rule's ifindex lies too far behind", false;
  for (uint32_t i = 0; i < types; ++i) {
    const auto type = image.number<uint32_t>();
    if (type > UINT16_MAX) return reason = "a message type is larger than 65535", false;
    rule.types.push_back(static_cast<uint16_t>(type));
  }
  if (parse_tests(image, when, rule.when) && parse_tests(image, unless, rule.unless)) return true;
  if (!image.failed()) reason = "an event rule compares something else than 1, 2 or 4 bytes, or too far behind";
  return false;
}

}  // namespace

bool FieldTest::holds(const unsigned char* payload, size_t length) const {
  if (length < at || length - at < width) return false;
  if (width == 1) return payload[at] == value;
  uint32_t word = 0;
  uint16_t half = 0;
  if (width == 4) {
    memcpy(&word, payload + at, sizeof word);
  } else {
    memcpy(&half, payload + at, sizeof half);
    word = half;
  }
  return word == value;
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
  Image image(data, length);
  reason = "the event rules end early";
  const auto groups = image.number<uint32_t>();
  const auto rules = image.number<uint32_t>();
  if (image.failed()) return false;
  if (groups > kMostGroups || rules > kMostRules) return reason = "too many event rules or groups", false;
  for (uint32_t i = 0; i < groups; ++i) {
    const auto group = image.number<uint32_t>();
    if (image.failed()) return false;
    if (group == 0 || group > kLargestGroup) return reason = "a multicast group is not from 1 to 1024", false;
    to.groups.push_back(static_cast<int>(group));
  }
  for (uint32_t i = 0; i < rules; ++i) {
    if (!parse_rule(image, to.rules.emplace_back(), reason)) return false;
  }
  if (image.left() != 0) return reason = "bytes after the end of the event rules", false;
  return !image.failed();
}

}  // namespace nsatlas
