#include "netlink/socket.h"

#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71  // asm-generic/socket.h, v5.14
#endif
#ifndef NETLINK_EXT_ACK
#define NETLINK_EXT_ACK 11  // linux/netlink.h, v4.12
#endif
#ifndef NETLINK_GET_STRICT_CHK
#define NETLINK_GET_STRICT_CHK 12  // linux/netlink.h, v4.20
#endif

namespace nsatlas {
namespace {

bool switch_on(int fd, int option) {
  const int on = 1;
  return setsockopt(fd, SOL_NETLINK, option, &on, sizeof on) == 0 || errno == ENOPROTOOPT;
}

/** Waits until something can be received. Returns 0, EAGAIN or another errno. */
int wait_readable(int fd, int wait_ms) {
  pollfd entry{fd, POLLIN, 0};
  const int ready = poll(&entry, 1, wait_ms);
  if (ready > 0) return 0;
  if (ready == 0) return EAGAIN;
  return errno == EINTR ? 0 : errno;
}

}  // namespace

Failure NetlinkSocket::open(Protocol protocol) {
  fd_.reset();
  Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, netlink_protocol(protocol)));
  if (!fd) return call_failed(Operation::Socket, errno, "socket");
  if (!switch_on(fd.get(), NETLINK_EXT_ACK) || !switch_on(fd.get(), NETLINK_GET_STRICT_CHK)) {
    return call_failed(Operation::Socket, errno, "setsockopt");
  }
  sockaddr_nl self{};
  self.nl_family = AF_NETLINK;
  if (bind(fd.get(), reinterpret_cast<sockaddr*>(&self), sizeof self) != 0) return call_failed(Operation::Socket, errno, "bind");
  socklen_t size = sizeof self;
  if (getsockname(fd.get(), reinterpret_cast<sockaddr*>(&self), &size) != 0) {
    return call_failed(Operation::Socket, errno, "getsockname");
  }
  port_ = self.nl_pid;
  fd_ = std::move(fd);
  return {};
}

Failure NetlinkSocket::read_cookie(std::optional<uint64_t>& cookie) const {
  uint64_t value = 0;
  socklen_t size = sizeof value;
  if (getsockopt(fd_.get(), SOL_SOCKET, SO_NETNS_COOKIE, &value, &size) == 0) {
    cookie = value;
    return {};
  }
  if (errno == ENOPROTOOPT || errno == EOPNOTSUPP) return {};
  return call_failed(Operation::Cookie, errno, "getsockopt SO_NETNS_COOKIE");
}

int NetlinkSocket::send(const unsigned char* request, size_t length) const {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  for (;;) {
    const ssize_t sent = sendto(fd_.get(), request, length, 0, reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel);
    if (sent >= 0) return static_cast<size_t>(sent) == length ? 0 : EMSGSIZE;
    if (errno != EINTR) return errno;
  }
}

Received NetlinkSocket::receive(unsigned char* buffer, size_t size, int wait_ms) const {
  sockaddr_nl sender{};
  iovec part{buffer, size};
  msghdr message{};
  message.msg_name = &sender;
  message.msg_namelen = sizeof sender;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  const ssize_t length = recvmsg(fd_.get(), &message, MSG_DONTWAIT);
  if (length < 0) {
    if (errno == EINTR) return {0, 0};
    // rtnetlink answers inside send() and receive(), so waiting is the exception.
    return {0, errno == EAGAIN ? wait_readable(fd_.get(), wait_ms) : errno};
  }
  if (message.msg_namelen != sizeof sender || sender.nl_pid != 0) return {0, 0};
  if (message.msg_flags & MSG_TRUNC) return {0, EMSGSIZE};
  return {static_cast<size_t>(length), 0};
}

}  // namespace nsatlas
