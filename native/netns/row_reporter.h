// Compares what a target's row requests were answered with and has the reader report what differs. Outside of any foreign namespace.
#pragma once

#include <memory>
#include <vector>

#include "netns/job.h"
#include "netns/reader.h"
#include "rows/row_collector.h"

namespace nsatlas {

class RowReporter {
 public:
  RowReporter(Reader& reader, LaneState& lane) : reader_(reader), lane_(lane) {}

  /** Reports every answer that is complete. Stops when the lane is not in charge any more. */
  void report(const Job& job, const Target& target, const RowCollector& collector);

 private:
  struct Group;
  bool report_group(const Job& job, const Target& target, const RowCollector& collector, const Group& group);
  bool report_rows(const RowRequest& rows, uint32_t request, uint32_t key, const RowCollector& collector, const Group& group);
  bool report_diff(const RowDiff& diff, uint32_t request, const AnsweredRows& answer, const RowCollector& collector);
  bool end_request(uint32_t request, int err, Operation operation);

  Reader& reader_;
  LaneState& lane_;
  RowComparer comparer_;
  std::vector<ReportedRow> reported_;
  std::vector<uint32_t> order_;
};

}  // namespace nsatlas
