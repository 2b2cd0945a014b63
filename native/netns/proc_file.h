// Reads a file of procfs that shows the network namespace of the calling thread.
#pragma once

#include <stddef.h>

#include <string>

namespace nsatlas {

/** More is no small file, and nothing that this is for. */
constexpr size_t kLargestProcFile = size_t{1} << 20;

/**
 * Reads all of a file whose path may_read() takes. Follows no symbolic link but /proc/thread-self, and opens for reading only what was seen to
 * be a plain file of procfs, whatever is mounted where.
 * @param to has room for kLargestProcFile + 1 bytes
 * @param length set to the bytes read
 * @return 0 or errno; ELOOP: a symbolic link; EISDIR: a folder; EINVAL: no plain file of procfs; EFBIG: larger than kLargestProcFile
 */
int read_proc_file(const std::string& path, unsigned char* to, size_t& length);

}  // namespace nsatlas
