#include "observer/observer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <new>
#include <optional>
#include <utility>

#include "process/thread.h"

#ifndef NETLINK_LISTEN_ALL_NSID
#define NETLINK_LISTEN_ALL_NSID 8  // linux/netlink.h, v4.2
#endif

namespace nsatlas {
namespace {

// An event is one object: a link with all its names is the largest (NLMSG_GOODSIZE and if_nlmsg_size(), net/core/rtnetlink.c).
constexpr size_t kLargestEvent = 1u << 20;
/** Datagrams that are received before the other descriptors are looked at. */
constexpr int kReceiveAtOnce = 256;
/** Nothing that the thread does before it listens takes long, unless the file to be opened is on a dead file system. */
constexpr auto kLongestStart = std::chrono::seconds(5);

int64_t now_ns() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<int64_t>(time.tv_sec) * 1000000000 + time.tv_nsec;
}

void set_receive_buffer(int fd, uint32_t bytes) {
  const int size = bytes > 0x3fffffff ? 0x3fffffff : static_cast<int>(bytes);
  // The first passes net.core.rmem_max, with CAP_NET_ADMIN in the initial user namespace. When both fail the default stays: more gets lost.
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) != 0) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

ObserverFailure failed(const char* call) { return {call, errno}; }

int join(int fd, int group) { return setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group); }

ObserverFailure open_socket(uint32_t receive_buffer_bytes, const std::vector<int>& groups, Fd& opened) {
  Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE));
  if (!fd) return failed("socket");
  set_receive_buffer(fd.get(), receive_buffer_bytes);
  const int on = 1;
  if (setsockopt(fd.get(), SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &on, sizeof on) != 0) return failed("setsockopt NETLINK_LISTEN_ALL_NSID");
  sockaddr_nl self{};
  self.nl_family = AF_NETLINK;
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&self), sizeof self) != 0) return failed("bind");
  // By this one the observer learns which namespaces are gone, whatever other events it is to receive.
  if (join(fd.get(), RTNLGRP_NSID) != 0) return failed("setsockopt NETLINK_ADD_MEMBERSHIP");
  for (const int group : groups) {
    // EINVAL: a kernel without that group has nothing that would be reported there. // netlink_setsockopt(), net/netlink/af_netlink.c
    if (join(fd.get(), group) != 0 && errno != EINVAL) return failed("setsockopt NETLINK_ADD_MEMBERSHIP");
  }
  opened = std::move(fd);
  return {};
}

/** The id of the namespace that a datagram is about; absent: the socket's own. */
std::optional<int32_t> nsid_of(msghdr& message) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_NETLINK || part->cmsg_type != NETLINK_LISTEN_ALL_NSID) continue;
    int32_t nsid = 0;
    memcpy(&nsid, CMSG_DATA(part), sizeof nsid);
    return nsid;
  }
  return std::nullopt;
}

/**
 * The calling thread's number as /proc has it. That may be another one than gettid() says: a container with a pid namespace of its own may see
 * the host's /proc.
 */
std::string thread_number() {
  char link[64];
  const ssize_t length = readlink("/proc/thread-self", link, sizeof link);  // "PID/task/TID", v3.17
  if (length <= 0) return std::to_string(gettid());
  const std::string text(link, static_cast<size_t>(length));
  return text.substr(text.rfind('/') + 1);
}

}  // namespace

ObserverFailure Observer::start(ObserverSettings settings, std::function<void()> wake) {
  settings_ = std::move(settings);
  if (settings_.events) events_ = ObservedEvents(settings_.events->rules);
  wake_ = std::move(wake);
  stop_ = Fd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop_) return failed("eventfd");
  if (const int err = start_thread("nsatlas-events", [self = shared_from_this()] { self->run(); })) return {"pthread_create", err};
  Lock lock(mutex_);
  if (started_wake_.wait_for(lock, kLongestStart, [this] { return started_; })) return failure_;
  closed_ = true;  // should it start yet, it ends at once
  wake_ = nullptr;
  return {"start", ETIMEDOUT};
}

std::vector<int32_t> Observer::take() {
  const Lock lock(mutex_);
  wake_due_ = true;
  return events_.drain();
}

void Observer::close() {
  const Lock lock(mutex_);
  if (closed_) return;
  closed_ = true;
  wake_ = nullptr;
  events_.clear();
  const uint64_t one = 1;
  // Of an event counter that is written once there is nothing to fail.
  if (stop_ && write(stop_.get(), &one, sizeof one) < 0) return;
}

