#include "netns/reader.h"

#include <errno.h>
#include <string.h>

#include <algorithm>
#include <new>
#include <string>
#include <utility>

#include "netns/lane.h"
#include "process/thread.h"

namespace nsatlas {
namespace {

// A lane notices by itself that its time is up unless it is stuck inside a system call. Only then is it left behind.
constexpr auto kGrace = std::chrono::milliseconds(50);
constexpr size_t kMostAbandoned = 4;
// Queued batches at which a lane waits: in the midst of a namespace, and before it enters the next one. The second is
// lower so that a slow visitor is waited for outside, where no namespace is kept from going.
constexpr size_t kMostQueued = 8;
constexpr size_t kMostQueuedToEnter = 4;

Failure not_tried(const std::string& why) { return {Problem::Timeout, Operation::TimeLimit, 0, "not tried: " + why}; }

}  // namespace

Failure time_limit_passed(const Job& job, Operation step) {
  std::string detail = "no answer within " + std::to_string(job.time_limit_ms) + " ms (" + name_of(step) + ")";
  return {Problem::Timeout, Operation::TimeLimit, 0, std::move(detail)};
}

Reader::Reader(RowFormats formats, const HashKey& key)
    : formats_(std::move(formats)), hash_key_(key) {
  abandoned_.reserve(kMostAbandoned);
}

Reader::Start Reader::start(std::shared_ptr<const Job> job, std::function<void()> wake, int& err) {
  const Lock lock(mutex_);
  if (closed_) return Start::Closed;
  if (!ended_) return Start::Busy;
  if (!supervised_) {
    err = start_thread("nsatlas-watch", [self = shared_from_this()] { self->supervise(); });
    if (err != 0) return Start::NoThread;
    supervised_ = true;
  }
  for (const uint32_t key : forgotten_) forget_rows(key);
  forgotten_.clear();
  outbox_.restart(job->batch_bytes);
  job_ = std::move(job);
  next_ = 0;
  cancelled_ = false;
  stopped_ = false;
  ended_ = false;
  wake_ = std::move(wake);
  wake_due_ = true;
  lane_wake_.notify_all();
  supervisor_wake_.notify_all();
  return Start::Ok;
}

Reader::Taken Reader::take(unsigned char* to, size_t size) {
  Lock lock(mutex_);
  if (outbox_.queued() == 0) {
    wake_due_ = !ended_;
    return {Taken::Nothing, 0};
  }
  if (outbox_.front().size() > size) return {Taken::TooLarge, outbox_.front().size()};
  Outbox::Batch batch = outbox_.pop();
  const bool last = !job_ && outbox_.queued() == 0;
  if (last) {
    ended_ = true;
    wake_ = nullptr;
  }
  room_.notify_all();
  lock.unlock();
  const size_t length = batch.size();
  memcpy(to, batch.data(), length);
  lock.lock();
  outbox_.recycle(std::move(batch));
  return {last ? Taken::LastBatch : Taken::Batch, length};
}

void Reader::cancel() {
  const Lock lock(mutex_);
  cancelled_ = true;
  room_.notify_all();
}

void Reader::stop() {
  const Lock lock(mutex_);
  stopped_ = true;
}

void Reader::forget(uint32_t key) {
  const Lock lock(mutex_);
  if (job_) {
    forgotten_.push_back(key);
  } else {
    forget_rows(key);
  }
}

void Reader::forget_rows(uint32_t key) { images_.erase(images_.lower_bound({key, 0}), images_.upper_bound({key, UINT32_MAX})); }

void Reader::close() {
  const Lock lock(mutex_);
  closed_ = true;
  ended_ = true;
  job_.reset();
  wake_ = nullptr;
  outbox_.restart(0);
  images_.clear();
  lane_wake_.notify_all();
  supervisor_wake_.notify_all();
  room_.notify_all();
}

std::shared_ptr<const Job> Reader::await_job(const LaneState& lane) {
  Lock lock(mutex_);
  lane_wake_.wait(lock, [&] { return closed_ || lane_.get() != &lane || job_; });
  return closed_ || lane_.get() != &lane ? nullptr : job_;
}

std::optional<uint32_t> Reader::next_target(LaneState& lane) {
  Lock lock(mutex_);
  for (;;) {
    wait_for_room(lane, lock, kMostQueuedToEnter);
    if (!in_charge(lane) || next_ >= job_->targets.size()) return std::nullopt;
    if (stopped_ && next_ > 0) return std::nullopt;
    if (!has_stuck(job_->targets[next_].place.path)) break;
    outbox_.put_target_end(next_++, not_tried("an earlier read of it is stuck in the kernel"));
    wake_if_due();
  }
  lane.target = next_++;
  lane.deadline = Clock::now() + std::chrono::milliseconds(job_->time_limit_ms);
  lane.step = Operation::Open;
  return lane.target;
}

Reader::Go Reader::step(LaneState& lane, Operation operation, const std::string* opening) {
  const Lock lock(mutex_);
  if (!in_charge(lane)) return Go::Stop;
  lane.step = operation;
  lane.opening = opening;
  return lane.deadline && Clock::now() >= *lane.deadline ? Go::Late : Go::On;
}

bool Reader::is_stuck(const std::string& path) {
  const Lock lock(mutex_);
  return has_stuck(path);
}

bool Reader::left_namespace(LaneState& lane) {
  const Lock lock(mutex_);
  lane.deadline.reset();
  return in_charge(lane);
}

bool Reader::find_image(const LaneState& lane, uint32_t key, uint32_t format, std::shared_ptr<const RowImage>& image) {
  const Lock lock(mutex_);
  if (!in_charge(lane)) return false;
  const auto found = images_.find({key, format});
  if (found != images_.end()) image = found->second;
  return true;
}

bool Reader::commit_rows(LaneState& lane, uint32_t request, uint32_t key, uint32_t format, std::shared_ptr<const RowImage> image) {
  return put(lane, [&](Outbox& out) {
    if (image->empty()) {
      images_.erase({key, format});
    } else {
      images_[{key, format}] = std::move(image);
    }
    out.put_request_end(lane.target, request, 0, Operation::Receive);
  });
}

void Reader::put_target_end(LaneState& lane, const Failure& failure, bool stray) {
  Lock lock(mutex_);
  lane.deadline.reset();
  const bool in_time = in_charge(lane);
  if (in_time) outbox_.put_target_end(lane.target, failure);
  if (stray && lane_.get() == &lane) {
    lane_.reset();
    supervisor_wake_.notify_all();
  }
  if (in_time) wake_if_due();
}

void Reader::finish_job(LaneState& lane, const Failure& failure) {
  const Lock lock(mutex_);
  lane.deadline.reset();
  if (lane_.get() == &lane && job_) end_job(failure);
}

void Reader::leave(const LaneState& lane) {
  const Lock lock(mutex_);
  const auto is_lane = [&](const auto& stuck) { return stuck.first == &lane; };
  abandoned_.erase(std::remove_if(abandoned_.begin(), abandoned_.end(), is_lane), abandoned_.end());
  if (lane_.get() == &lane) lane_.reset();
  supervisor_wake_.notify_all();
}

bool Reader::after_put(LaneState& lane, Lock& lock) {
  wake_if_due();
  wait_for_room(lane, lock, kMostQueued);
  return in_charge(lane);
}

void Reader::wait_for_room(LaneState& lane, Lock& lock, size_t most) {
  if (outbox_.queued() < most) return;
  const Clock::time_point since = Clock::now();
  // The visitor's time is not the namespace's time.
  const std::optional<Clock::time_point> deadline = std::exchange(lane.deadline, std::nullopt);
  room_.wait(lock, [&] { return outbox_.queued() < most || !in_charge(lane); });
  if (deadline) lane.deadline = *deadline + (Clock::now() - since);
}

void Reader::wake_if_due() {
  if (!wake_due_ || !wake_ || outbox_.queued() == 0) return;
  wake_due_ = false;
  wake_();
}

void Reader::end_job(const Failure& failure) {
  if (failure || cancelled_) {
    for (const Target& target : job_->targets) forget_rows(target.key);
  }
  job_.reset();
  outbox_.put_job_end(failure);
  wake_if_due();
}

void Reader::supervise() {
  Lock lock(mutex_);
  while (!closed_) {
    try {
      supervise_once(lock);
    } catch (const std::bad_alloc&) {
      supervisor_wake_.wait_for(lock, kGrace);  // what could not be reported now is reported when there is memory
    }
  }
}

void Reader::supervise_once(Lock& lock) {
  if (!job_) return supervisor_wake_.wait(lock);
  if (!lane_) return man_lane();
  const Clock::time_point now = Clock::now();
  // A deadline set after this look is at least a full limit away.
  const Clock::time_point due = lane_->deadline.value_or(now + std::chrono::milliseconds(job_->time_limit_ms)) + kGrace;
  if (now >= due) return abandon_lane();
  supervisor_wake_.wait_until(lock, due);
}

void Reader::man_lane() {
  if (cancelled_) return end_job({});
  if (abandoned_.size() >= kMostAbandoned) return time_out_rest();
  auto lane = std::make_shared<LaneState>();
  if (const int err = start_lane(shared_from_this(), lane)) {
    return end_job(call_failed(Operation::Thread, err, "starting a thread"));
  }
  lane_ = std::move(lane);
}

void Reader::abandon_lane() {
  const Operation step = lane_->step;
  // Past that it is the kernel's lock of all namespaces that is waited for, not this path.
  std::string path;
  if (step == Operation::Open) path = job_->targets[lane_->target].place.path;
  if (step == Operation::NetnsFd && lane_->opening != nullptr) path = *lane_->opening;
  // Stuck on the way home: every answer is here already. The thread ends itself once it gets there, or does not.
  outbox_.put_target_end(lane_->target, time_limit_passed(*job_, step));
  abandoned_.emplace_back(lane_.get(), std::move(path));  // there is room: nothing fails from here on
  lane_.reset();
  wake_if_due();
}

bool Reader::has_stuck(const std::string& path) const {
  return std::any_of(abandoned_.begin(), abandoned_.end(), [&](const auto& stuck) { return stuck.second == path; });
}

void Reader::time_out_rest() {
  const Failure failure = not_tried(std::to_string(kMostAbandoned) + " threads are stuck in the kernel");
  for (; next_ < job_->targets.size(); ++next_) outbox_.put_target_end(next_, failure);
  end_job({});
}

}  // namespace nsatlas
