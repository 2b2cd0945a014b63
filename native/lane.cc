#include "lane.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include <algorithm>
#include <new>
#include <utility>
#include <vector>

#include "netns.h"
#include "row_collector.h"
#include "row_teller.h"
#include "socket.h"
#include "thread.h"

namespace nsatlas {
namespace {

using Go = Reader::Go;

// No netlink datagram of the kernel's is larger: its buffer is one kmalloc(), KMALLOC_MAX_SIZE, linux/slab.h. Only pages
// that were written to cost memory, so a buffer of this size is cheaper than asking for each datagram's length first.
constexpr size_t kLargestDatagram = 4u << 20;
// The supervisor holds the time limit; between these looks a waiting lane would not notice that the reader was closed.
constexpr int kLongestPollMs = 50;

/** errno of a request whose netnsFd could not be opened. */
int errno_of(const Trouble& trouble) {
  if (trouble.err != 0) return trouble.err;
  return trouble.problem == Problem::Changed ? ESTALE : EINVAL;
}

class Lane {
 public:
  Lane(std::shared_ptr<Reader> reader, std::shared_ptr<LaneState> state)
      : reader_(std::move(reader)),
        state_(std::move(state)),
        buffer_(new unsigned char[kLargestDatagram]),
        collector_(reader_->formats(), reader_->hash_key()),
        teller_(*reader_, *state_) {}

  void run() {
    while (const std::shared_ptr<const Job> job = reader_->await_job(*state_)) {
      try {
        if (!run_job(*job)) break;
      } catch (const std::bad_alloc&) {
        // Whatever was open is closed by now, but nobody knows where this thread is: it ends, and so does the job.
        reader_->finish_job(*state_, {Problem::Failed, Operation::Thread, ENOMEM, "out of memory"});
        break;
      }
    }
  }

 private:
  /** False: this thread is not at home any more. Nothing of the job's is open afterwards. */
  bool run_job(const Job& job) {
    OpenedNetns home;  // open for the length of a job only: a descriptor kept longer would keep the namespace
    if (Trouble trouble = open_own_netns(home)) {
      trouble.operation = Operation::Home;
      reader_->finish_job(*state_, trouble);
      return true;
    }
    while (const std::optional<uint32_t> target = reader_->next_target(*state_)) {
      bool stray = false;
      collector_.restart();
      const Trouble trouble = run_target(job, job.targets[*target], home, stray);
      if (stray) {
        home.fd.reset();  // before anybody can hear that this target is done
      } else if (!collector_.answers().empty() && reader_->left_namespace(*state_)) {
        // However long the visitor takes to hear it: no namespace waits with it.
        teller_.tell(job, job.targets[*target], collector_);
      }
      reader_->put_target_end(*state_, trouble, stray);
      if (stray) return false;
    }
    home.fd.reset();
    reader_->finish_job(*state_, {});
    return true;
  }