void Observer::run() {
  ObserverFailure failure;
  try {
    failure = prepare();
  } catch (const std::bad_alloc&) {
    failure = {"malloc", ENOMEM};
  }
  {
    const Lock lock(mutex_);
    failure_ = failure;
    started_ = true;
    started_wake_.notify_all();
  }
  if (!failure) listen();
  // The handle may outlive the thread for as long as JavaScript keeps it.
  socket_.reset();
  mounts_.reset();
  buffer_.reset();
  const Lock lock(mutex_);
  stop_.reset();
}

ObserverFailure Observer::prepare() {
  // No FIFO is waited for, and none is polled: that would be ready at all times.
  mounts_ = Fd(open(settings_.mountinfo.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (!mounts_ || fstat(mounts_.get(), &status) != 0) return failed("open mountinfo");
  if (!S_ISREG(status.st_mode)) return {"open mountinfo", EINVAL};
  if (!settings_.events) return {};
  // This thread never comes back: nothing but it is in that namespace, and it ends there.
  if (unshare(CLONE_NEWNET) != 0) return failed("unshare CLONE_NEWNET");
  if (const ObserverFailure failure = open_socket(settings_.receive_buffer_bytes, settings_.events->groups, socket_)) return failure;
  OpenedNetns own;
  if (const Failure failure = open_own_netns(own)) return {"open /proc/thread-self/ns/net", failure.err};
  identity_ = own.identity;
  path_ = "/proc/self/task/" + thread_number() + "/ns/net";
  buffer_.reset(new unsigned char[kLargestEvent]);  // not make_unique(), which writes to every page
  return {};
}

void Observer::listen() {
  for (;;) {
    // poll() passes over negative descriptors.
    pollfd entries[] = {{stop_.get(), POLLIN, 0}, {mounts_.get(), POLLPRI, 0}, {socket_.get(), POLLIN, 0}};
    if (poll(entries, 3, -1) < 0) continue;  // EINTR; there is nothing else to fail
    {
      const Lock lock(mutex_);
      if (closed_) return;
      // mounts_poll(), fs/proc_namespace.c: POLLERR | POLLPRI once for each change since the last poll.
      if (entries[1].revents & (POLLPRI | POLLERR)) {
        events_.note_mounts();
        wake_if_due();
      }
    }
    if (entries[2].revents != 0) receive();
  }
}

/** Takes the lock for one datagram at a time and never while it calls the kernel: take() comes in between, however fast events come. */
void Observer::receive() {
  for (int count = 0; count < kReceiveAtOnce; ++count) {
    alignas(cmsghdr) unsigned char control[CMSG_SPACE(sizeof(int32_t)) + 64];
    sockaddr_nl sender{};
    iovec part{buffer_.get(), kLargestEvent};
    msghdr message{};
    message.msg_name = &sender;
    message.msg_namelen = sizeof sender;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t length = recvmsg(socket_.get(), &message, MSG_DONTWAIT);
    const int err = length < 0 ? errno : 0;
    const Lock lock(mutex_);
    if (closed_) return;
    if (length < 0) {
      if (take_error(err)) continue;
      return;
    }
    // Anybody with a socket in this namespace could send here; nobody else has one, and only the kernel is believed.
    if (message.msg_namelen != sizeof sender || sender.nl_pid != 0) continue;
    try {
      if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
        events_.note_lost();
      } else if (events_.take_in(buffer_.get(), static_cast<size_t>(length), nsid_of(message))) {
        events_.note_message(now_ns());
      }
    } catch (const std::bad_alloc&) {
      // What could not be remembered counts as lost.
      events_.note_lost();
    }
    wake_if_due();
  }
}

/** Whether to receive on. */
bool Observer::take_error(int err) {
  if (err == EINTR) return true;
  if (err == EAGAIN) {
    // From the first event that it drops until its queue is empty the kernel drops all, and says so only once, at the beginning: whoever read
    // everything again at once may have done so before the last was dropped. // netlink_overrun(), netlink_rcv_wake(), net/netlink/af_netlink.c
    if (overrun_) note_overrun();
    overrun_ = false;
    return false;
  }
  // ENOBUFS: dropped; anything else: an event could not be made (rtnl_set_sk_err(), net/core/rtnetlink.c). Reading the error has cleared it.
  overrun_ = true;
  note_overrun();
  return true;
}

void Observer::note_overrun() {
  events_.note_lost();
  wake_if_due();
}

void Observer::wake_if_due() {
  if (!wake_due_ || !wake_ || events_.empty()) return;
  wake_due_ = false;
  wake_();
}

}  // namespace nsatlas
