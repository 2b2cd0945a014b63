// What native/rows/filter.cc copies, case by case, and 50,000 rows compared by native/rows/rows.cc. Built and run by test/live/fuzz.test.ts under
// AddressSanitizer; prints "ok".
#include "rows/filter.h"

#include <assert.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <string.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "rows/row_format.h"
#include "rows/rows.h"
#include "bytes/siphash.h"

using nsatlas::Rule;
using Bytes = std::vector<unsigned char>;

static Bytes join(const std::vector<Bytes>& parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

/** An attribute with its padding. */
static Bytes attribute(uint16_t type, const Bytes& payload) {
  const nlattr head{static_cast<uint16_t>(sizeof head + payload.size()), type};
  Bytes bytes(sizeof head);
  memcpy(bytes.data(), &head, sizeof head);
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  bytes.resize((bytes.size() + 3) & ~size_t{3});
  return bytes;
}

static Bytes text(const char* value) { return Bytes(value, value + strlen(value) + 1); }

/** 1 whole, 2 dropped, 3 a nest of which 1 is kept, 4 a nest that the text 1 chooses for; others as said. */
static nsatlas::RowFormats formats_with(Rule::Kind others) {
  nsatlas::RowFormats formats;
  formats.filters.push_back({{{Rule::Drop, 0}, {Rule::Whole, 0}}, {Rule::Drop, 0}});
  formats.filters.push_back(
      {{{Rule::Drop, 0}, {Rule::Whole, 0}, {Rule::Drop, 0}, {Rule::Nest, 0}, {Rule::Choice, 0}}, {others, 0}});
  formats.choices.push_back({1, {{"one", 0}}});
  formats.formats.push_back({4, 1, true, false});
  return formats;
}

static Bytes filtered(const Bytes& attributes, Rule::Kind others = Rule::Drop) {
  const nsatlas::RowFormats formats = formats_with(others);
  const Bytes payload = join({{9, 8, 7, 6}, attributes});
  Bytes to(payload.size(), 0xee);  // padding is written, too
  to.resize(nsatlas::filter_payload(formats, formats.formats[0], payload.data(), payload.size(), to.data()));
  assert(to.size() >= 4 && memcmp(to.data(), payload.data(), 4) == 0);
  return Bytes(to.begin() + 4, to.end());
}

static void named_cases() {
  const Bytes one = attribute(1, {1, 2, 3});
  const Bytes two = attribute(2, {4, 5, 6, 7});
  const Bytes nest = join({one, two});
  assert(filtered({}).empty());
  assert(filtered(join({one, two, attribute(99, {1})})) == one);
  assert(filtered(join({one, two, attribute(99, {1})}), Rule::Whole) == join({one, attribute(99, {1})}));
  // Nests: length rewritten, the flag as it was, empty ones are there.
  assert(filtered(attribute(3, nest)) == attribute(3, one));
  assert(filtered(attribute(3 | NLA_F_NESTED, nest)) == attribute(3 | NLA_F_NESTED, one));
  assert(filtered(attribute(3, two)) == attribute(3, {}));
  assert(filtered(join({attribute(3, nest), one})) == join({attribute(3, one), one}));
  // The text before and behind, another one, none, and one without its NUL.
  const Bytes chosen = attribute(4, nest);
  assert(filtered(join({attribute(1, text("one")), chosen})) == join({attribute(1, text("one")), attribute(4, one)}));
  assert(filtered(join({chosen, attribute(1, text("one"))})) == join({attribute(4, one), attribute(1, text("one"))}));
  assert(filtered(join({attribute(1, text("two")), chosen})) == join({attribute(1, text("two")), chosen}));
  assert(filtered(join({attribute(1, text("")), chosen})) == join({attribute(1, text("")), chosen}));
  assert(filtered(chosen) == chosen);
  assert(filtered(join({attribute(1, {'o', 'n', 'e'}), chosen})) == join({attribute(1, {'o', 'n', 'e'}), attribute(4, one)}));
  assert(filtered(join({attribute(1, {'o', 'n', 'e', 0, 'x'}), chosen})) ==
         join({attribute(1, {'o', 'n', 'e', 0, 'x'}), attribute(4, one)}));
  // What cannot be walked stays: at the top, in a nest, and a tail too short for an attribute.
  const Bytes lie = {200, 0, 2, 0, 1, 1};
  assert(filtered(join({two, lie})) == lie);
  assert(filtered(join({two, {3, 0, 2, 0}})) == Bytes({3, 0, 2, 0}));
  assert(filtered(join({two, {1, 2, 3}})) == Bytes({1, 2, 3}));
  assert(filtered(join({attribute(3, join({two, lie})), one})) == join({attribute(3, lie), one}));
  // A message shorter than its header.
  const nsatlas::RowFormats formats = formats_with(Rule::Drop);
  unsigned char to[2];
  assert(nsatlas::filter_payload(formats, formats.formats[0], one.data(), 2, to) == 2 && memcmp(to, one.data(), 2) == 0);
}

static void hashes() {
  Bytes bytes(64);
  std::vector<uint64_t> seen;
  for (size_t length = 0; length <= bytes.size(); ++length) {
    seen.push_back(nsatlas::siphash({1, 2}, bytes.data(), length));
    for (size_t at = 0; at < length; ++at) {
      bytes[at] = 1;
      seen.push_back(nsatlas::siphash({1, 2}, bytes.data(), length));
      bytes[at] = 0;
    }
  }
  seen.push_back(nsatlas::siphash({1, 3}, bytes.data(), 0));
  seen.push_back(nsatlas::siphash({2, 2}, bytes.data(), 0));
  std::sort(seen.begin(), seen.end());
  assert(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
  // SipHash-1-3 of nothing under the key 0 to 15, as Rust's and the reference implementation have it.
  assert(nsatlas::siphash({0x0706050403020100, 0x0f0e0d0c0b0a0908}, nullptr, 0) == 0xabac0158050fc4dc);
}

static void alike_rows() {
  // As many as there are, all alike: not quadratic.
  std::vector<nsatlas::AnsweredRow> rows(50000, {7, 0, 0, 1});
  nsatlas::RowComparer comparer;
  nsatlas::RowDiff diff = comparer.compare({}, {rows.data(), rows.size()}, std::nullopt, true);
  assert(diff.added.size() == rows.size() && !diff.reordered);
  rows.front().hash = 8;
  rows.back().hash = 9;
  diff = comparer.compare(diff.image, {rows.data(), rows.size()}, std::nullopt, true);
  assert(diff.added.size() == 2 && diff.removed.size() == 2 && diff.reordered);
}

int main() {
  named_cases();
  hashes();
  alike_rows();
  puts("ok");
  return 0;
}
