// Detached threads that take no signals and whose failure to start is an errno, not an exception.
#pragma once

#include <functional>

namespace nsatlas {

/** Starts one, which lets go of `run` when it ends. Returns 0 or errno. @param name at most 15 bytes, for ps(1) */
int start_thread(const char* name, std::function<void()> run);

}  // namespace nsatlas
