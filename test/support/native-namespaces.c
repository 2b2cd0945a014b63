// Makes network namespaces that live as long as this process: prints one line "/proc/PID/fd/N" for each, then obeys lines on its standard
// input ("close N" lets one go and answers "closed N") and ends at its end. Nothing is mounted, so nothing can be left behind.
#define _GNU_SOURCE
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static void die(const char *what) {
  perror(what);
  exit(1);
}

static void lo_up(void) {
  struct ifreq request;
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  memset(&request, 0, sizeof request);
  strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) != 0) die("lo up");
  close(fd);
}

int main(int argc, char **argv) {
  int count = argc > 1 ? atoi(argv[1]) : 1;
  struct rlimit limit;
  char line[64];
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  if (home < 0) die("home");
  for (int i = 0; i < count; i++) {
    if (unshare(CLONE_NEWNET) != 0) die("unshare");
    lo_up();
    int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (fd < 0) die("open");
    printf("/proc/%d/fd/%d\n", (int)getpid(), fd);
  }
  if (setns(home, CLONE_NEWNET) != 0) die("setns");
  printf("ready\n");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    int fd;
    if (sscanf(line, "close %d", &fd) == 1) {
      close(fd);
      printf("closed %d\n", fd);
      fflush(stdout);
    }
  }
  return 0;
}
