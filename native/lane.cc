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
      : reader_(std::move(reader)), state_(std::move(state)), buffer_(new unsigned char[kLargestDatagram]) {}

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
      const Trouble trouble = run_target(job, job.targets[*target], home, stray);
      if (stray) home.fd.reset();  // before anybody can hear that this target is done
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
    if (netns.identity == home.identity) return read_here(job, target, netns);

    if (Trouble trouble = check(Operation::Enter, job)) return trouble;
    if (setns(netns.fd.get(), CLONE_NEWNET) != 0) return call_failed(Operation::Enter, errno, "setns");
    Way way(home, state_->step);
    Trouble trouble = read_here(job, target, netns);
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

  /** In the target's namespace. Nothing is open when it returns. */
  Trouble read_here(const Job& job, const Target& target, OpenedNetns& netns) {
    netns.fd.reset();
    if (Trouble trouble = check(Operation::Socket, job)) return trouble;
    NetlinkSocket socket;
    if (Trouble trouble = socket.open()) return trouble;
    std::optional<uint64_t> cookie;
    if (Trouble trouble = socket.read_cookie(cookie)) return trouble;
    if (!reader_->put_target(*state_, netns.identity, cookie)) return given_up();
    uint32_t seq = 0;
    for (const uint32_t index : target.requests) {
      if (Trouble trouble = run_request(job, index, ++seq, socket)) return trouble;
    }
    return {};
  }

  /** Trouble only when the rest of the target's requests cannot be carried out. */
  Trouble run_request(const Job& job, uint32_t index, uint32_t seq, NetlinkSocket& socket) {
    const Request& request = job.requests[index];
    std::vector<unsigned char> bytes = request.bytes;
    OpenedNetns attribute;
    if (request.fd_place) {
      if (Trouble trouble = check(Operation::NetnsFd, job)) return trouble;
      if (const Trouble trouble = open_netns(*request.fd_place, attribute)) {
        return end_request(index, errno_of(trouble), Operation::NetnsFd);
      }
      const int32_t fd = attribute.fd.get();
      memcpy(bytes.data() + request.fd_offset, &fd, sizeof fd);
    }
    if (Trouble trouble = check(Operation::Send, job)) return trouble;
    address_request(bytes.data(), seq, socket.port());
    if (const int err = socket.send(bytes.data(), bytes.size())) return end_request(index, err, Operation::Send);
    attribute.fd.reset();
    return receive_answer(job, index, seq, socket);
  }

  Trouble receive_answer(const Job& job, uint32_t index, uint32_t seq, NetlinkSocket& socket) {
    for (;;) {
      if (Trouble trouble = check(Operation::Receive, job)) return trouble;
      const Received received = socket.receive(buffer_.get(), kLargestDatagram, kLongestPollMs);
      if (received.err == EAGAIN || (received.err == 0 && received.length == 0)) continue;
      if (received.err != 0) return give_up_answer(index, received.err, socket);
      const ReplyScan scan = scan_reply(buffer_.get(), received.length, seq, job.requests[index].shape.until_done);
      if (scan.state == ReplyState::Foreign) continue;
      if (!reader_->put_datagram(*state_, index, buffer_.get(), received.length)) return given_up();
      if (scan.state == ReplyState::Broken) return give_up_answer(index, EBADMSG, socket);
      if (scan.state == ReplyState::Ended) return end_request(index, scan.err, Operation::Receive);
    }
  }

  /** What else belongs to the answer is left in the socket, and the dump behind it may still be running: start afresh. */
  Trouble give_up_answer(uint32_t index, int err, NetlinkSocket& socket) {
    if (Trouble trouble = end_request(index, err, Operation::Receive)) return trouble;
    return socket.open();
  }

  Trouble end_request(uint32_t index, int err, Operation operation) {
    return reader_->put_request_end(*state_, index, err, operation) ? Trouble{} : given_up();
  }

  /** Whether to take the next step. */
  Trouble check(Operation step, const Job& job) {
    switch (reader_->step(*state_, step)) {
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
