#include "netlink/reply.h"

#include <limits.h>
#include <linux/netlink.h>
#include <stddef.h>
#include <string.h>

#include <algorithm>

namespace nsatlas {
namespace {

/** Positive errno at the start of the payload of NLMSG_ERROR and NLMSG_DONE; 0 when it is absent or no error. */
int errno_of(const unsigned char* message, size_t length) {
  int32_t code = 0;
  if (length < NLMSG_HDRLEN + sizeof code) return 0;
  memcpy(&code, message + NLMSG_HDRLEN, sizeof code);
  return code < 0 && code != INT_MIN ? -code : 0;
}

}  // namespace

void address_request(unsigned char* request, uint32_t seq, uint32_t port) {
  memcpy(request + offsetof(nlmsghdr, nlmsg_seq), &seq, sizeof seq);
  memcpy(request + offsetof(nlmsghdr, nlmsg_pid), &port, sizeof port);
}

ReplyScan scan_reply(const unsigned char* datagram, size_t length, uint32_t seq, bool until_done) {
  bool ours = false;
  bool interrupted = false;
  size_t offset = 0;
  while (offset < length) {
    nlmsghdr header;
    const size_t left = length - offset;
    if (left < sizeof header) return {ReplyState::Broken, 0, offset, interrupted};
    memcpy(&header, datagram + offset, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > left) return {ReplyState::Broken, 0, offset, interrupted};
    // The last message's padding may be missing.
    const size_t step = std::min(NLMSG_ALIGN(static_cast<size_t>(header.nlmsg_len)), left);
    if (header.nlmsg_seq == seq) {
      ours = true;
      interrupted = interrupted || (header.nlmsg_flags & NLM_F_DUMP_INTR) != 0;
      const bool ends = header.nlmsg_type == NLMSG_DONE || header.nlmsg_type == NLMSG_ERROR;
      if (ends) return {ReplyState::Ended, errno_of(datagram + offset, header.nlmsg_len), offset + step, interrupted};
      if (!until_done && !(header.nlmsg_flags & NLM_F_MULTI)) return {ReplyState::Ended, 0, offset + step, interrupted};
    }
    offset += step;
  }
  return {ours ? ReplyState::More : ReplyState::Foreign, 0, length, interrupted};
}

}  // namespace nsatlas
