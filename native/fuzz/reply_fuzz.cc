// Any datagram as an answer, as rows and as a job: every byte that is looked at is there. Input: one byte of choices, then the bytes.
#include <stdint.h>

#include <string>
#include <vector>

#include "netlink/reply.h"
#include "netns/job.h"
#include "rows/row_collector.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::vector<unsigned char> exact(data + 1, data + size);
  const uint32_t seq = data[0] & 3;
  nsatlas::RowFormats formats;
  formats.filters.push_back({{}, {nsatlas::Rule::Whole, 0}});
  formats.formats.push_back({16, 0, true, 4});

  const nsatlas::ReplyScan scan = nsatlas::scan_reply(exact.data(), size - 1, seq, (data[0] & 4) != 0);
  if (scan.length > size - 1) __builtin_trap();
  if (scan.state != nsatlas::ReplyState::Broken) {
    nsatlas::RowCollector collector(formats, {1, 2});
    collector.restart();
    if (collector.add(exact.data(), scan.length, seq, 0) != 0) __builtin_trap();
    collector.end(0, 0, nsatlas::Operation::Receive);
    for (const nsatlas::AnsweredRow& row : collector.rows()) {
      if (row.length > size) __builtin_trap();
    }
  }
  nsatlas::Job job;
  std::string reason;
  nsatlas::parse_job(exact.data(), size - 1, formats, job, reason);
  return 0;
}
