#include "frames.h"

#include <string.h>

#include <utility>

namespace nsatlas {

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

void Outbox::put_target_end(uint32_t target, const Trouble& trouble) { put_end(FrameKind::TargetEnd, target, trouble); }

void Outbox::put_job_end(const Trouble& trouble) {
  put_end(FrameKind::JobEnd, 0, trouble);
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

void Outbox::put_end(FrameKind kind, uint32_t target, const Trouble& trouble) {
  const EndFrame frame{trouble.problem, trouble.operation, trouble.err, static_cast<uint32_t>(trouble.detail.size())};
  put(kind, target, 0, &frame, sizeof frame, trouble.detail.data(), trouble.detail.size());
}

void Outbox::put(FrameKind kind, uint32_t target, uint32_t request, const void* head, size_t head_size, const void* body,
                 size_t body_size) {
  const size_t plain = sizeof(FrameHeader) + head_size + body_size;
  const size_t size = (plain + 7) & ~size_t{7};
  if (!filling_.empty() && filling_.size() + size > batch_bytes_) flush();
  if (filling_.capacity() == 0) {
    filling_.swap(spare_);
    filling_.clear();
    filling_.reserve(batch_bytes_);
  }
  const FrameHeader header{static_cast<uint32_t>(size), kind, target, request};
  static constexpr unsigned char kPadding[8] = {};
  const auto append = [this](const void* from, size_t length) {
    const auto* bytes = static_cast<const unsigned char*>(from);
    filling_.insert(filling_.end(), bytes, bytes + length);
  };
  append(&header, sizeof header);
  append(head, head_size);
  if (body_size != 0) append(body, body_size);
  append(kPadding, size - plain);
  if (filling_.size() >= batch_bytes_) flush();
}

void Outbox::flush() {
  if (filling_.empty()) return;
  queue_.push_back(std::move(filling_));
  filling_ = Batch();
}

}  // namespace nsatlas
