// Carries out the requests of one target, inside its namespace: sends, receives, reads files. Used by one lane.
#pragma once

#include <stdint.h>

#include <memory>
#include <string>
#include <vector>

#include "netlink/reply.h"
#include "netlink/socket.h"
#include "netns/job.h"
#include "netns/open.h"
#include "netns/reader.h"
#include "process/failure.h"
#include "rows/row_collector.h"

namespace nsatlas {

class Exchange {
 public:
  Exchange(Reader& reader, LaneState& lane, RowCollector& collector);

  /**
   * To be called in the target's namespace. Nothing is open when it returns.
   * @param may_give it is the observer namespace, where ids may be given
   */
  Failure run(const Job& job, const Target& target, const Identity& identity, bool may_give);

  /** Whether to take the next step. */
  Failure check(Operation step, const Job& job, const std::string* opening = nullptr);

 private:
  /** One for each protocol that a target's requests need, opened by the first of them. */
  struct Sockets {
    NetlinkSocket of[kSocketProtocols];
    /** Of the message sent last; each has its own. */
    uint32_t seq = 0;
  };
  /** How an answer ended. */
  struct Answer {
    int err = 0;
    bool interrupted = false;
    /** What else belongs to it is left in the socket, and the dump behind it may still be running. */
    bool given_up = false;
  };

  Failure exchange(const Job& job, uint32_t index, Sockets& sockets);
  Failure send_and_receive(const Job& job, uint32_t index, NetlinkSocket& socket, uint32_t seq, Fd attribute);
  Failure find_family(const Job& job, const Request& request, NetlinkSocket& socket, uint32_t seq, Answer& answer, uint16_t& id);
  template <typename Take>
  Failure receive(const Job& job, NetlinkSocket& socket, uint32_t seq, bool until_done, Answer& answer, Take take);
  int take(const Request& request, uint32_t index, size_t received, uint32_t seq, const ReplyScan& scan);
  int end_rows(const RowRequest& rows, const Answer& answer);
  Failure read_file(const Job& job, uint32_t index);
  bool put_datagram(uint32_t index, size_t length);
  Failure end_request(const Job& job, uint32_t index, int err, Operation operation);

  Reader& reader_;
  LaneState& lane_;
  RowCollector& collector_;
  const std::unique_ptr<unsigned char[]> buffer_;
  std::vector<unsigned char> bytes_;
};

}  // namespace nsatlas
