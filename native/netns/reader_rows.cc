// The remembered rows of a reader. A lane compares without the lock, with an image that never changes; here it gets what to compare with,
// and here what it found is reported and remembered, as long as the lane is in charge.
#include <utility>

#include "netns/reader.h"

namespace nsatlas {

void Reader::forget(uint32_t key) {
  const Lock lock(mutex_);
  if (job_) {
    forgotten_.push_back(key);
  } else {
    images_.forget(key);
  }
}

bool Reader::left_namespace(LaneState& lane) {
  const Lock lock(mutex_);
  lane.deadline.reset();
  return in_charge(lane);
}

bool Reader::find_image(const LaneState& lane, uint32_t key, uint32_t format, std::shared_ptr<const RowImage>& image) {
  const Lock lock(mutex_);
  if (!in_charge(lane)) return false;
  image = images_.find(key, format);
  return true;
}

bool Reader::put_rows_removed(LaneState& lane, uint32_t request, const uint32_t* slots, size_t count) {
  for (size_t done = 0; done < count;) {
    Lock lock(mutex_);
    if (!in_charge(lane)) return false;
    done += outbox_.put_rows_removed(lane.target, request, slots + done, count - done);
    if (!after_put(lane, lock)) return false;
  }
  return true;
}

bool Reader::put_rows_added(LaneState& lane, uint32_t request, const ReportedRow* rows, size_t count) {
  for (size_t done = 0; done < count;) {
    Lock lock(mutex_);  // for one batch at a time
    if (!in_charge(lane)) return false;
    done += outbox_.put_rows_added(lane.target, request, rows + done, count - done);
    if (!after_put(lane, lock)) return false;
  }
  return true;
}

bool Reader::put_row_order(LaneState& lane, uint32_t request, const uint32_t* slots, size_t count) {
  Lock lock(mutex_);
  if (!in_charge(lane)) return false;
  outbox_.put_row_order(lane.target, request, slots, count);
  return after_put(lane, lock);
}

bool Reader::commit_rows(LaneState& lane, uint32_t request, uint32_t key, uint32_t format,
                         std::shared_ptr<const RowImage> image) {
  Lock lock(mutex_);
  if (!in_charge(lane)) return false;
  images_.put(key, format, std::move(image));
  outbox_.put_request_end(lane.target, request, 0, Operation::Receive);
  return after_put(lane, lock);
}

void Reader::forget_job(const Job& job) {
  for (const Target& target : job.targets) {
    if (target.key != 0) images_.forget(target.key);
  }
}

}  // namespace nsatlas
