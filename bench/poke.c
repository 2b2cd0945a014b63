// Somebody else who changes links and forwarding entries, and notes when. The requests are those of `ip link set dev X mtu N` and of
// `bridge fdb replace … dev X dst …`, without the process around them.
// Usage: poke COUNT SHORTEST_US LONGEST_US FIRST SEED < TARGETS: COUNT changes, each of a random target, with random gaps (from the
// beginning of one change to the beginning of the next); a change that is late is made at once. TARGETS has one line for each: `mtu PATH
// IFINDEX` or `fdb PATH IFINDEX`. The values of a target rise by one with each change, from FIRST on: of an mtu, or as the last two bytes of 198.18.0.0
// for the row's dst. Prints a line for each change: target (position in TARGETS), value, nanoseconds of CLOCK_MONOTONIC before the request
// was sent and after its acknowledgement was received. All lines are printed at the end. Linux headers v6.12.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 20000 };

static struct target {
  bool is_fdb;
  int fd, ifindex;
  unsigned value;
} targets[MOST];

struct change {
  int target;
  unsigned value;
  long long sent, acknowledged;
};

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int read_targets(unsigned first) {
  int count = 0;
  char word[8], path[4096];
  for (int ifindex; count < MOST && scanf("%7s %4095s %d", word, path, &ifindex) == 3; count++) {
    int netns = open(path, O_RDONLY | O_CLOEXEC);
    if (netns < 0 || setns(netns, CLONE_NEWNET) < 0) err(1, "%s", path);
    close(netns);
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0) err(1, "socket");
    targets[count] = (struct target){strcmp(word, "fdb") == 0, fd, ifindex, first};
  }
  return count;
}

static void exchange(int fd, void *request, size_t length) {
  char answer[1024];
  if (send(fd, request, length, 0) < 0) err(1, "send");
  ssize_t got = recv(fd, answer, sizeof answer, 0);
  struct nlmsghdr *header = (struct nlmsghdr *)answer;
  if (got < (ssize_t)NLMSG_LENGTH(sizeof(struct nlmsgerr)) || header->nlmsg_type != NLMSG_ERROR) errx(1, "no acknowledgement");
  int error = ((struct nlmsgerr *)NLMSG_DATA(header))->error;
  if (error != 0) {
    errno = -error;
    err(1, "the kernel refused the change");
  }
}

static void set_mtu(const struct target *target) {
  struct {
    struct nlmsghdr header;
    struct ifinfomsg link;
    struct rtattr attribute;
    unsigned mtu;
  } request = {{sizeof request, RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, 1, 0},
               {.ifi_index = target->ifindex},
               {RTA_LENGTH(4), IFLA_MTU},
               target->value};
  exchange(target->fd, &request, sizeof request);
}

static void replace_fdb(const struct target *target) {
  struct {
    struct nlmsghdr header;
    struct ndmsg neighbor;
    struct rtattr lladdr;
    unsigned char mac[8];
    struct rtattr dst;
    unsigned address;
  } request = {{sizeof request, RTM_NEWNEIGH, NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, 1, 0},
               {.ndm_family = AF_BRIDGE, .ndm_ifindex = target->ifindex, .ndm_state = NUD_PERMANENT, .ndm_flags = NTF_SELF},
               {RTA_LENGTH(6), NDA_LLADDR},
               {0x02, 0x70, 0x6f, 0x6b, 0x65, 0x01},
               {RTA_LENGTH(4), NDA_DST},
               htonl(0xc6120000u + target->value)};
  exchange(target->fd, &request, sizeof request);
}

static void wait_until(long long time) {
  struct timespec when = {time / 1000000000LL, time % 1000000000LL};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL) == EINTR) {
  }
}

int main(int argc, char **argv) {
  if (argc != 6) errx(2, "usage: poke COUNT SHORTEST_US LONGEST_US FIRST SEED < TARGETS");
  int count = atoi(argv[1]);
  long long shortest = atoll(argv[2]) * 1000, longest = atoll(argv[3]) * 1000;
  int known = read_targets((unsigned)atoi(argv[4]));
  srand48(atol(argv[5]));
  struct change *changes = calloc((size_t)count, sizeof *changes);
  if (known == 0 || changes == NULL) errx(1, "no targets or no memory");
  long long due = now();
  for (int at = 0; at < count; at++) {
    due += shortest + (long long)(drand48() * (double)(longest - shortest));
    wait_until(due);
    int which = (int)(lrand48() % known);
    struct target *target = &targets[which];
    changes[at] = (struct change){which, target->value, now(), 0};
    if (target->is_fdb) replace_fdb(target);
    else set_mtu(target);
    changes[at].acknowledged = now();
    target->value++;
  }
  for (int at = 0; at < count; at++)
    printf("%d %u %lld %lld\n", changes[at].target, changes[at].value, changes[at].sent, changes[at].acknowledged);
  return 0;
}
