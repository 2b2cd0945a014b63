// Any formats and any message: what is copied is never longer, nothing is read or written outside, and copying a copy changes nothing.
// Input: length of the formats (4 bytes, host order), formats, message. What is no formats is a message to fixed ones.
#include <stdint.h>
#include <string.h>

#include <string>
#include <vector>

#include "rows/filter.h"
#include "rows/row_format.h"

using nsatlas::Rule;
using Bytes = std::vector<unsigned char>;

namespace {

/** As a link's: 3 and 18 are kept, in 18 a nest 2 that the text 1 chooses for, others dropped from 64 up. */
nsatlas::RowFormats fixed_formats() {
  nsatlas::RowFormats formats;
  formats.filters.resize(4);
  formats.filters[0].others = {Rule::Drop, 0};
  formats.filters[0].rules = {{Rule::Drop, 0}, {Rule::Whole, 0}, {Rule::Nest, 0}};
  formats.filters[1].others = {Rule::Whole, 0};
  formats.filters[1].rules = {{Rule::Whole, 0}, {Rule::Drop, 0}, {Rule::Nest, 0}};
  formats.filters[2].others = {Rule::Drop, 0};
  formats.filters[2].rules = {{Rule::Drop, 0}, {Rule::Whole, 0}, {Rule::Choice, 0}};
  formats.choices.push_back({1, {{"bridge", 0}, {"vxlan", 1}}});
  formats.filters[3].others = {Rule::Drop, 0};
  formats.filters[3].rules.resize(64, {Rule::Whole, 0});
  formats.filters[3].rules[18] = {Rule::Nest, 2};
  formats.filters[3].rules[7] = {Rule::Drop, 0};
  formats.formats = {{16, 3, true, 4}, {0, 1, false, std::nullopt}, {12, 0, false, 4}};
  return formats;
}

/** Into a block of exactly the input's size, from a block of exactly that size: one byte too far is seen. */
Bytes filtered(const nsatlas::RowFormats& formats, const nsatlas::RowFormat& format, const unsigned char* from, size_t length) {
  const Bytes exact(from, from + length);
  Bytes to(length);
  const size_t written = nsatlas::filter_payload(formats, format, exact.data(), length, to.data());
  if (written > length) __builtin_trap();
  to.resize(written);
  return to;
}

void try_all(const nsatlas::RowFormats& formats, const unsigned char* message, size_t length, bool stable) {
  for (const nsatlas::RowFormat& format : formats.formats) {
    const Bytes once = filtered(formats, format, message, length);
    const Bytes twice = filtered(formats, format, once.data(), once.size());
    if (stable && once != twice) __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const nsatlas::RowFormats kFixed = fixed_formats();
  uint32_t length = 0;
  if (size < sizeof length) return 0;
  memcpy(&length, data, sizeof length);
  const uint8_t* const rest = data + sizeof length;
  const size_t left = size - sizeof length;
  nsatlas::RowFormats formats;
  std::string reason;
  if (length <= left && nsatlas::parse_row_formats(rest, length, formats, reason)) {
    // Arbitrary ones may drop the text that chooses: then a copy of a copy is another one.
    try_all(formats, rest + length, left - length, false);
  } else {
    try_all(kFixed, rest, left, true);
  }
  return 0;
}
