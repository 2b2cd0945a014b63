// Detached threads that take no signals and whose failure to start is an errno, not an exception.
#pragma once

namespace nsatlas {

/** Starts one. Returns 0 or errno; when it fails, `argument` is still the caller's. */
int start_thread(void* (*run)(void*), void* argument);

}  // namespace nsatlas
