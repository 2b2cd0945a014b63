// The state of one reader and the two threads around it: a lane, which enters namespaces, and a supervisor, which never does. The supervisor
// starts the lanes (a thread inherits the namespace of the thread that starts it), holds the time limit, and leaves a stuck lane behind.
// No N-API here.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bytes/siphash.h"
#include "netns/frames.h"
#include "netns/job.h"
#include "process/failure.h"
#include "rows/rows.h"

namespace nsatlas {

using Clock = std::chrono::steady_clock;

/** The failure of a target whose time was up at `step`. */
Failure time_limit_passed(const Job& job, Operation step);

/** What the reader knows of one lane. Guarded by the reader's lock, but for `step`. */
struct LaneState {
  /** When the target at hand must be done; absent between targets and while waiting for room. */
  std::optional<Clock::time_point> deadline;
  uint32_t target = 0;
  /** The path of a netnsFd that is being opened. */
  const std::string* opening = nullptr;
  std::atomic<Operation> step{Operation::None};
};

class Reader : public std::enable_shared_from_this<Reader> {
  using Lock = std::unique_lock<std::mutex>;

 public:
  /** @param key secret: rows of strangers are hashed with it */
  Reader(RowFormats formats, const HashKey& key);

  const RowFormats& formats() const { return formats_; }
  const HashKey& hash_key() const { return hash_key_; }

  enum class Start { Ok, Busy, Closed, NoThread };

  /** Takes a job. `err` is set with NoThread. @param wake called from any thread, once for each take() that found nothing, when there is something */
  Start start(std::shared_ptr<const Job> job, std::function<void()> wake, int& err);

  struct Taken {
    enum { Nothing, Batch, LastBatch, TooLarge } kind;
    /** Bytes copied, or bytes needed. */
    size_t length;
  };
  /** Copies the next batch to `to`. Nothing: `wake` will be called when there is one. */
  Taken take(unsigned char* to, size_t size);

  /** No further target is begun; the job's end follows as soon as the one at hand lets go. */
  void cancel();

  /** As cancel(), but the target at hand is read and reported in full, and nothing is forgotten; the first one always is, so
   * that whoever stops every job gets on. Harmless without a job. */
  void stop();

  /** Forgets a namespace's rows: at once, or when the job that runs has ended. */
  void forget(uint32_t key);

  /** Drops the job and ends the threads; those stuck in the kernel end when it lets them go. */
  void close();

  // What lanes call, from their own threads. All of them answer "no" to a lane that has been left behind.

  /** Waits for a job. nullptr: end yourself. */
  std::shared_ptr<const Job> await_job(const LaneState& lane);
  /** The next target, once there is room for what it may answer. Starts its time. */
  std::optional<uint32_t> next_target(LaneState& lane);
  enum class Go { On, Late, Stop };
  /** Before every step that may take long: whether to take it. @param opening path of a netnsFd that is opened next */
  Go step(LaneState& lane, Operation operation, const std::string* opening = nullptr);
  /** Whether another lane is still stuck in the kernel with a path. */
  bool is_stuck(const std::string& path);
  /** Has `frames` put something into the outbox; waits when much is queued. False: stop. */
  template <typename Frames>
  bool put(LaneState& lane, const Frames& frames) {
    Lock lock(mutex_);
    if (!in_charge(lane)) return false;
    frames(outbox_);
    return after_put(lane, lock);
  }

  // Reporting rows, after the namespace was left. What was reported counts only once it is committed.

  /** The lane is home: the time limit does not concern what is left to do. */
  bool left_namespace(LaneState& lane);
  /** False: stop. `image` stays nullptr when there are no rows. */
  bool find_image(const LaneState& lane, uint32_t key, uint32_t format, std::shared_ptr<const RowImage>& image);
  /** Ends a request with everything reported, and remembers its rows. */
  bool commit_rows(LaneState& lane, uint32_t request, uint32_t key, uint32_t format, std::shared_ptr<const RowImage> image);

  /** Stops the target's time. `stray`: this lane cannot get home; another one goes on. */
  void put_target_end(LaneState& lane, const Failure& failure, bool stray);
  /** The job is done, or cannot be done. */
  void finish_job(LaneState& lane, const Failure& failure);
  /** The last thing a lane does. */
  void leave(const LaneState& lane);

 private:
  void supervise();
  void supervise_once(Lock& lock);
  void man_lane();
  void abandon_lane();
  void end_job(const Failure& failure);
  void time_out_rest();
  bool has_stuck(const std::string& path) const;
  bool in_charge(const LaneState& lane) const { return lane_.get() == &lane && job_ && !cancelled_ && !closed_; }
  bool after_put(LaneState& lane, Lock& lock);
  void wait_for_room(LaneState& lane, Lock& lock, size_t most);
  void wake_if_due();
  void forget_rows(uint32_t key);

  std::mutex mutex_;
  std::condition_variable lane_wake_;
  std::condition_variable supervisor_wake_;
  std::condition_variable room_;

  std::shared_ptr<const Job> job_;
  uint32_t next_ = 0;
  bool cancelled_ = false;
  bool stopped_ = false;
  bool closed_ = false;
  bool supervised_ = false;
  std::shared_ptr<LaneState> lane_;
  /** Lanes left behind, and the paths that they could not open (else ""): no other lane tries these until they have come back. */
  std::vector<std::pair<const LaneState*, std::string>> abandoned_;

  const RowFormats formats_;
  const HashKey hash_key_;
  /** By key and format. An image is never changed, only replaced: a lane reads the one that it got without the lock. Empty ones are not there. */
  std::map<std::pair<uint32_t, uint32_t>, std::shared_ptr<const RowImage>> images_;
  std::vector<uint32_t> forgotten_;  // to be forgotten before the next job

  Outbox outbox_;
  bool ended_ = true;  // the end of the last job was taken
  bool wake_due_ = false;
  std::function<void()> wake_;
};

}  // namespace nsatlas
