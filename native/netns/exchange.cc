#include "netns/exchange.h"

#include <errno.h>
#include <string.h>

#include <utility>

#include "netlink/genl.h"
#include "netns/proc_file.h"

namespace nsatlas {
namespace {

using Go = Reader::Go;

// No netlink datagram of the kernel's is larger: its buffer is one kmalloc(), KMALLOC_MAX_SIZE, linux/slab.h. Only pages
// that were written to cost memory, so a buffer of this size is cheaper than asking for each datagram's length first.
constexpr size_t kLargestDatagram = 4u << 20;
static_assert(kLargestDatagram > kLargestProcFile, "files are read into the same buffer");
// The supervisor holds the time limit; between these looks a waiting lane would not notice that the reader was closed.
constexpr int kLongestPollMs = 50;

/** Of take(): the lane is not in charge any more. */
constexpr int kGivenUp = -1;

/** This one is not reported: the job was cancelled, or this lane was left behind. */
Failure given_up() { return {Problem::Failed, Operation::None, ECANCELED, ""}; }

/** errno of a request whose netnsFd could not be opened. */
int errno_of(const Failure& failure) {
  if (failure.err != 0) return failure.err;
  return failure.problem == Problem::Changed ? ESTALE : EINVAL;
}

}  // namespace

Exchange::Exchange(Reader& reader, LaneState& lane, RowCollector& collector)
    : reader_(reader), lane_(lane), collector_(collector), buffer_(new unsigned char[kLargestDatagram]) {}

Failure Exchange::run(const Job& job, const Target& target, const Identity& identity, bool may_give) {
  if (Failure failure = check(Operation::Socket, job)) return failure;
  Sockets sockets;
  NetlinkSocket& route = sockets.of[static_cast<size_t>(Protocol::Route)];
  if (Failure failure = route.open(Protocol::Route)) return failure;
  std::optional<uint64_t> cookie;
  if (Failure failure = route.read_cookie(cookie)) return failure;
  if (!reader_.put(lane_, [&](Outbox& out) { out.put_target(lane_.target, identity, cookie); })) return given_up();
  for (const uint32_t index : target.requests) {
    const Request& request = job.requests[index];
    Failure failure;
    if (request.protocol == Protocol::File) {
      failure = read_file(job, index);
    } else if (request.shape.gives_nsid && !may_give) {
      failure = end_request(job, index, EPERM, Operation::Send);
    } else {
      failure = exchange(job, index, sockets);
    }
    if (failure) return failure;
  }
  return {};
}

/** A failure only when the rest of the target's requests cannot be carried out. */
Failure Exchange::exchange(const Job& job, uint32_t index, Sockets& sockets) {
  const Request& request = job.requests[index];
  NetlinkSocket& socket = sockets.of[static_cast<size_t>(request.protocol)];
  if (!socket.is_open()) {
    if (Failure failure = check(Operation::Socket, job)) return failure;
    // EPROTONOSUPPORT: this kernel does not have it.
    if (const Failure failure = socket.open(request.protocol)) return end_request(job, index, failure.err, Operation::Socket);
  }
  uint16_t family = 0;
  if (request.protocol == Protocol::Generic) {
    Answer answer;
    if (Failure failure = find_family(job, request, socket, ++sockets.seq, answer, family)) return failure;
    if (answer.given_up) socket.close();
    if (answer.err != 0) return end_request(job, index, answer.err, Operation::Family);
  }
  bytes_.assign(request.bytes.begin(), request.bytes.end());
  if (family != 0) set_family(bytes_.data(), family);
  OpenedNetns attribute;
  if (request.fd_place) {
    if (reader_.is_stuck(request.fd_place->path)) return end_request(job, index, ETIMEDOUT, Operation::NetnsFd);
    if (Failure failure = check(Operation::NetnsFd, job, &request.fd_place->path)) return failure;
    if (const Failure failure = open_netns(*request.fd_place, attribute)) {
      return end_request(job, index, errno_of(failure), Operation::NetnsFd);
    }
    const int32_t fd = attribute.fd.get();
    memcpy(bytes_.data() + request.fd_offset, &fd, sizeof fd);
  }
  return send_and_receive(job, index, socket, ++sockets.seq, std::move(attribute.fd));
}

/** @param attribute open until the kernel has carried the request out */
Failure Exchange::send_and_receive(const Job& job, uint32_t index, NetlinkSocket& socket, uint32_t seq, Fd attribute) {
  const Request& request = job.requests[index];
  if (Failure failure = check(Operation::Send, job)) return failure;
  address_request(bytes_.data(), seq, socket.port());
  if (const int err = socket.send(bytes_.data(), bytes_.size())) return end_request(job, index, err, Operation::Send);
  attribute.reset();
  Answer answer;
  const auto take_one = [&](size_t received, const ReplyScan& scan) { return take(request, index, received, seq, scan); };
  if (Failure failure = receive(job, socket, seq, request.shape.until_done, answer, take_one)) return failure;
  // The next request opens it afresh.
  if (answer.given_up) socket.close();
  const int err = request.rows && !answer.given_up ? end_rows(*request.rows, answer) : answer.err;
  return end_request(job, index, err, Operation::Receive);
}

/** Asks for the id on the socket that it is then used on. For each request: ids change when modules come and go. */
Failure Exchange::find_family(const Job& job, const Request& request, NetlinkSocket& socket, uint32_t seq, Answer& answer, uint16_t& id) {
  if (Failure failure = check(Operation::Family, job)) return failure;
  bytes_ = family_request(request.name);
  address_request(bytes_.data(), seq, socket.port());
  answer.err = socket.send(bytes_.data(), bytes_.size());
  if (answer.err != 0) return {};
  const auto take_id = [&](size_t, const ReplyScan& scan) {
    if (id == 0) id = family_id_in(buffer_.get(), scan.length, seq, request.name);
    return 0;
  };
  if (Failure failure = receive(job, socket, seq, false, answer, take_id)) return failure;
  if (answer.err == 0 && id == 0) answer.err = EBADMSG;
  return {};
}

/**
 * Receives the answer to a message, to its end.
 * @param take gets the length of each datagram of it in the buffer; what it returns other than 0 ends the answer
 */
template <typename Take>
Failure Exchange::receive(const Job& job, NetlinkSocket& socket, uint32_t seq, bool until_done, Answer& answer, Take take) {
  for (;;) {
    if (Failure failure = check(Operation::Receive, job)) return failure;
    const Received received = socket.receive(buffer_.get(), kLargestDatagram, kLongestPollMs);
    if (received.err == EAGAIN || (received.err == 0 && received.length == 0)) continue;
    answer.err = received.err;
    if (answer.err == 0) {
      const ReplyScan scan = scan_reply(buffer_.get(), received.length, seq, until_done);
      if (scan.state == ReplyState::Foreign) continue;
      answer.interrupted = answer.interrupted || scan.interrupted;
      answer.err = take(received.length, scan);
      if (answer.err == kGivenUp) return given_up();
      if (answer.err == 0 && scan.state == ReplyState::Broken) answer.err = EBADMSG;
      if (answer.err == 0 && scan.state != ReplyState::Ended) continue;
      if (answer.err == 0) {
        answer.err = scan.err;
        return {};
      }
    }
    answer.given_up = true;
    return {};
  }
}

/** One datagram of an answer: reported as it is, or collected as rows. What the kernel says about a refusal is always reported. */
int Exchange::take(const Request& request, uint32_t index, size_t received, uint32_t seq, const ReplyScan& scan) {
  const bool is_refusal = scan.state == ReplyState::Ended && scan.err != 0;
  const bool is_reported = !request.rows || (is_refusal && scan.err != request.rows->empty_err);
  if (is_reported && !put_datagram(index, received)) return kGivenUp;
  if (!request.rows || scan.state == ReplyState::Broken) return 0;
  return collector_.add(buffer_.get(), scan.length, seq, request.rows->format);
}

/** What the end of an answer means for its rows. */
int Exchange::end_rows(const RowRequest& rows, const Answer& answer) {
  if (answer.err != 0 && answer.err == rows.empty_err) {
    collector_.drop();
    return 0;
  }
  if (answer.err == 0 && answer.interrupted && !rows.accept_interrupted) return EINTR;
  return answer.err;
}

Failure Exchange::read_file(const Job& job, uint32_t index) {
  if (Failure failure = check(Operation::File, job)) return failure;
  size_t length = 0;
  const int err = read_proc_file(job.requests[index].name, buffer_.get(), length);
  if (err == 0 && !put_datagram(index, length)) return given_up();
  return end_request(job, index, err, Operation::File);
}

/** What is in the buffer. */
bool Exchange::put_datagram(uint32_t index, size_t length) {
  return reader_.put(lane_, [&](Outbox& out) { out.put_datagram(lane_.target, index, buffer_.get(), length); });
}

/** Rows are reported outside. */
Failure Exchange::end_request(const Job& job, uint32_t index, int err, Operation operation) {
  if (job.requests[index].rows) {
    collector_.end(index, err, operation);
    return {};
  }
  const bool goes_on = reader_.put(lane_, [&](Outbox& out) { out.put_request_end(lane_.target, index, err, operation); });
  return goes_on ? Failure{} : given_up();
}

Failure Exchange::check(Operation step, const Job& job, const std::string* opening) {
  switch (reader_.step(lane_, step, opening)) {
    case Go::On:
      return {};
    case Go::Late:
      return time_limit_passed(job, step);
    case Go::Stop:
      break;
  }
  return given_up();
}

}  // namespace nsatlas
