// Opens a path and proves that it is a network namespace.
#pragma once

#include <stdint.h>

#include <optional>
#include <string>

#include "process/failure.h"
#include "process/fd.h"

namespace nsatlas {

/** stat() of the nsfs inode: what a namespace is called on one host. */
struct Identity {
  uint64_t dev = 0;
  uint64_t ino = 0;
  bool operator==(const Identity& other) const { return dev == other.dev && ino == other.ino; }
  bool operator!=(const Identity& other) const { return !(*this == other); }
};

/** Where a namespace is expected to be found. */
struct Place {
  std::string path;
  std::optional<Identity> expect;
};

struct OpenedNetns {
  Fd fd;
  Identity identity;
};

/**
 * Opens `place` if it is a network namespace, and the one expected. Nothing that is not one is ever opened for reading,
 * so no FIFO blocks and no device driver runs. May block in the kernel when the path leads through a dead file system.
 */
Failure open_netns(const Place& place, OpenedNetns& opened);

/** Opens the namespace of the calling thread. */
Failure open_own_netns(OpenedNetns& opened);

}  // namespace nsatlas
