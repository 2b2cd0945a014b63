// Mounts a FUSE file system that never answers on the directory given, in a mount namespace of its own, and runs a command there.
// SIGUSR1 closes the connection: whoever waits for an answer is told ENOTCONN. Everything is gone when the command ends.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

static int fuse = -1;

static void let_go(int signal) {
  (void)signal;
  close(fuse);
}

static void die(const char *what) {
  perror(what);
  exit(77);
}

int main(int argc, char **argv) {
  char options[128];
  int status = 0;
  if (argc < 3) return 2;
  if (unshare(CLONE_NEWNS) != 0) die("unshare");
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) die("private");
  fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
  if (fuse < 0) die("/dev/fuse");
  snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=%d,group_id=%d", fuse, (int)getuid(), (int)getgid());
  if (mount("nsatlas-dead", argv[1], "fuse", MS_NOSUID | MS_NODEV, options) != 0) die("mount");
  signal(SIGUSR1, let_go);
  pid_t child = fork();
  if (child == 0) {
    execvp(argv[2], argv + 2);
    _exit(127);
  }
  while (waitpid(child, &status, 0) < 0) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
