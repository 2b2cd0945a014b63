// The datagram of sd_notify(3), which Node cannot send: its dgram module knows no unix sockets.
#pragma once

#include <string>

namespace nsatlas {

/** Sends `message` to a unix datagram socket; "@name" is an abstract one. Waits at most a second for room. `call` names what failed. Returns 0 or errno. */
int sd_notify(const std::string& path, const std::string& message, const char*& call);

}  // namespace nsatlas
