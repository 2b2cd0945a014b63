// The least that a scan can cost: for each namespace open, setns, a fresh NETLINK_ROUTE socket, the dumps, close, setns back. Nothing is
// decoded; messages are walked only to find the end of a dump and to count. The requests are those that an agent sends.
// Usage: floor DIR MODE (every file in DIR is a namespace).
//   links     links and addresses
//   all       links, addresses, forwarding tables, neighbours, proxy neighbours, routes, everywhere
//   settled   as links, and counts the links that are up and the addresses that are tentative: says when both have settled
// Prints: nanoseconds links addresses others bytes up tentative. Timed after one warm-up, but for settled. Linux headers v6.12.
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
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

enum { MOST = 20000, ROOM = 1 << 20 };

static char *paths[MOST];
static char buffer[ROOM];
static long links, addresses, others, bytes, up, tentative;
static bool look_closer;

// A dump of the links without a mask is cut short at a link of more than 32 KiB: rtnl_calcit(), net/core/rtnetlink.c
static struct {
  struct nlmsghdr header;
  struct ifinfomsg link;
  struct rtattr attribute;
  unsigned int mask;
} link_dump = {{sizeof link_dump, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 1, 0},
               {.ifi_family = AF_UNSPEC},
               {RTA_LENGTH(4), IFLA_EXT_MASK},
               RTEXT_FILTER_MRP | RTEXT_FILTER_SKIP_STATS};

static struct {
  struct nlmsghdr header;
  struct ifaddrmsg address;
} address_dump = {{sizeof address_dump, RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, 2, 0}, {.ifa_family = AF_UNSPEC}};

struct neighbor_request {
  struct nlmsghdr header;
  struct ndmsg neighbor;
};
static struct neighbor_request fdb_dump = {{sizeof fdb_dump, RTM_GETNEIGH, NLM_F_REQUEST | NLM_F_DUMP, 3, 0},
                                           {.ndm_family = AF_BRIDGE}};
static struct neighbor_request neighbor_dump = {{sizeof neighbor_dump, RTM_GETNEIGH, NLM_F_REQUEST | NLM_F_DUMP, 4, 0},
                                                {.ndm_family = AF_UNSPEC}};
static struct neighbor_request proxy_dump = {{sizeof proxy_dump, RTM_GETNEIGH, NLM_F_REQUEST | NLM_F_DUMP, 5, 0},
                                             {.ndm_family = AF_UNSPEC, .ndm_flags = NTF_PROXY}};

static struct {
  struct nlmsghdr header;
  struct rtmsg route;
} route_dump = {{sizeof route_dump, RTM_GETROUTE, NLM_F_REQUEST | NLM_F_DUMP, 6, 0}, {.rtm_family = AF_UNSPEC}};

static bool is_up(struct nlmsghdr *message) {
  struct ifinfomsg *link = NLMSG_DATA(message);
  int left = (int)IFLA_PAYLOAD(message);
  for (struct rtattr *a = IFLA_RTA(link); RTA_OK(a, left); a = RTA_NEXT(a, left))
    if ((a->rta_type & NLA_TYPE_MASK) == IFLA_OPERSTATE) return *(unsigned char *)RTA_DATA(a) == IF_OPER_UP;
  return false;
}

// Multicast addresses that need no resolving: nobody shows them, and they come and go.
static bool is_noarp(const struct ndmsg *neighbor) { return neighbor->ndm_family != AF_BRIDGE && neighbor->ndm_state == NUD_NOARP; }

static void dump(int fd, const void *request, size_t length) {
  if (send(fd, request, length, 0) < 0) err(1, "send");
  for (;;) {
    ssize_t got = recv(fd, buffer, ROOM, 0);
    if (got < 0) err(1, "recv");
    bytes += got;
    int left = (int)got;
    for (struct nlmsghdr *m = (struct nlmsghdr *)buffer; NLMSG_OK(m, left); m = NLMSG_NEXT(m, left)) {
      if (m->nlmsg_type == NLMSG_DONE) return;
      if (m->nlmsg_type == NLMSG_ERROR) errx(1, "the kernel refused a dump");
      links += m->nlmsg_type == RTM_NEWLINK;
      addresses += m->nlmsg_type == RTM_NEWADDR;
      others += m->nlmsg_type == RTM_NEWROUTE || (m->nlmsg_type == RTM_NEWNEIGH && !is_noarp(NLMSG_DATA(m)));
      if (!look_closer) continue;
      if (m->nlmsg_type == RTM_NEWLINK) up += is_up(m);
      else tentative += (((struct ifaddrmsg *)NLMSG_DATA(m))->ifa_flags & IFA_F_TENTATIVE) != 0;
    }
  }
}

static void scan(int count, int home, bool all) {
  const int on = 1;
  links = addresses = others = bytes = up = tentative = 0;
  for (int at = 0; at < count; at++) {
    int netns = open(paths[at], O_RDONLY | O_CLOEXEC);
    if (netns < 0 || setns(netns, CLONE_NEWNET) < 0) err(1, "%s", paths[at]);
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0) err(1, "socket");
    setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
    setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof on);
    dump(fd, &link_dump, sizeof link_dump);
    dump(fd, &address_dump, sizeof address_dump);
    if (all) {
      dump(fd, &fdb_dump, sizeof fdb_dump);
      dump(fd, &neighbor_dump, sizeof neighbor_dump);
      dump(fd, &proxy_dump, sizeof proxy_dump);
      dump(fd, &route_dump, sizeof route_dump);
    }
    close(fd);
    close(netns);
    if (setns(home, CLONE_NEWNET) < 0) err(1, "setns back");
  }
}

static long long now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc != 3) errx(2, "usage: floor DIR links|all|settled");
  bool all = strcmp(argv[2], "all") == 0;
  look_closer = strcmp(argv[2], "settled") == 0;
  if (!all && !look_closer && strcmp(argv[2], "links") != 0) errx(2, "there is no mode %s", argv[2]);
  DIR *dir = opendir(argv[1]);
  if (dir == NULL) err(1, "%s", argv[1]);
  int count = 0;
  for (struct dirent *entry; (entry = readdir(dir)) != NULL && count < MOST;) {
    if (entry->d_name[0] == '.') continue;
    if (asprintf(&paths[count++], "%s/%s", argv[1], entry->d_name) < 0) errx(1, "out of memory");
  }
  closedir(dir);
  int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  if (home < 0) err(1, "own namespace");
  if (!look_closer) scan(count, home, all);
  long long started = now();
  scan(count, home, all);
  printf("%lld %ld %ld %ld %ld %ld %ld\n", now() - started, links, addresses, others, bytes, up, tentative);
  return 0;
}
