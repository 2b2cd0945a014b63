// What a job produces, framed into batches of bytes: src/native/frames.ts reads them. Host order, every frame padded to 8.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <deque>
#include <optional>
#include <vector>

#include "netns/open.h"
#include "process/failure.h"

namespace nsatlas {

enum class FrameKind : uint32_t {
  Target = 1,
  Datagram = 2,
  RequestEnd = 3,
  TargetEnd = 4,
  JobEnd = 5,
  RowsRemoved = 6,
  RowsAdded = 7,
  RowOrder = 8,
};

/** Before every frame. `size` counts this header, the payload and its padding. */
struct FrameHeader {
  uint32_t size;
  FrameKind kind;
  uint32_t target;
  uint32_t request;
};

struct TargetFrame {
  double dev;
  double ino;
  uint64_t cookie;
  uint64_t has_cookie;
};
/** The datagram's bytes follow. */
struct DatagramFrame {
  uint32_t length;
  uint32_t reserved;
};
struct RequestEndFrame {
  int32_t err;
  Operation operation;
};
/** The detail's UTF-8 follows. A JobEnd has the same payload; problem None: the job was carried out. */
struct EndFrame {
  Problem problem;
  Operation operation;
  int32_t err;
  uint32_t detail_length;
};

/** What follows: slots for RowsRemoved and RowOrder; for RowsAdded rows, each a RowHead and its bytes padded to 4. */
struct RowsFrame {
  uint32_t count;
  uint32_t reserved;
};
struct RowHead {
  uint32_t slot;
  uint32_t length;
};

/** A row to be reported. */
struct ReportedRow {
  RowHead head;
  const unsigned char* bytes;
};

/** Collects frames into batches and queues the full ones. Not safe for threads: its owner locks. */
class Outbox {
 public:
  using Batch = std::vector<unsigned char>;

  /** Empties the queue; batches are full from `batch_bytes` on. */
  void restart(size_t batch_bytes);

  void put_target(uint32_t target, const Identity& identity, std::optional<uint64_t> cookie);
  void put_datagram(uint32_t target, uint32_t request, const unsigned char* datagram, size_t length);
  void put_request_end(uint32_t target, uint32_t request, int err, Operation operation);
  /** Put as many as fit into one batch, at least one. Return how many. */
  size_t put_rows_removed(uint32_t target, uint32_t request, const uint32_t* slots, size_t count);
  size_t put_rows_added(uint32_t target, uint32_t request, const ReportedRow* rows, size_t count);
  /** One frame, however large. */
  void put_row_order(uint32_t target, uint32_t request, const uint32_t* slots, size_t count);
  void put_target_end(uint32_t target, const Failure& failure);
  /** Ends and queues the last batch. */
  void put_job_end(const Failure& failure);

  /** Queued batches, the one being filled not counted. */
  size_t queued() const { return queue_.size(); }
  const Batch& front() const { return queue_.front(); }
  Batch pop();
  /** Gives the memory of a batch back for the next one. */
  void recycle(Batch batch);

 private:
  template <typename Frame>
  void put(FrameKind kind, uint32_t target, uint32_t request, const Frame& frame, const void* body = nullptr, size_t body_size = 0);
  void put_end(FrameKind kind, uint32_t target, const Failure& failure);
  void begin(FrameKind kind, uint32_t target, uint32_t request, size_t payload);
  void end();
  void append(const void* from, size_t length);
  void pad(size_t to);
  size_t room() const;
  void flush();

  size_t batch_bytes_ = 0;
  Batch filling_;
  Batch spare_;
  std::deque<Batch> queue_;
};

}  // namespace nsatlas
