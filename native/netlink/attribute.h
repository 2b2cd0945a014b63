// Walks attributes. Safe on any bytes, and no system call.
#pragma once

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <algorithm>
#include <string_view>

namespace nsatlas {

constexpr size_t kAttributeHead = sizeof(nlattr);

/** The attribute at the start of some bytes. */
struct Attribute {
  uint16_t type;
  /** With its head; 0 when these bytes are no attribute. */
  size_t length;
  /** To the next one: with the padding, which the last one may lack. */
  size_t step;
};

inline Attribute attribute_at(const unsigned char* bytes, size_t left) {
  nlattr head;
  if (left < sizeof head) return {0, 0, 0};
  memcpy(&head, bytes, sizeof head);
  if (head.nla_len < sizeof head || head.nla_len > left) return {0, 0, 0};
  const size_t aligned = NLA_ALIGN(static_cast<size_t>(head.nla_len));
  return {static_cast<uint16_t>(head.nla_type & NLA_TYPE_MASK), head.nla_len, std::min(aligned, left)};
}

/** The payload of the first attribute of a type; without data when there is none. */
inline std::string_view find_attribute(uint16_t type, const unsigned char* bytes, size_t length) {
  for (size_t at = 0; at < length;) {
    const Attribute attribute = attribute_at(bytes + at, length - at);
    if (attribute.length == 0) break;
    if (attribute.type == type) return {reinterpret_cast<const char*>(bytes + at + kAttributeHead), attribute.length - kAttributeHead};
    at += attribute.step;
  }
  return {};
}

}  // namespace nsatlas
