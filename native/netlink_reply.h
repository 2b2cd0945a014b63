// Finds the end of an answer in netlink datagrams. Plain C++ over bytes: no system call, no allocation.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace nsatlas {

/** What a request template must be before it may be sent, and how its answer ends. */
struct RequestShape {
  bool valid = false;
  /** The answer ends with NLMSG_DONE or NLMSG_ERROR only; else a single message without NLM_F_MULTI ends it, too. */
  bool until_done = false;
  /** RTM_NEWNSID: may be sent in an observer namespace only. */
  bool gives_nsid = false;
};

/**
 * Looks at one request. Valid is exactly one message of RTM_GET* with NLM_F_REQUEST whose nlmsg_len is `length`: this
 * is where "only reads" is held (rtnetlink types come in fours, NEW DEL GET SET: linux/rtnetlink.h). The one exception is
 * RTM_NEWNSID with NLM_F_REQUEST and NLM_F_ACK, of which `gives_nsid` warns.
 */
RequestShape shape_of_request(const unsigned char* request, size_t length);

/** Writes sequence number and port into a valid request. */
void address_request(unsigned char* request, uint32_t seq, uint32_t port);

enum class ReplyState {
  More,     ///< belongs to the answer, which goes on
  Ended,    ///< belongs to the answer and ends it; err tells how
  Foreign,  ///< answers another request
  Broken,   ///< message lengths do not fit the datagram
};

struct ReplyScan {
  ReplyState state;
  /** Positive errno of NLMSG_ERROR or NLMSG_DONE when the answer has ended; 0: answered whole. */
  int err;
  /** Where the answer ends within the datagram, the message that ends it included. Up to here all messages are whole. */
  size_t length;
  /** One of its messages says NLM_F_DUMP_INTR: the table changed while it was dumped. */
  bool interrupted;
};

/** Walks the messages of one datagram. Safe on any bytes. */
ReplyScan scan_reply(const unsigned char* datagram, size_t length, uint32_t seq, bool until_done);

}  // namespace nsatlas
