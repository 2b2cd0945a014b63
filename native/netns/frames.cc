#include "netns/frames.h"

#include <string.h>

#include <algorithm>
#include <utility>

namespace nsatlas {

namespace {

constexpr size_t kRowsHead = sizeof(FrameHeader) + sizeof(RowsFrame);

constexpr size_t padded(size_t length) { return (length + 7) & ~size_t{7}; }
constexpr size_t padded_row(size_t length) { return sizeof(RowHead) + ((length + 3) & ~size_t{3}); }

}  // namespace

void Outbox::restart(size_t batch_bytes) {
  queue_.clear();
  filling_.clear();
  batch_bytes_ = batch_bytes;
}

void Outbox::put_target(uint32_t target, const Identity& identity, std::optional<uint64_t> cookie) {
  const TargetFrame frame{static_cast<double>(identity.dev), static_cast<double>(identity.ino), cookie.value_or(0),
                          cookie ? uint64_t{1} : uint64_t{0}};
  put(FrameKind::Target, target, 0, frame);
}

void Outbox::put_datagram(uint32_t target, uint32_t request, const unsigned char* datagram, size_t length) {
  const DatagramFrame frame{static_cast<uint32_t>(length), 0};
  put(FrameKind::Datagram, target, request, frame, datagram, length);
}

void Outbox::put_request_end(uint32_t target, uint32_t request, int err, Operation operation) {
  put(FrameKind::RequestEnd, target, request, RequestEndFrame{err, operation});
}

size_t Outbox::put_rows_removed(uint32_t target, uint32_t request, const uint32_t* slots, size_t count) {
  if (room() < kRowsHead + sizeof *slots) flush();
  const size_t most = room() < kRowsHead + sizeof *slots ? 1 : (room() - kRowsHead) / sizeof *slots;
  const size_t taken = std::min(count, most);
  const RowsFrame frame{static_cast<uint32_t>(taken), 0};
  put(FrameKind::RowsRemoved, target, request, frame, slots, taken * sizeof *slots);
  return taken;
}

size_t Outbox::put_rows_added(uint32_t target, uint32_t request, const ReportedRow* rows, size_t count) {
  if (room() < kRowsHead + padded_row(rows->head.length)) flush();
  size_t size = kRowsHead;
  size_t taken = 0;
  while (taken < count && (taken == 0 || padded(size + padded_row(rows[taken].head.length)) <= room())) {
    size += padded_row(rows[taken++].head.length);
  }
  const RowsFrame frame{static_cast<uint32_t>(taken), 0};
  begin(FrameKind::RowsAdded, target, request, size - sizeof(FrameHeader));
  append(&frame, sizeof frame);
  for (const ReportedRow* row = rows; row != rows + taken; ++row) {
    append(&row->head, sizeof row->head);
    append(row->bytes, row->head.length);
    pad(4);
  }
  end();
  return taken;
}

void Outbox::put_row_order(uint32_t target, uint32_t request, const uint32_t* slots, size_t count) {
  const RowsFrame frame{static_cast<uint32_t>(count), 0};
  put(FrameKind::RowOrder, target, request, frame, slots, count * sizeof *slots);
}

void Outbox::put_target_end(uint32_t target, const Failure& failure) { put_end(FrameKind::TargetEnd, target, failure); }

void Outbox::put_job_end(const Failure& failure) {
  put_end(FrameKind::JobEnd, 0, failure);
  flush();
}

Outbox::Batch Outbox::pop() {
  Batch batch = std::move(queue_.front());
  queue_.pop_front();
  return batch;
}

void Outbox::recycle(Batch batch) {
  // A batch made for one huge datagram is not worth keeping.
  if (batch.capacity() > spare_.capacity() && batch.capacity() <= 2 * batch_bytes_) spare_ = std::move(batch);
}

void Outbox::put_end(FrameKind kind, uint32_t target, const Failure& failure) {
  const EndFrame frame{failure.problem, failure.operation, failure.err, static_cast<uint32_t>(failure.detail.size())};
  put(kind, target, 0, frame, failure.detail.data(), failure.detail.size());
}

template <typename Frame>
void Outbox::put(FrameKind kind, uint32_t target, uint32_t request, const Frame& frame, const void* body, size_t body_size) {
  begin(kind, target, request, sizeof frame + body_size);
  append(&frame, sizeof frame);
  append(body, body_size);
  end();
}

/** Begins a frame with this much payload in a batch where all of it fits. */
void Outbox::begin(FrameKind kind, uint32_t target, uint32_t request, size_t payload) {
  const FrameHeader header{static_cast<uint32_t>(padded(sizeof header + payload)), kind, target, request};
  if (room() < header.size) flush();
  if (filling_.capacity() == 0) {
    filling_.swap(spare_);
    filling_.clear();
    filling_.reserve(batch_bytes_);
  }
  append(&header, sizeof header);
}

void Outbox::end() {
  pad(8);
  if (filling_.size() >= batch_bytes_) flush();
}

void Outbox::append(const void* from, size_t length) {
  if (length == 0) return;
  const auto* bytes = static_cast<const unsigned char*>(from);
  filling_.insert(filling_.end(), bytes, bytes + length);
}

/** Frames begin at multiples of 8, so the place in the batch counts. */
void Outbox::pad(size_t to) { filling_.resize((filling_.size() + to - 1) & ~(to - 1)); }

/** What is left of the batch that is being filled. */
size_t Outbox::room() const { return batch_bytes_ - std::min(batch_bytes_, filling_.size()); }

void Outbox::flush() {
  if (filling_.empty()) return;
  queue_.push_back(std::move(filling_));
  filling_ = Batch();
}

}  // namespace nsatlas
