#include "netns/row_reporter.h"

#include <utility>

namespace nsatlas {

/** Answers that are compared together: those with `more` and the one that completes them. */
struct RowReporter::Group {
  size_t begin;
  size_t end;
  /** The first that failed; nullptr: all are complete. */
  const RowAnswer* failed;
};

void RowReporter::report(const Job& job, const Target& target, const RowCollector& collector) {
  const std::vector<RowAnswer>& answers = collector.answers();
  Group group{0, 0, nullptr};
  for (const RowAnswer& answer : answers) {
    ++group.end;
    if (answer.err != 0 && group.failed == nullptr) group.failed = &answer;
    if (job.requests[answer.request].rows->more) continue;
    if (!report_group(job, target, collector, group)) return;
    group = {group.end, group.end, nullptr};
  }
}

bool RowReporter::report_group(const Job& job, const Target& target, const RowCollector& collector, const Group& group) {
  const std::vector<RowAnswer>& answers = collector.answers();
  for (size_t at = group.begin; at + 1 < group.end; ++at) {
    if (!end_request(answers[at].request, answers[at].err, answers[at].operation)) return false;
  }
  const uint32_t last = answers[group.end - 1].request;
  // It speaks for the table: not complete when one of them is not, though its own answer may be.
  if (group.failed != nullptr) return end_request(last, group.failed->err, group.failed->operation);
  return report_rows(*job.requests[last].rows, last, target.key, collector, group);
}

bool RowReporter::report_rows(const RowRequest& rows, uint32_t request, uint32_t key, const RowCollector& collector,
                          const Group& group) {
  static const RowImage kEmpty;
  const size_t begin = group.begin == 0 ? 0 : collector.answers()[group.begin - 1].rows_end;
  const size_t end = collector.answers()[group.end - 1].rows_end;
  std::shared_ptr<const RowImage> image;
  if (!reader_.find_image(lane_, key, rows.format, image)) return false;
  const AnsweredRows answer{collector.rows().data() + begin, end - begin};
  const bool ordered = reader_.formats().formats[rows.format].ordered;
  RowDiff diff = comparer_.compare(image ? *image : kEmpty, answer, rows.ifindex, ordered);
  if (!diff.changed) return end_request(request, 0, Operation::Receive);
  if (!report_diff(diff, request, answer, collector)) return false;
  return reader_.commit_rows(lane_, request, key, rows.format, std::make_shared<const RowImage>(std::move(diff.image)));
}

bool RowReporter::report_diff(const RowDiff& diff, uint32_t request, const AnsweredRows& answer, const RowCollector& collector) {
  const std::vector<uint32_t>& removed = diff.removed;
  for (size_t done = 0; done < removed.size();) {
    const auto some = [&](Outbox& out) {
      done += out.put_rows_removed(lane_.target, request, removed.data() + done, removed.size() - done);
    };
    if (!reader_.put(lane_, some)) return false;
  }
  reported_.clear();
  for (const AddedRow& added : diff.added) {
    const AnsweredRow& row = answer[added.row];
    reported_.push_back({{added.slot, row.length}, collector.bytes(row)});
  }
  for (size_t done = 0; done < reported_.size();) {
    const auto some = [&](Outbox& out) {
      done += out.put_rows_added(lane_.target, request, reported_.data() + done, reported_.size() - done);
    };
    if (!reader_.put(lane_, some)) return false;
  }
  if (!diff.reordered) return true;
  order_.clear();
  for (const ImageRow& row : diff.image) order_.push_back(row.slot);
  return reader_.put(lane_, [&](Outbox& out) { out.put_row_order(lane_.target, request, order_.data(), order_.size()); });
}

bool RowReporter::end_request(uint32_t request, int err, Operation operation) {
  return reader_.put(lane_, [&](Outbox& out) { out.put_request_end(lane_.target, request, err, operation); });
}

}  // namespace nsatlas
