// A visitor's table after any answers, scoped and not: always the rows that were answered, in their order where it counts.
// Input: pairs of bytes. A row is (0..., ifindex and hash); a byte with the high bit ends an answer.
#include <stddef.h>
#include <stdint.h>

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "rows/rows.h"

namespace {

void insist(bool holds) {
  if (!holds) __builtin_trap();
}

/** What a visitor makes of what is reported. */
struct Table {
  std::map<uint32_t, uint64_t> rows;
  std::vector<uint32_t> order;

  void remove(uint32_t slot) {
    insist(rows.erase(slot) == 1);
    order.erase(std::find(order.begin(), order.end(), slot));
  }
  void add(uint32_t slot, uint64_t hash) {
    insist(rows.emplace(slot, hash).second);
    order.push_back(slot);
  }
  std::vector<uint64_t> hashes() const {
    std::vector<uint64_t> all;
    for (const uint32_t slot : order) all.push_back(rows.at(slot));
    return all;
  }
};

std::vector<uint64_t> sorted(std::vector<uint64_t> hashes) {
  std::sort(hashes.begin(), hashes.end());
  return hashes;
}

class Model {
 public:
  explicit Model(bool ordered) : ordered_(ordered) {}

  void answer(const std::vector<nsatlas::AnsweredRow>& rows, std::optional<int32_t> scope) {
    const nsatlas::RowDiff diff = comparer_.compare(image_, {rows.data(), rows.size()}, scope, ordered_);
    const std::vector<uint64_t> expected = expect(rows, scope);
    insist(diff.changed || (diff.removed.empty() && diff.added.empty() && !diff.reordered));
    if (diff.changed) take(diff, rows);
    insist(sorted(table_.hashes()) == sorted(expected));
    if (ordered_) insist(table_.hashes() == in_image());
    if (ordered_ && !scope) insist(table_.hashes() == expected);
    for (const auto& [slot, hash] : table_.rows) insist(slot < most_);
  }

 private:
  void take(const nsatlas::RowDiff& diff, const std::vector<nsatlas::AnsweredRow>& rows) {
    for (const uint32_t slot : diff.removed) {
      // What is still there is not removed and added again.
      for (const nsatlas::AddedRow& added : diff.added) insist(table_.rows.at(slot) != rows[added.row].hash);
    }
    for (const uint32_t slot : diff.removed) table_.remove(slot);
    for (const nsatlas::AddedRow& added : diff.added) table_.add(added.slot, rows[added.row].hash);
    image_ = diff.image;
    most_ = std::max(most_, image_.size());
    std::vector<uint32_t> order;
    for (const nsatlas::ImageRow& row : image_) order.push_back(row.slot);
    if (ordered_) insist(diff.reordered == (order != table_.order));
    if (diff.reordered) table_.order = order;
  }

  /** The rows that have to be there now. */
  std::vector<uint64_t> expect(const std::vector<nsatlas::AnsweredRow>& rows, std::optional<int32_t> scope) const {
    std::vector<uint64_t> hashes;
    for (const nsatlas::ImageRow& row : image_) {
      if (scope && row.ifindex != *scope) hashes.push_back(row.hash);
    }
    for (const nsatlas::AnsweredRow& row : rows) {
      if (!scope || row.ifindex == *scope) hashes.push_back(row.hash);
    }
    return hashes;
  }

  std::vector<uint64_t> in_image() const {
    std::vector<uint64_t> hashes;
    for (const nsatlas::ImageRow& row : image_) hashes.push_back(row.hash);
    return hashes;
  }

  const bool ordered_;
  nsatlas::RowComparer comparer_;
  nsatlas::RowImage image_;
  Table table_;
  /** Slots never run higher than there were ever rows at once. */
  size_t most_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Model ordered(true);
  Model unordered(false);
  std::vector<nsatlas::AnsweredRow> rows;
  for (size_t at = 0; at < size; ++at) {
    const uint8_t byte = data[at];
    if ((byte & 0x80) == 0) {
      // The ifindex is a part of the row, and hashes end alike to collide in a table by hash.
      rows.push_back({static_cast<uint64_t>(byte) << 32 | 7, 0, 0, byte & 3});
      continue;
    }
    const std::optional<int32_t> scope = (byte & 0x40) != 0 ? std::optional<int32_t>(byte & 3) : std::nullopt;
    ordered.answer(rows, scope);
    unordered.answer(rows, scope);
    rows.clear();
  }
  return 0;
}
