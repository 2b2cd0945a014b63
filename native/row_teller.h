// Compares what a target's row requests were answered with and has the reader tell what differs. Outside of any foreign namespace.
#pragma once

#include <memory>
#include <vector>

#include "job.h"
#include "reader.h"
#include "row_collector.h"

namespace nsatlas {

class RowTeller {
 public:
  RowTeller(Reader& reader, LaneState& lane) : reader_(reader), lane_(lane) {}

  /** Tells every answer that is complete. Stops when the lane is not in charge any more. */
  void tell(const Job& job, const Target& target, const RowCollector& collector);

 private:
  struct Group;
  bool tell_group(const Job& job, const Target& target, const RowCollector& collector, const Group& group);
  bool tell_rows(const RowRequest& rows, uint32_t request, uint32_t key, const RowCollector& collector, const Group& group);
  bool tell_diff(const RowDiff& diff, uint32_t request, const AnsweredRows& answer, const RowCollector& collector);

  Reader& reader_;
  LaneState& lane_;
  RowComparer comparer_;
  std::vector<ToldRow> told_;
  std::vector<uint32_t> order_;
};

}  // namespace nsatlas
