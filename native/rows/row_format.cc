#include "rows/row_format.h"

#include <linux/netlink.h>

#include <algorithm>

#include "bytes/image.h"

namespace nsatlas {
namespace {

constexpr uint32_t kOrdered = 1;
constexpr uint32_t kHasIfindex = 2;
// Above these flags: eight bits of a byte of the header, and its offset.
constexpr unsigned kApartBits = 8;
constexpr unsigned kApartAt = 16;
constexpr uint32_t kLargestHeader = 256;
constexpr unsigned kDeepest = 8;
// Tables are as long as their largest type: together at most 8 MB.
constexpr size_t kMostRules = size_t{1} << 20;
constexpr uint32_t kLargestType = static_cast<uint16_t>(NLA_TYPE_MASK);  // NLA_TYPE_MASK is an int with all higher bits set

/** Reads one image. Filters come before the filters that refer to them, so that none can contain itself. */
class Parser {
 public:
  Parser(const unsigned char* data, size_t length, RowFormats& to, std::string& reason)
      : image_(data, length), to_(to), reason_(reason) {}

  bool parse() {
    const auto formats = image_.number<uint32_t>();
    const auto filters = image_.number<uint32_t>();
    const auto choices = image_.number<uint32_t>();
    image_.number<uint32_t>();
    if (image_.failed()) return false;
    // Grown as they are read: the counts are not trusted with memory.
    choices_ = choices;
    for (uint32_t i = 0; i < filters; ++i) {
      if (!filter(to_.filters.emplace_back())) return false;
    }
    for (uint32_t i = 0; i < choices; ++i) {
      if (!choice(to_.choices.emplace_back())) return false;
    }
    for (uint32_t i = 0; i < formats; ++i) {
      if (!format(to_.formats.emplace_back())) return false;
    }
    if (image_.left() != 0) return refuse("bytes after the end of the row formats");
    return check_nesting();
  }

 private:
  bool refuse(const char* reason) {
    reason_ = reason;
    return false;
  }

  static Rule rule_of(uint32_t word) { return {static_cast<Rule::Kind>(word & 3), word >> 2}; }

  bool filter(Filter& filter) {
    const Rule others = rule_of(image_.number<uint32_t>());
    const auto count = image_.number<uint32_t>();
    if (image_.failed()) return false;
    if (others.kind != Rule::Drop && others.kind != Rule::Whole) return refuse("a filter's rule for others is none");
    filter.others = others;
    for (uint32_t i = 0; i < count; ++i) {
      const auto type = image_.number<uint32_t>();
      const Rule rule = rule_of(image_.number<uint32_t>());
      if (image_.failed()) return false;
      if (type > kLargestType) return refuse("an attribute type is larger than 16383");
      if (type >= filter.rules.size()) {
        rules_ += type + 1 - filter.rules.size();
        if (rules_ > kMostRules) return refuse("the row formats have too many rules");
        filter.rules.resize(type + 1, others);
      }
      filter.rules[type] = rule;
    }
    return true;
  }

  bool choice(FilterChoice& choice) {
    const auto by = image_.number<uint32_t>();
    const auto count = image_.number<uint32_t>();
    if (image_.failed()) return false;
    if (by > kLargestType) return refuse("an attribute type is larger than 16383");
    choice.by = static_cast<uint16_t>(by);
    for (uint32_t i = 0; i < count; ++i) {
      const auto length = image_.number<uint32_t>();
      const auto filter = image_.number<uint32_t>();
      const unsigned char* text = image_.block(length);
      if (image_.failed()) return false;
      choice.filters.emplace_back(std::string(reinterpret_cast<const char*>(text), length), filter);
    }
    std::sort(choice.filters.begin(), choice.filters.end());
    return true;
  }

  bool format(RowFormat& format) {
    format.header_bytes = image_.number<uint32_t>();
    format.filter = image_.number<uint32_t>();
    const auto flags = image_.number<uint32_t>();
    const auto ifindex_at = image_.number<uint32_t>();
    if (image_.failed()) return false;
    format.ordered = (flags & kOrdered) != 0;
    if ((flags & kHasIfindex) != 0) format.ifindex_at = ifindex_at;
    format.apart_bits = static_cast<unsigned char>(flags >> kApartBits);
    format.apart_at = flags >> kApartAt;
    if (format.header_bytes > kLargestHeader || format.header_bytes % NLA_ALIGNTO != 0) {
      return refuse("headerBytes is larger than 256 or no multiple of 4");
    }
    if (format.ifindex_at && (ifindex_at > format.header_bytes || format.header_bytes - ifindex_at < sizeof(int32_t))) {
      return refuse("an ifindex lies outside the header");
    }
    if (format.apart_bits != 0 && (!format.ifindex_at || format.apart_at >= format.header_bytes)) {
      return refuse("what sets rows apart lies outside the header, or the format has no ifindexAt");
    }
    if (format.filter >= to_.filters.size()) return refuse("a row format names a filter that is not there");
    return true;
  }

  /** Every index is there, refers backwards, and nothing is nested deeper than allowed. */
  bool check_nesting() {
    std::vector<unsigned> depths;
    for (uint32_t at = 0; at < to_.filters.size(); ++at) {
      unsigned depth = 1;
      for (const Rule& rule : to_.filters[at].rules) {
        if (rule.kind == Rule::Nest && !deepen(depths, rule.index, depth)) return false;
        if (rule.kind != Rule::Choice) continue;
        if (rule.index >= choices_) return refuse("a filter names a choice that is not there");
        for (const auto& [text, filter] : to_.choices[rule.index].filters) {
          if (!deepen(depths, filter, depth)) return false;
        }
      }
      if (depth > kDeepest) return refuse("filters are nested more than eight deep");
      depths.push_back(depth);
    }
    for (const FilterChoice& choice : to_.choices) {
      for (const auto& [text, filter] : choice.filters) {
        if (filter >= depths.size()) return refuse("a choice names a filter that is not there");
      }
    }
    return true;
  }

  bool deepen(const std::vector<unsigned>& depths, uint32_t filter, unsigned& depth) {
    if (filter >= depths.size()) return refuse("a filter contains itself or one that is not there");
    depth = std::max(depth, depths[filter] + 1);
    return true;
  }

  Image image_;
  RowFormats& to_;
  std::string& reason_;
  uint32_t choices_ = 0;
  size_t rules_ = 0;
};

}  // namespace

uint32_t FilterChoice::find(std::string_view text) const {
  const auto found = std::lower_bound(filters.begin(), filters.end(), text,
                                      [](const auto& entry, std::string_view wanted) { return entry.first < wanted; });
  return found != filters.end() && found->first == text ? found->second : kNoFilter;
}

bool parse_row_formats(const unsigned char* image, size_t length, RowFormats& formats, std::string& reason) {
  reason = "the row formats end early";
  return Parser(image, length, formats, reason).parse();
}

}  // namespace nsatlas
