#include "rows/filter.h"

#include <linux/netlink.h>
#include <string.h>

#include <algorithm>
#include <string_view>

#include "netlink/attribute.h"

namespace nsatlas {
namespace {

/** The text of the first attribute of a type, up to its NUL; without data when there is none. */
std::string_view text_of(uint16_t type, const unsigned char* bytes, size_t length) {
  const std::string_view payload = find_attribute(type, bytes, length);
  return payload.substr(0, payload.find('\0'));
}

/** Copies one level of attributes; levels below it by calling itself, at most as deep as the formats are. */
class Copier {
 public:
  explicit Copier(const RowFormats& formats) : formats_(formats) {}

  size_t copy(const Filter& filter, const unsigned char* from, size_t length, unsigned char* to) const {
    unsigned char* const begin = to;
    size_t run = 0;  // start of what is copied as it is, in one piece as far as it goes
    size_t at = 0;
    while (at < length) {
      const Attribute attribute = attribute_at(from + at, length - at);
      if (attribute.length == 0) break;
      const Rule& rule = filter.rule(attribute.type);
      const Filter* inside = rule.kind <= Rule::Whole ? nullptr : filter_of(rule, from, length);
      if (rule.kind == Rule::Drop || inside != nullptr) {
        to = append(to, from + run, at - run);
        if (inside != nullptr) to += copy_nest(*inside, from + at, attribute, to);
        run = at + attribute.step;
      }
      at += attribute.step;
    }
    return static_cast<size_t>(append(to, from + run, length - run) - begin);
  }

 private:
  static unsigned char* append(unsigned char* to, const unsigned char* from, size_t length) {
    if (length != 0) memcpy(to, from, length);
    return to + length;
  }

  /** nullptr: copied in full. */
  const Filter* filter_of(const Rule& rule, const unsigned char* level, size_t length) const {
    if (rule.kind == Rule::Nest) return &formats_.filters[rule.index];
    const FilterChoice& choice = formats_.choices[rule.index];
    const std::string_view text = text_of(choice.by, level, length);
    const uint32_t chosen = text.data() == nullptr ? kNoFilter : choice.find(text);
    return chosen == kNoFilter ? nullptr : &formats_.filters[chosen];
  }

  /** A nest with a part of its content. The flags of its type stay as they are. Returns the bytes written, padding included. */
  size_t copy_nest(const Filter& filter, const unsigned char* from, const Attribute& nest, unsigned char* to) const {
    memcpy(to, from, kAttributeHead);
    const size_t length = kAttributeHead + copy(filter, from + kAttributeHead, nest.length - kAttributeHead, to + kAttributeHead);
    const auto rewritten = static_cast<uint16_t>(length);
    memcpy(to + offsetof(nlattr, nla_len), &rewritten, sizeof rewritten);
    const size_t padded = std::min(NLA_ALIGN(length), nest.step);
    memset(to + length, 0, padded - length);
    return padded;
  }

  const RowFormats& formats_;
};

}  // namespace

size_t filter_payload(const RowFormats& formats, const RowFormat& format, const unsigned char* payload, size_t length,
                      unsigned char* to) {
  const size_t header = std::min<size_t>(format.header_bytes, length);
  if (header != 0) memcpy(to, payload, header);
  return header + Copier(formats).copy(formats.filters[format.filter], payload + header, length - header, to + header);
}

}  // namespace nsatlas
