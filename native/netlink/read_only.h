// What may be asked of the kernel: only what reads. This is the one place that decides it; everything that is not listed is refused before a
// socket or a file is opened. Plain C++ over bytes: no system call, no allocation.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <string_view>

namespace nsatlas {

/** How a request is made. In images and in src/native/job.ts by number. */
enum class Protocol : uint32_t {
  Route,      ///< NETLINK_ROUTE
  SockDiag,   ///< NETLINK_SOCK_DIAG
  Xfrm,       ///< NETLINK_XFRM
  Netfilter,  ///< NETLINK_NETFILTER
  Generic,    ///< NETLINK_GENERIC: the family is named, its id is asked for
  File,       ///< no netlink: a file of procfs
};
constexpr size_t kSocketProtocols = 5;

/** The protocol of socket(2): NETLINK_*. Not for File. */
int netlink_protocol(Protocol protocol);

/** Whether a message type of ROUTE, SOCK_DIAG, XFRM or NETFILTER reads and does nothing else, as a dump or without NLM_F_DUMP. */
bool only_reads(Protocol protocol, uint16_t type, bool dump);

/** Whether a command of a generic family, in the version that is known here, reads and does nothing else. */
bool only_reads(std::string_view family, uint8_t version, uint8_t command);

/** Whether a file may be read: below /proc/sys/net/ or /proc/thread-self/net/, by its plain path. */
bool may_read(std::string_view path);

/** What a request is, and how its answer ends. */
struct RequestShape {
  bool valid = false;
  /** The answer ends with NLMSG_DONE or NLMSG_ERROR only; else a single message without NLM_F_MULTI ends it, too. */
  bool until_done = false;
  /** RTM_NEWNSID: may be sent in an observer namespace only. */
  bool gives_nsid = false;
};

/**
 * Looks at one netlink request. Valid is exactly one message whose nlmsg_len is `length`, which only reads, with NLM_F_REQUEST and besides it
 * at most NLM_F_DUMP, not only one of its two bits (ROUTE takes one for a dump, GENERIC for none), and NLM_F_ACK. The one exception is RTM_NEWNSID with NLM_F_REQUEST and NLM_F_ACK, of which `gives_nsid` warns.
 * @param family name of the family of a GENERIC request, whose nlmsg_type has to be 0
 */
RequestShape shape_of_request(Protocol protocol, std::string_view family, const unsigned char* request, size_t length);

}  // namespace nsatlas
