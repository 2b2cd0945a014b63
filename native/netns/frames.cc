#include "netns/frames.h"

#include <string.h>

#include <algorithm>
#include <utility>

namespace nsatlas {

namespace {

constexpr unsigned char kPadding[8] = {};
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
  put(FrameKind::Target, target, 0, &frame, sizeof frame, nullptr, 0);
}

void Outbox::put_datagram(uint32_t target, uint32_t request, const unsigned char* datagram, size_t length) {
  const DatagramFrame frame{static_cast<uint32_t>(length), 0};
  put(FrameKind::Datagram, target, request, &frame, sizeof frame, datagram, length);
}

void Outbox::put_request_end(uint32_t target, uint32_t request, int err, Operation operation) {
  const RequestEndFrame frame{err, operation};
  put(FrameKind::RequestEnd, target, request, &frame, sizeof frame, nullptr, 0);
}

size_t Outbox::put_rows_removed(uint32_t target, uint32_t request, const uint32_t* slots, size_t count) {
  if (room() < kRowsHead + sizeof *slots) flush();
  const size_t most = room() < kRowsHead + sizeof *slots ? 1 : (room() - kRowsHead) / sizeof *slots;
  const size_t taken = std::min(count, most);
  const RowsFrame frame{static_cast<uint32_t>(taken), 0};
  put(FrameKind::RowsRemoved, target, request, &frame, sizeof frame, slots, taken * sizeof *slots);
  return taken;
}

size_t Outbox::put_rows_added(uint32_t target, uint32_t request, const ReportedRow* rows, size_t count) {
  if (room() < kRowsHead + padded_row(rows->head.length)) flush();
  size_t size = kRowsHead;
  size_t taken = 0;
  while (taken < count && (taken == 0 || padded(size + padded_row(rows[taken].head.length)) <= room())) {
    size += padded_row(rows[taken++].head.length);
  }
  begin_frame(padded(size));
  const FrameHeader header{static_cast<uint32_t>(padded(size)), FrameKind::RowsAdded, target, request};
  const RowsFrame frame{static_cast<uint32_t>(taken), 0};
  append(&header, sizeof header);
  append(&frame, sizeof frame);
  for (const ReportedRow* row = rows; row != rows + taken; ++row) {
    append(&row->head, sizeof row->head);
    append(row->bytes, row->head.length);
    append(kPadding, padded_row(row->head.length) - sizeof row->head - row->head.length);
  }
  append(kPadding, padded(size) - size);
  if (filling_.size() >= batch_bytes_) flush();
  return taken;
}

void Outbox::put_row_order(uint32_t target, uint32_t request, const uint32_t* slots, size_t count) {
  const RowsFrame frame{static_cast<uint32_t>(count), 0};
  put(FrameKind::RowOrder, target, request, &frame, sizeof frame, slots, count * sizeof *slots);
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
  put(kind, target, 0, &frame, sizeof frame, failure.detail.data(), failure.detail.size());
}

void Outbox::put(FrameKind kind, uint32_t target, uint32_t request, const void* head, size_t head_size, const void* body,
                 size_t body_size) {
  const size_t plain = sizeof(FrameHeader) + head_size + body_size;
  const size_t size = padded(plain);
  begin_frame(size);
  const FrameHeader header{static_cast<uint32_t>(size), kind, target, request};
  append(&header, sizeof header);
  append(head, head_size);
  append(body, body_size);
  append(kPadding, size - plain);
  if (filling_.size() >= batch_bytes_) flush();
}

/** Makes sure that a frame of this size, with its padding, fits. */
void Outbox::begin_frame(size_t size) {
  if (room() < size) flush();
  if (filling_.capacity() != 0) return;
  filling_.swap(spare_);
  filling_.clear();
  filling_.reserve(batch_bytes_);
}

void Outbox::append(const void* from, size_t length) {
  if (length == 0) return;
  const auto* bytes = static_cast<const unsigned char*>(from);
  filling_.insert(filling_.end(), bytes, bytes + length);
}

/** What is left of the batch that is being filled. */
size_t Outbox::room() const { return batch_bytes_ - std::min(batch_bytes_, filling_.size()); }

void Outbox::flush() {
  if (filling_.empty()) return;
  queue_.push_back(std::move(filling_));
  filling_ = Batch();
}

}  // namespace nsatlas
