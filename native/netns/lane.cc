#include "netns/lane.h"

#include <errno.h>
#include <sched.h>

#include <new>
#include <utility>

#include "netns/exchange.h"
#include "netns/open.h"
#include "netns/row_reporter.h"
#include "process/thread.h"
#include "rows/row_collector.h"

namespace nsatlas {
namespace {

class Lane {
 public:
  Lane(std::shared_ptr<Reader> reader, std::shared_ptr<LaneState> state)
      : reader_(std::move(reader)),
        state_(std::move(state)),
        collector_(reader_->formats(), reader_->hash_key()),
        exchange_(*reader_, *state_, collector_),
        reporter_(*reader_, *state_) {}

  void run() {
    while (const std::shared_ptr<const Job> job = reader_->await_job(*state_)) {
      try {
        if (!run_job(*job)) break;
      } catch (const std::bad_alloc&) {
        // Whatever was open is closed by now, but it is not known where this thread is: it ends, and so does the job.
        reader_->finish_job(*state_, {Problem::Failed, Operation::Thread, ENOMEM, "out of memory"});
        break;
      }
    }
  }

 private:
  /** False: this thread is not at home any more. Nothing of the job's is open afterwards. */
  bool run_job(const Job& job) {
    OpenedNetns home;  // open for the length of a job only: a descriptor kept longer would keep the namespace
    if (Failure failure = open_own_netns(home)) {
      failure.operation = Operation::Home;
      reader_->finish_job(*state_, failure);
      return true;
    }
    while (const std::optional<uint32_t> target = reader_->next_target(*state_)) {
      bool stray = false;
      collector_.restart();
      const Failure failure = run_target(job, job.targets[*target], home, stray);
      if (stray) {
        home.fd.reset();  // before anybody learns that this target is done
      } else if (!collector_.answers().empty() && reader_->left_namespace(*state_)) {
        // However long the visitor takes to receive it: no namespace waits with it.
        reporter_.report(job, job.targets[*target], collector_);
      }
      reader_->put_target_end(*state_, failure, stray);
      if (stray) return false;
    }
    home.fd.reset();
    reader_->finish_job(*state_, {});
    return true;
  }

  Failure run_target(const Job& job, const Target& target, const OpenedNetns& home, bool& stray) {
    OpenedNetns netns;
    if (Failure failure = open_netns(target.place, netns)) return failure;
    if (!job.enter) {
      reader_->put(*state_, [&](Outbox& out) { out.put_target(state_->target, netns.identity, std::nullopt); });
      return {};
    }
    // At home already: an unprivileged user may read the namespace it is in, and no other.
    if (netns.identity == home.identity) return read_here(job, target, netns, false);

    if (Failure failure = exchange_.check(Operation::Enter, job)) return failure;
    if (setns(netns.fd.get(), CLONE_NEWNET) != 0) return call_failed(Operation::Enter, errno, "setns");
    Way way(home, state_->step);
    Failure failure = read_here(job, target, netns, job.observer == netns.identity);
    const int err = way.back();
    stray = err != 0;
    if (stray && !failure) failure = call_failed(Operation::Restore, err, "setns back");
    return failure;
  }

  /** Once the namespace was entered, nothing holds it but this thread. */
  Failure read_here(const Job& job, const Target& target, OpenedNetns& netns, bool may_give) {
    netns.fd.reset();
    return exchange_.run(job, target, netns.identity, may_give);
  }

  /** The way home. Taken by the destructor when an exception cuts the reading short. */
  class Way {
   public:
    Way(const OpenedNetns& home, std::atomic<Operation>& step) : home_(home), step_(step) {}
    Way(const Way&) = delete;
    Way& operator=(const Way&) = delete;
    ~Way() { back(); }
    int back() {
      if (taken_) return 0;
      taken_ = true;
      step_ = Operation::Restore;
      return setns(home_.fd.get(), CLONE_NEWNET) == 0 ? 0 : errno;
    }

   private:
    const OpenedNetns& home_;
    std::atomic<Operation>& step_;
    bool taken_ = false;
  };

  const std::shared_ptr<Reader> reader_;
  const std::shared_ptr<LaneState> state_;
  RowCollector collector_;
  Exchange exchange_;
  RowReporter reporter_;
};

void run_lane(const std::shared_ptr<Reader>& reader, const std::shared_ptr<LaneState>& state) {
  try {
    Lane(reader, state).run();
  } catch (const std::bad_alloc&) {
    reader->finish_job(*state, {Problem::Failed, Operation::Thread, ENOMEM, "out of memory"});
  }
  reader->leave(*state);
}

}  // namespace

int start_lane(std::shared_ptr<Reader> reader, std::shared_ptr<LaneState> state) {
  return start_thread("nsatlas-lane", [reader = std::move(reader), state = std::move(state)] { run_lane(reader, state); });
}

}  // namespace nsatlas
