// LD_PRELOAD shim: makes chosen system calls of the addon's lane threads fail, hang or get lost, so that what hardly ever happens can be
// tested. Calls are counted over all lanes, from 1; a list is "2,5"; "3-" is the third and all later ones.
//   NSATLAS_SHIM_OPEN_HANGS=TEXT   open() of a path holding TEXT waits until the file NSATLAS_SHIM_RELEASE exists
//   NSATLAS_SHIM_RECV_HANGS=LIST   so does recvmsg()
//   NSATLAS_SHIM_SETNS_HANGS=LIST  so does setns()
//   NSATLAS_SHIM_SETNS_FAILS=LIST  setns() says EPERM
//   NSATLAS_SHIM_SEND_LOST=LIST    sendto() pretends to have sent
//   NSATLAS_SHIM_RECV_INTERRUPTED=LIST  the first message of what recvmsg() receives says NLM_F_DUMP_INTR
//   NSATLAS_SHIM_RECV_BROKEN=LIST  the first message is said to be longer than what was received
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int in_lane(void) {
  char name[16] = "";
  prctl(PR_GET_NAME, name);
  return strcmp(name, "nsatlas-lane") == 0;
}

static int listed(const char *variable, int number) {
  const char *text = getenv(variable);
  while (text && *text) {
    char *end;
    long first = strtol(text, &end, 10);
    if (end == text) return 0;
    if (first == number || (*end == '-' && number >= first)) return 1;
    text = *end == ',' ? end + 1 : end;
    if (*text == '-') return 0;
  }
  return 0;
}

static void hang(void) {
  const char *release = getenv("NSATLAS_SHIM_RELEASE");
  while (release && access(release, F_OK) != 0) usleep(5000);
}

static int hang_on(const char *path) {
  const char *text = getenv("NSATLAS_SHIM_OPEN_HANGS");
  return text && strstr(path, text) && in_lane();
}

#define OPEN(NAME)                                                                                                  \
  int NAME(const char *path, int flags, ...) {                                                                      \
    static int (*next)(const char *, int, ...);                                                                     \
    va_list list;                                                                                                   \
    va_start(list, flags);                                                                                          \
    mode_t mode = (flags & (O_CREAT | __O_TMPFILE)) ? va_arg(list, mode_t) : 0;                                     \
    va_end(list);                                                                                                   \
    if (!next) next = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, #NAME);                                     \
    if (hang_on(path)) hang();                                                                                      \
    return next(path, flags, mode);                                                                                 \
  }
OPEN(open)
OPEN(open64)

int setns(int fd, int type) {
  static atomic_int calls;
  static int (*next)(int, int);
  if (!next) next = (int (*)(int, int))dlsym(RTLD_NEXT, "setns");
  if (in_lane()) {
    int number = ++calls;
    if (listed("NSATLAS_SHIM_SETNS_HANGS", number)) hang();
    if (listed("NSATLAS_SHIM_SETNS_FAILS", number)) {
      errno = EPERM;
      return -1;
    }
  }
  return next(fd, type);
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
  static atomic_int calls;
  static ssize_t (*next)(int, struct msghdr *, int);
  if (!next) next = (ssize_t(*)(int, struct msghdr *, int))dlsym(RTLD_NEXT, "recvmsg");
  if (!in_lane()) return next(fd, message, flags);
  int number = ++calls;
  if (listed("NSATLAS_SHIM_RECV_HANGS", number)) hang();
  ssize_t length = next(fd, message, flags);
  struct nlmsghdr *first = message->msg_iov->iov_base;
  if (length < (ssize_t)sizeof *first) return length;
  if (listed("NSATLAS_SHIM_RECV_INTERRUPTED", number)) first->nlmsg_flags |= NLM_F_DUMP_INTR;
  if (listed("NSATLAS_SHIM_RECV_BROKEN", number)) first->nlmsg_len = (unsigned)length + 1;
  return length;
}

ssize_t sendto(int fd, const void *data, size_t length, int flags, const struct sockaddr *to, socklen_t size) {
  static atomic_int calls;
  static ssize_t (*next)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
  if (!next) next = (ssize_t(*)(int, const void *, size_t, int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "sendto");
  if (in_lane() && listed("NSATLAS_SHIM_SEND_LOST", ++calls)) return (ssize_t)length;
  return next(fd, data, length, flags, to, size);
}
