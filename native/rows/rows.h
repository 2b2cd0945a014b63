// Remembered rows and what an answer changed in them. Rows are known by their hashes alone. Plain C++: no system call.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <optional>
#include <vector>

namespace nsatlas {

/** A row as it is remembered. */
struct ImageRow {
  uint64_t hash;
  /** What the visitor calls it: no two rows of a table have the same. */
  uint32_t slot;
  int32_t ifindex;
};
static_assert(sizeof(ImageRow) <= 24, "fifty thousand rows of one namespace are usual");

/** The rows of one table in their order. */
using RowImage = std::vector<ImageRow>;

/** A row of an answer. */
struct AnsweredRow {
  uint64_t hash;
  /** Where its bytes are, for whoever collected them. */
  size_t offset;
  uint32_t length;
  int32_t ifindex;
};

/** Rows that stand one after another. */
struct AnsweredRows {
  const AnsweredRow* rows;
  size_t count;

  const AnsweredRow& operator[](size_t at) const { return rows[at]; }
  size_t size() const { return count; }
};

struct AddedRow {
  uint32_t slot;
  /** Position in the answer. */
  uint32_t row;
};

/** What has to be reported, and remembered once it was. */
struct RowDiff {
  /** The image is another one, if only in its order. Otherwise everything else is empty. */
  bool changed = false;
  std::vector<uint32_t> removed;
  std::vector<AddedRow> added;
  /** An ordered table's order is not the old one with what was added at the end. */
  bool reordered = false;
  RowImage image;
};

/** Compares answers with images. Keeps its memory for the next comparison. */
class RowComparer {
 public:
  /**
   * @param scope compare and replace only the rows of this ifindex; others in the answer are ignored
   * @param ordered whether to look at the order
   */
  RowDiff compare(const RowImage& image, const AnsweredRows& answer, std::optional<int32_t> scope, bool ordered);

 private:
  void select(const RowImage& image, const AnsweredRows& answer, std::optional<int32_t> scope);
  bool trim(const RowImage& image, const AnsweredRows& answer);
  void match(const RowImage& image, const AnsweredRows& answer);
  void assign(const RowImage& image, RowDiff& diff);
  void rebuild(const RowImage& image, const AnsweredRows& answer, RowDiff& diff) const;
  bool is_reordered(const RowImage& image, const RowDiff& diff) const;

  /** Positions of the rows that are compared, in the image and in the answer. */
  std::vector<uint32_t> old_;
  std::vector<uint32_t> new_;
  /** How many of them are alike at the beginning and at the end. */
  size_t head_ = 0;
  size_t tail_ = 0;
  /** For each of new_: its slot. For each of old_: whether it is still there. */
  std::vector<uint32_t> slots_;
  std::vector<bool> kept_;
  /** For each slot: whether a row that stays has it. */
  std::vector<bool> stays_;
};

}  // namespace nsatlas
