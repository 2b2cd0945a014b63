#include "rows/rows.h"

#include <algorithm>

namespace nsatlas {
namespace {

constexpr uint32_t kNone = 0xffffffff;

/** Finds rows of an image by hash. Rows that are alike are given out one by one, in their order. */
class HashIndex {
 public:
  HashIndex(const RowImage& image, const std::vector<uint32_t>& rows, size_t begin, size_t end)
      : image_(image), rows_(rows), begin_(begin), next_(end - begin, kNone) {
    size_t size = 8;
    while (size < 2 * next_.size()) size *= 2;
    table_.assign(size, {kNone, kNone});
    for (size_t at = end; at > begin; --at) insert(static_cast<uint32_t>(at - 1));
  }

  /** Takes a row with this hash out; kNone when there is none left. */
  uint32_t take(uint64_t hash) {
    Entry& entry = find(hash);
    const uint32_t found = entry.first;
    if (found != kNone) entry.first = next_[found - begin_];
    return found;
  }

 private:
  struct Entry {
    /** A row whose hash is this entry's; kNone: the entry is free. */
    uint32_t sample;
    uint32_t first;
  };

  Entry& find(uint64_t hash) {
    // The hash is keyed and uniform: its lowest bits are as good as any.
    size_t at = hash & (table_.size() - 1);
    while (table_[at].sample != kNone && image_[rows_[table_[at].sample]].hash != hash) at = (at + 1) & (table_.size() - 1);
    return table_[at];
  }

  void insert(uint32_t row) {
    Entry& entry = find(image_[rows_[row]].hash);
    if (entry.sample == kNone) entry.sample = row;
    next_[row - begin_] = entry.first;
    entry.first = row;
  }

  const RowImage& image_;
  const std::vector<uint32_t>& rows_;
  const size_t begin_;
  std::vector<Entry> table_;
  std::vector<uint32_t> next_;
};

}  // namespace

RowDiff RowComparer::compare(const RowImage& image, const AnsweredRows& answer, std::optional<int32_t> scope,
                             bool ordered) {
  RowDiff diff;
  select(image, answer, scope);
  if (trim(image, answer)) return diff;
  diff.changed = true;
  match(image, answer);
  assign(image, diff);
  rebuild(image, answer, diff);
  diff.reordered = ordered && is_reordered(image, diff);
  return diff;
}

void RowComparer::select(const RowImage& image, const AnsweredRows& answer, std::optional<int32_t> scope) {
  old_.clear();
  new_.clear();
  for (uint32_t at = 0; at < image.size(); ++at) {
    if (!scope || image[at].ifindex == *scope) old_.push_back(at);
  }
  for (uint32_t at = 0; at < answer.size(); ++at) {
    if (!scope || answer[at].ifindex == *scope) new_.push_back(at);
  }
}

/** True when all are alike. */
bool RowComparer::trim(const RowImage& image, const AnsweredRows& answer) {
  const size_t least = std::min(old_.size(), new_.size());
  const auto alike = [&](size_t from_old, size_t from_new) {
    return image[old_[from_old]].hash == answer[new_[from_new]].hash;
  };
  head_ = tail_ = 0;
  while (head_ < least && alike(head_, head_)) ++head_;
  if (head_ == least && old_.size() == new_.size()) return true;
  while (tail_ < least - head_ && alike(old_.size() - 1 - tail_, new_.size() - 1 - tail_)) ++tail_;
  return false;
}

/** Gives every row of the answer that was there before its slot. */
void RowComparer::match(const RowImage& image, const AnsweredRows& answer) {
  slots_.assign(new_.size(), kNone);
  kept_.assign(old_.size(), false);
  const auto keep = [&](size_t from_old, size_t from_new) {
    slots_[from_new] = image[old_[from_old]].slot;
    kept_[from_old] = true;
  };
  for (size_t at = 0; at < head_; ++at) keep(at, at);
  for (size_t at = 1; at <= tail_; ++at) keep(old_.size() - at, new_.size() - at);
  HashIndex index(image, old_, head_, old_.size() - tail_);
  for (size_t at = head_; at < new_.size() - tail_; ++at) {
    const uint32_t found = index.take(answer[new_[at]].hash);
    if (found != kNone) keep(found, at);
  }
}

/** Collects what was removed, and gives what was added the smallest slots that are free. */
void RowComparer::assign(const RowImage& image, RowDiff& diff) {
  uint32_t slots = 0;
  for (const ImageRow& row : image) slots = std::max(slots, row.slot + 1);
  stays_.assign(slots, false);
  for (const ImageRow& row : image) stays_[row.slot] = true;
  for (size_t at = 0; at < old_.size(); ++at) {
    if (kept_[at]) continue;
    const uint32_t slot = image[old_[at]].slot;
    stays_[slot] = false;
    diff.removed.push_back(slot);
  }
  uint32_t free = 0;
  for (size_t at = 0; at < new_.size(); ++at) {
    if (slots_[at] != kNone) continue;
    while (free < slots && stays_[free]) ++free;
    slots_[at] = free;
    diff.added.push_back({free, new_[at]});
    ++free;
  }
}

/** The new image: rows that were compared take the places of those that they were compared with; further ones stand at the end. */
void RowComparer::rebuild(const RowImage& image, const AnsweredRows& answer, RowDiff& diff) const {
  const auto row = [&](size_t at) { return ImageRow{answer[new_[at]].hash, slots_[at], answer[new_[at]].ifindex}; };
  diff.image.reserve(image.size() - old_.size() + new_.size());
  size_t taken = 0;
  size_t put = 0;
  for (uint32_t at = 0; at < image.size(); ++at) {
    if (taken == old_.size() || old_[taken] != at) {
      diff.image.push_back(image[at]);
      continue;
    }
    ++taken;
    if (put < new_.size()) diff.image.push_back(row(put++));
  }
  while (put < new_.size()) diff.image.push_back(row(put++));
}

bool RowComparer::is_reordered(const RowImage& image, const RowDiff& diff) const {
  size_t at = 0;
  for (const ImageRow& row : image) {
    if (stays_[row.slot] && diff.image[at++].slot != row.slot) return true;
  }
  for (const AddedRow& added : diff.added) {
    if (diff.image[at++].slot != added.slot) return true;
  }
  return false;
}

}  // namespace nsatlas
