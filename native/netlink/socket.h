// One netlink socket, in whatever network namespace the calling thread is in.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <optional>

#include "process/failure.h"
#include "netlink/read_only.h"
#include "process/fd.h"

namespace nsatlas {

/**
 * A datagram (length > 0), or why there is none: err 0: try again (interrupted, now readable, or somebody else's datagram was dropped);
 * EAGAIN: nothing within the time; EMSGSIZE: larger than the buffer, tail lost.
 */
struct Received {
  size_t length;
  int err;
};

class NetlinkSocket {
 public:
  /** Opens and binds, with extended acknowledgements and strict checking of requests (where the kernel has them). */
  Failure open(Protocol protocol);
  void close() { fd_.reset(); }
  bool is_open() const { return static_cast<bool>(fd_); }

  /** SO_NETNS_COOKIE (Linux 5.14): absent on kernels without it. */
  Failure read_cookie(std::optional<uint64_t>& cookie) const;

  /** Sends to the kernel, which carries the request out before this returns. Returns 0 or errno. */
  int send(const unsigned char* request, size_t length) const;

  /** Tries once to receive a datagram of the kernel's; when there is none, waits at most `wait_ms` for one to arrive. */
  Received receive(unsigned char* buffer, size_t size, int wait_ms) const;

  uint32_t port() const { return port_; }

 private:
  Fd fd_;
  uint32_t port_ = 0;
};

}  // namespace nsatlas
