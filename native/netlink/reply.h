// Finds the end of an answer in netlink datagrams. Plain C++ over bytes: no system call, no allocation.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace nsatlas {

/** Writes sequence number and port into a request. */
void address_request(unsigned char* request, uint32_t seq, uint32_t port);

enum class ReplyState {
  More,     ///< belongs to the answer, which goes on
  Ended,    ///< belongs to the answer and ends it; err says how
  Foreign,  ///< answers another request
  Broken,   ///< message lengths do not fit the datagram
};

struct ReplyScan {
  ReplyState state;
  /** Positive errno of NLMSG_ERROR or NLMSG_DONE when the answer has ended; 0: answered in full. */
  int err;
  /** Where the answer ends within the datagram, the message that ends it included. Up to here all messages are complete. */
  size_t length;
  /** One of its messages says NLM_F_DUMP_INTR: the table changed while it was dumped. */
  bool interrupted;
};

/** Walks the messages of one datagram. Safe on any bytes. */
ReplyScan scan_reply(const unsigned char* datagram, size_t length, uint32_t seq, bool until_done);

}  // namespace nsatlas
