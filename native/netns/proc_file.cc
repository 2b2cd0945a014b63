#include "netns/proc_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "process/fd.h"

namespace nsatlas {
namespace {

/** 0: a folder, or the plain file that is wanted, on procfs. */
int check(const Fd& handle, bool is_last) {
  struct stat status {};
  struct statfs system {};
  if (fstat(handle.get(), &status) != 0 || fstatfs(handle.get(), &system) != 0) return errno;
  if (system.f_type != PROC_SUPER_MAGIC) return EINVAL;
  if (S_ISLNK(status.st_mode)) return ELOOP;
  if (S_ISDIR(status.st_mode)) return is_last ? EISDIR : 0;
  if (!is_last) return ENOTDIR;
  return S_ISREG(status.st_mode) ? 0 : EINVAL;
}

/** Step by step, for openat2() is not in every kernel, nor in every container's list of calls. */
int open_path(const std::string& path, Fd& found) {
  // "/proc/sys" or "/proc/thread-self"
  size_t end = path.find('/', sizeof "/proc/" - 1);
  Fd at(open(path.substr(0, end).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  int err = at ? check(at, false) : errno;
  while (err == 0 && end != std::string::npos) {
    const size_t begin = end + 1;
    end = path.find('/', begin);
    at = Fd(openat(at.get(), path.substr(begin, end - begin).c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    err = at ? check(at, end == std::string::npos) : errno;
  }
  found = std::move(at);
  return err;
}

}  // namespace

int read_proc_file(const std::string& path, unsigned char* to, size_t& length) {
  length = 0;
  Fd handle;
  if (const int err = open_path(path, handle)) return err;
  char link[48];
  snprintf(link, sizeof link, "/proc/self/fd/%d", handle.get());
  const Fd fd(open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return errno;
  for (;;) {
    const ssize_t got = read(fd.get(), to + length, kLargestProcFile + 1 - length);
    if (got == 0) return 0;
    if (got < 0 && errno != EINTR) return errno;
    if (got > 0) length += static_cast<size_t>(got);
    if (length > kLargestProcFile) return EFBIG;
  }
}

}  // namespace nsatlas