  Trouble run_target(const Job& job, const Target& target, const OpenedNetns& home, bool& stray) {
    OpenedNetns netns;
    if (Trouble trouble = open_netns(target.place, netns)) return trouble;
    if (!job.enter) {
      reader_->put_target(*state_, netns.identity, std::nullopt);
      return {};
    }
    // At home already: an unprivileged user may read the namespace it is in, and no other.
    if (netns.identity == home.identity) return read_here(job, target, netns, false);

    if (Trouble trouble = check(Operation::Enter, job)) return trouble;
    if (setns(netns.fd.get(), CLONE_NEWNET) != 0) return call_failed(Operation::Enter, errno, "setns");
    Way way(home, state_->step);
    Trouble trouble = read_here(job, target, netns, job.observer == netns.identity);
    const int err = way.back();
    stray = err != 0;
    if (stray && !trouble) trouble = call_failed(Operation::Restore, err, "setns back");
    return trouble;
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

  /** In the target's namespace. Nothing is open when it returns. `may_give`: it is the observer namespace, where ids may be given. */
  Trouble read_here(const Job& job, const Target& target, OpenedNetns& netns, bool may_give) {
    netns.fd.reset();
    if (Trouble trouble = check(Operation::Socket, job)) return trouble;
    NetlinkSocket socket;
    if (Trouble trouble = socket.open()) return trouble;
    std::optional<uint64_t> cookie;
    if (Trouble trouble = socket.read_cookie(cookie)) return trouble;
    if (!reader_->put_target(*state_, netns.identity, cookie)) return given_up();
    uint32_t seq = 0;
    for (const uint32_t index : target.requests) {
      ++seq;
      if (job.requests[index].shape.gives_nsid && !may_give) {
        if (Trouble trouble = end_request(job, index, EPERM, Operation::Send)) return trouble;
      } else if (Trouble trouble = run_request(job, index, seq, socket)) {
        return trouble;
      }
    }
    return {};
  }

  /** Trouble only when the rest of the target's requests cannot be carried out. */
  Trouble run_request(const Job& job, uint32_t index, uint32_t seq, NetlinkSocket& socket) {
    const Request& request = job.requests[index];
    bytes_.assign(request.bytes.begin(), request.bytes.end());
    OpenedNetns attribute;
    if (request.fd_place) {
      if (reader_->is_stuck(request.fd_place->path)) return end_request(job, index, ETIMEDOUT, Operation::NetnsFd);
      if (Trouble trouble = check(Operation::NetnsFd, job, &request.fd_place->path)) return trouble;
      if (const Trouble trouble = open_netns(*request.fd_place, attribute)) {
        return end_request(job, index, errno_of(trouble), Operation::NetnsFd);
      }
      const int32_t fd = attribute.fd.get();
      memcpy(bytes_.data() + request.fd_offset, &fd, sizeof fd);
    }
    if (Trouble trouble = check(Operation::Send, job)) return trouble;
    address_request(bytes_.data(), seq, socket.port());
    if (const int err = socket.send(bytes_.data(), bytes_.size())) return end_request(job, index, err, Operation::Send);
    attribute.fd.reset();
    return receive_answer(job, index, seq, socket);
  }

  Trouble receive_answer(const Job& job, uint32_t index, uint32_t seq, NetlinkSocket& socket) {
    const Request& request = job.requests[index];
    bool interrupted = false;
    for (;;) {
      if (Trouble trouble = check(Operation::Receive, job)) return trouble;
      const Received received = socket.receive(buffer_.get(), kLargestDatagram, kLongestPollMs);
      if (received.err == EAGAIN || (received.err == 0 && received.length == 0)) continue;
      if (received.err != 0) return give_up_answer(job, index, received.err, socket);
      const ReplyScan scan = scan_reply(buffer_.get(), received.length, seq, request.shape.until_done);
      if (scan.state == ReplyState::Foreign) continue;
      interrupted = interrupted || scan.interrupted;
      if (!request.rows && !reader_->put_datagram(*state_, index, buffer_.get(), received.length)) return given_up();
      if (scan.state == ReplyState::Broken) return give_up_answer(job, index, EBADMSG, socket);
      if (request.rows) {
        if (const int err = collector_.add(buffer_.get(), scan.length, seq, request.rows->format)) {
          return give_up_answer(job, index, err, socket);
        }
      }
      if (scan.state != ReplyState::Ended) continue;
      return end_request(job, index, request.rows ? end_rows(*request.rows, scan.err, interrupted) : scan.err, Operation::Receive);
    }
  }

  /** What the end of an answer means for its rows. */
  int end_rows(const RowRequest& rows, int err, bool interrupted) {
    if (err != 0 && err == rows.empty_err) {
      collector_.drop();
      return 0;
    }
    if (err == 0 && interrupted && !rows.accept_interrupted) return EINTR;
    return err;
  }

  /** What else belongs to the answer is left in the socket, and the dump behind it may still be running: start afresh. */
  Trouble give_up_answer(const Job& job, uint32_t index, int err, NetlinkSocket& socket) {
    if (Trouble trouble = end_request(job, index, err, Operation::Receive)) return trouble;
    return socket.open();
  }

  /** Rows are told of outside. */
  Trouble end_request(const Job& job, uint32_t index, int err, Operation operation) {
    if (job.requests[index].rows) {
      collector_.end(index, err, operation);
      return {};
    }
    return reader_->put_request_end(*state_, index, err, operation) ? Trouble{} : given_up();
  }

  /** Whether to take the next step. */
  Trouble check(Operation step, const Job& job, const std::string* opening = nullptr) {
    switch (reader_->step(*state_, step, opening)) {
      case Go::On:
        return {};
      case Go::Late:
        return time_limit_passed(job, step);
      case Go::Stop:
        break;
    }
    return given_up();
  }

  /** Nobody will hear of this one: the job was cancelled, or this lane was left behind. */
  static Trouble given_up() { return {Problem::Failed, Operation::None, ECANCELED, ""}; }

  const std::shared_ptr<Reader> reader_;
  const std::shared_ptr<LaneState> state_;
  const std::unique_ptr<unsigned char[]> buffer_;
  RowCollector collector_;
  RowTeller teller_;
  std::vector<unsigned char> bytes_;
};

struct Start {
  std::shared_ptr<Reader> reader;
  std::shared_ptr<LaneState> state;
};

void* run_lane(void* argument) {
  const std::unique_ptr<Start> start(static_cast<Start*>(argument));
  pthread_setname_np(pthread_self(), "nsatlas-lane");
  try {
    Lane(start->reader, start->state).run();
  } catch (const std::bad_alloc&) {
    start->reader->finish_job(*start->state, {Problem::Failed, Operation::Thread, ENOMEM, "out of memory"});
  }
  start->reader->leave(*start->state);
  return nullptr;
}

}  // namespace

int start_lane(std::shared_ptr<Reader> reader, std::shared_ptr<LaneState> state) {
  auto start = std::make_unique<Start>(Start{std::move(reader), std::move(state)});
  const int err = start_thread(run_lane, start.get());
  if (err == 0) start.release();
  return err;
}

}  // namespace nsatlas
