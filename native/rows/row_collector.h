// What the row requests of one target were answered with, until it is compared outside of the namespace. Used by one lane.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <memory>
#include <vector>

#include "bytes/siphash.h"
#include "process/failure.h"
#include "rows/filter.h"
#include "rows/rows.h"

namespace nsatlas {

/** How a row request ended, and how many of the collected rows are its own. */
struct RowAnswer {
  /** Index in the job. */
  uint32_t request;
  int err;
  Operation operation;
  size_t rows_end;
};

class RowCollector {
 public:
  RowCollector(const RowFormats& formats, const HashKey& key) : formats_(formats), key_(key) {}

  /** Before each target. Lets the memory of a huge one go. */
  void restart();

  /**
   * Filters the rows among the messages of a datagram that are `seq`'s.
   * @param length where the answer ends within the datagram, whose messages were found to be complete
   * @returns 0, or ENOBUFS when there are more rows than can be held
   */
  int add(const unsigned char* datagram, size_t length, uint32_t seq, uint32_t format);

  /** Ends the answer to a request. Its rows are dropped unless `err` is 0. */
  void end(uint32_t request, int err, Operation operation);

  /** Lets go of the rows of an answer that has not ended. */
  void drop();

  /** Answers in the order of their ends. */
  const std::vector<RowAnswer>& answers() const { return answers_; }
  /** The rows of all answers, one after another. */
  const std::vector<AnsweredRow>& rows() const { return rows_; }
  const unsigned char* bytes(const AnsweredRow& row) const { return bytes_.get() + row.offset; }

 private:
  int add_row(const unsigned char* payload, size_t length, const RowFormat& format);
  bool make_room(size_t length);

  const RowFormats& formats_;
  const HashKey key_;
  std::vector<RowAnswer> answers_;
  std::vector<AnsweredRow> rows_;
  std::unique_ptr<unsigned char[]> bytes_;
  size_t capacity_ = 0;
  size_t used_ = 0;
};

}  // namespace nsatlas
