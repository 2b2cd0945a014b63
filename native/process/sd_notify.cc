#include "process/sd_notify.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "process/fd.h"

namespace nsatlas {

int sd_notify(const std::string& path, const std::string& message, const char*& call) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  call = "address";
  const bool abstract = !path.empty() && path[0] == '@';
  // A file name keeps its NUL, an abstract one has none: unix(7).
  const size_t room = sizeof address.sun_path - (abstract ? 0 : 1);
  if (path.size() < 2 || (!abstract && path[0] != '/')) return EINVAL;
  if (path.size() > room) return ENAMETOOLONG;
  memcpy(address.sun_path, path.data(), path.size());
  if (abstract) address.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (abstract ? 0 : 1));

  call = "socket";
  const Fd fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return errno;
  const timeval patience{1, 0};
  call = "setsockopt";
  if (setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0) return errno;
  call = "sendto";
  const auto* to = reinterpret_cast<const sockaddr*>(&address);
  while (sendto(fd.get(), message.data(), message.size(), MSG_NOSIGNAL, to, length) < 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

}  // namespace nsatlas
