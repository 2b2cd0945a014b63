// The thread that enters namespaces.
#pragma once

#include <memory>

#include "netns/reader.h"

namespace nsatlas {

/** Starts a lane. To be called from a thread that never leaves its namespace: the lane's home is where its starter is. Returns 0 or errno. */
int start_lane(std::shared_ptr<Reader> reader, std::shared_ptr<LaneState> state);

}  // namespace nsatlas
