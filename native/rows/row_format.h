// How messages are read as rows: which of their bytes are copied. Tables given as data; src/native/row-formats.ts writes the image that is read
// here. Plain C++ over bytes: no system call.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nsatlas {

/** What becomes of an attribute. In images: kind in the two lowest bits, index in the others. */
struct Rule {
  enum Kind : uint32_t { Drop, Whole, Nest, Choice };
  Kind kind;
  /** Of the filter (Nest) or the choice (Choice). */
  uint32_t index;
};

struct Filter {
  /** By attribute type; types beyond its end follow `others`. */
  std::vector<Rule> rules;
  Rule others;

  const Rule& rule(uint16_t type) const { return type < rules.size() ? rules[type] : others; }
};

/** A nest's filter, chosen by the text of a sibling. */
struct FilterChoice {
  /** The sibling's attribute type. */
  uint16_t by;
  /** Sorted by text. */
  std::vector<std::pair<std::string, uint32_t>> filters;

  /** Index of the text's filter; kNoFilter when it has none. */
  uint32_t find(std::string_view text) const;
};
constexpr uint32_t kNoFilter = 0xffffffff;

struct RowFormat {
  uint32_t header_bytes;
  uint32_t filter;
  bool ordered;
  /** Where the header has the ifindex by which a part of the table can be read. */
  std::optional<uint32_t> ifindex_at;
  /** Rows that have one of these bits in this byte of the header count as those of interface 0. */
  uint32_t apart_at = 0;
  unsigned char apart_bits = 0;
};

struct RowFormats {
  std::vector<RowFormat> formats;
  /** A filter refers to filters before itself only, and at most eight deep. */
  std::vector<Filter> filters;
  std::vector<FilterChoice> choices;
};

/** Reads an image of formats: numbers in host order. False, with the reason, for anything else. */
bool parse_row_formats(const unsigned char* image, size_t length, RowFormats& formats, std::string& reason);

}  // namespace nsatlas
