#include "netns/open.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <utility>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080  // linux/sched.h, v5.6
#endif

namespace nsatlas {
namespace {

Failure found(Problem problem, int err, std::string detail) { return {problem, Operation::Open, err, std::move(detail)}; }

/** open() of the path failed: distinguish a dangling link from a missing file, and a process that has ended from a refusal. */
Failure open_failed(const char* path, int err) {
  if (err == ELOOP) return found(Problem::Dangling, err, "symbolic link that leads in a circle");
  if (err == ENOTDIR || err == ESRCH) return found(Problem::NotFound, err, text_of(err));
  const bool refused = err == EACCES || err == EPERM;
  if (!refused && err != ENOENT) return found(Problem::Failed, err, text_of(err));

  const Fd link(open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!link) {
    // proc_ns_get_link(), fs/proc/namespaces.c, says EACCES when the process ended under it.
    const bool gone = errno == ENOENT || errno == ESRCH;
    return refused && !gone ? found(Problem::Denied, err, text_of(err)) : found(Problem::NotFound, ENOENT, text_of(ENOENT));
  }
  if (refused) return found(Problem::Denied, err, text_of(err));
  struct stat status {};
  struct statfs system {};
  if (fstat(link.get(), &status) != 0 || !S_ISLNK(status.st_mode)) return found(Problem::NotFound, err, text_of(err));
  // The link of a process that has ended but was not yet waited for is there and leads nowhere.
  if (fstatfs(link.get(), &system) == 0 && system.f_type == PROC_SUPER_MAGIC) {
    return found(Problem::NotFound, err, "the process has ended");
  }
  return found(Problem::Dangling, err, "dangling symbolic link");
}

struct FileType {
  mode_t mode;
  Problem problem;
  const char* text;
};
constexpr FileType kFileTypes[] = {
    {S_IFREG, Problem::PlainFile, "plain file"},
    {S_IFDIR, Problem::Directory, "directory"},
    {S_IFIFO, Problem::Fifo, "FIFO"},
    {S_IFSOCK, Problem::Socket, "socket"},
    {S_IFCHR, Problem::Device, "character device"},
    {S_IFBLK, Problem::Device, "block device"},
};

/** What an inode that is not on nsfs is. */
Failure not_a_namespace(mode_t mode) {
  for (const FileType& type : kFileTypes) {
    if (type.mode == (mode & S_IFMT)) return found(type.problem, 0, type.text);
  }
  return found(Problem::NotNsfs, 0, "not a file of the namespace file system");
}

constexpr std::pair<int, const char*> kNamespaceTypes[] = {
    {CLONE_NEWUTS, "uts namespace"},
    {CLONE_NEWNS, "mnt namespace"},
    {CLONE_NEWPID, "pid namespace"},
    {CLONE_NEWUSER, "user namespace"},
    {CLONE_NEWIPC, "ipc namespace"},
    {CLONE_NEWCGROUP, "cgroup namespace"},
    {CLONE_NEWTIME, "time namespace"},
};

const char* namespace_name(int type) {
  for (const auto& [known, name] : kNamespaceTypes) {
    if (known == type) return name;
  }
  return "namespace of an unknown type";
}

Failure prove_type(int fd) {
  const int type = ioctl(fd, NS_GET_NSTYPE);
  if (type < 0) return call_failed(Operation::Identify, errno, "ioctl NS_GET_NSTYPE");
  if (type != CLONE_NEWNET) return {Problem::OtherNamespace, Operation::Identify, 0, namespace_name(type)};
  return {};
}

}  // namespace

Failure open_netns(const Place& place, OpenedNetns& opened) {
  const Fd handle(open(place.path.c_str(), O_PATH | O_CLOEXEC));
  if (!handle) return open_failed(place.path.c_str(), errno);

  struct stat status {};
  struct statfs system {};
  if (fstat(handle.get(), &status) != 0) return call_failed(Operation::Identify, errno, "fstat");
  if (fstatfs(handle.get(), &system) != 0) return call_failed(Operation::Identify, errno, "fstatfs");
  if (system.f_type != NSFS_MAGIC) return not_a_namespace(status.st_mode);

  // setns() takes no O_PATH descriptor. Going through the link opens the very inode that was just looked at, whatever
  // has been put at the path since.
  char link[48];
  snprintf(link, sizeof link, "/proc/self/fd/%d", handle.get());
  Fd fd(open(link, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return call_failed(Operation::Open, errno, "opening for reading");
  if (Failure failure = prove_type(fd.get())) return failure;

  const Identity identity{status.st_dev, status.st_ino};
  if (place.expect && *place.expect != identity) {
    return {Problem::Changed, Operation::Identify, 0, "net:[" + std::to_string(identity.ino) + "] is there now"};
  }
  opened.fd = std::move(fd);
  opened.identity = identity;
  return {};
}

Failure open_own_netns(OpenedNetns& opened) { return open_netns({"/proc/thread-self/ns/net", std::nullopt}, opened); }

}  // namespace nsatlas
