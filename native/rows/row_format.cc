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
  Parser(const unsigned char* data, size_t length, RowFormats& to) : image_(data, length, "the row formats end early"), to_(to) {}

  bool parse(std::string& reason) {
    const auto formats = image_.number<uint32_t>();
    const auto filters = image_.number<uint32_t>();
    const auto choices = image_.number<uint32_t>();
    image_.number<uint32_t>();
    // Grown as they are read: the counts are not trusted with memory.
    for (uint32_t i = 0; i < filters && image_.good(); ++i) to_.filters.push_back(filter());
    for (uint32_t i = 0; i < choices && image_.good(); ++i) to_.choices.push_back(choice());
    for (uint32_t i = 0; i < formats && image_.good(); ++i) to_.formats.push_back(format());
    if (image_.good()) check_nesting();
    return image_.finish("bytes after the end of the row formats", reason);
  }

 private:
  static Rule rule_of(uint32_t word) { return {static_cast<Rule::Kind>(word & 3), word >> 2}; }

  Filter filter() {
    Filter filter;
    filter.others = rule_of(image_.number<uint32_t>());
    const auto count = image_.number<uint32_t>();
    image_.require(filter.others.kind <= Rule::Whole, "a filter's rule for others is none");
    for (uint32_t i = 0; i < count; ++i) {
      const auto type = image_.number<uint32_t>();
      const Rule rule = rule_of(image_.number<uint32_t>());
      image_.require(type <= kLargestType, "an attribute type is larger than 16383");
      if (!image_.good()) break;
      if (type >= filter.rules.size()) {
        rules_ += type + 1 - filter.rules.size();
        filter.rules.resize(type + 1, filter.others);
        image_.require(rules_ <= kMostRules, "the row formats have too many rules");
      }
      filter.rules[type] = rule;
    }
    return filter;
  }

  FilterChoice choice() {
    const auto by = image_.number<uint32_t>();
    const auto count = image_.number<uint32_t>();
    image_.require(by <= kLargestType, "an attribute type is larger than 16383");
    FilterChoice choice{static_cast<uint16_t>(by), {}};
    for (uint32_t i = 0; i < count && image_.good(); ++i) {
      const auto length = image_.number<uint32_t>();
      const auto filter = image_.number<uint32_t>();
      choice.filters.emplace_back(image_.block(length), filter);
    }
    std::sort(choice.filters.begin(), choice.filters.end());
    return choice;
  }

  RowFormat format() {
    const auto header_bytes = image_.number<uint32_t>();
    const auto filter = image_.number<uint32_t>();
    const auto flags = image_.number<uint32_t>();
    const auto ifindex_at = image_.number<uint32_t>();
    const bool has_ifindex = (flags & kHasIfindex) != 0;
    const auto apart_bits = static_cast<unsigned char>(flags >> kApartBits);
    const uint32_t apart_at = flags >> kApartAt;
    image_.require(header_bytes <= kLargestHeader && header_bytes % NLA_ALIGNTO == 0,
                   "headerBytes is larger than 256 or no multiple of 4");
    image_.require(!has_ifindex || (ifindex_at <= header_bytes && header_bytes - ifindex_at >= sizeof(int32_t)),
                   "an ifindex lies outside the header");
    image_.require(apart_bits == 0 || (has_ifindex && apart_at < header_bytes),
                   "what sets rows apart lies outside the header, or the format has no ifindexAt");
    image_.require(filter < to_.filters.size(), "a row format names a filter that is not there");
    return {header_bytes, filter, (flags & kOrdered) != 0, has_ifindex ? std::optional<uint32_t>(ifindex_at) : std::nullopt, apart_at, apart_bits};
  }

  /** Every index is there, refers backwards, and nothing is nested deeper than allowed. */
  void check_nesting() {
    std::vector<unsigned> depths;
    unsigned deepest = 0;
    const auto contain = [&](uint32_t filter) {
      image_.require(filter < depths.size(), "a filter contains itself or one that is not there");
      if (image_.good()) deepest = std::max(deepest, depths[filter]);
    };
    for (const Filter& filter : to_.filters) {
      deepest = 0;
      for (const Rule& rule : filter.rules) {
        if (rule.kind == Rule::Nest) contain(rule.index);
        if (rule.kind != Rule::Choice) continue;
        image_.require(rule.index < to_.choices.size(), "a filter names a choice that is not there");
        if (!image_.good()) return;
        for (const auto& [text, chosen] : to_.choices[rule.index].filters) contain(chosen);
      }
      depths.push_back(deepest + 1);
      image_.require(depths.back() <= kDeepest, "filters are nested more than eight deep");
    }
    for (const FilterChoice& choice : to_.choices) {
      for (const auto& [text, filter] : choice.filters) image_.require(filter < depths.size(), "a choice names a filter that is not there");
    }
  }

  Image image_;
  RowFormats& to_;
  size_t rules_ = 0;
};

}  // namespace

uint32_t FilterChoice::find(std::string_view text) const {
  const auto found = std::lower_bound(filters.begin(), filters.end(), text,
                                      [](const auto& entry, std::string_view wanted) { return entry.first < wanted; });
  return found != filters.end() && found->first == text ? found->second : kNoFilter;
}

bool parse_row_formats(const unsigned char* image, size_t length, RowFormats& formats, std::string& reason) {
  return Parser(image, length, formats).parse(reason);
}

}  // namespace nsatlas
