#include "rows/row_collector.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>

#include <algorithm>
#include <utility>

namespace nsatlas {
namespace {

constexpr size_t kFirstBytes = size_t{256} << 10;
// What a lane keeps between targets, and the most that one target's answers may take.
constexpr size_t kMostKept = size_t{8} << 20;
constexpr size_t kMostBytes = size_t{1} << 30;

}  // namespace

void RowCollector::restart() {
  answers_.clear();
  rows_.clear();
  used_ = 0;
  if (capacity_ <= kMostKept) return;
  bytes_.reset();
  capacity_ = 0;
  rows_ = {};
}

int RowCollector::add(const unsigned char* datagram, size_t length, uint32_t seq, uint32_t format) {
  for (size_t at = 0; at < length;) {
    nlmsghdr header;
    memcpy(&header, datagram + at, sizeof header);
    if (header.nlmsg_seq == seq && header.nlmsg_type >= NLMSG_MIN_TYPE) {
      const int err = add_row(datagram + at + NLMSG_HDRLEN, header.nlmsg_len - NLMSG_HDRLEN, formats_.formats[format]);
      if (err != 0) return err;
    }
    at += NLMSG_ALIGN(static_cast<size_t>(header.nlmsg_len));
  }
  return 0;
}

void RowCollector::end(uint32_t request, int err, Operation operation) {
  if (err != 0) drop();
  answers_.push_back({request, err, operation, rows_.size()});
}

void RowCollector::drop() {
  const size_t first = answers_.empty() ? 0 : answers_.back().rows_end;
  if (first == rows_.size()) return;
  used_ = rows_[first].offset;
  rows_.resize(first);
}

int RowCollector::add_row(const unsigned char* payload, size_t length, const RowFormat& format) {
  if (!make_room(length)) return ENOBUFS;
  unsigned char* const to = bytes_.get() + used_;
  const size_t written = filter_payload(formats_, format, payload, length, to);
  int32_t ifindex = 0;
  if (format.ifindex_at && length >= *format.ifindex_at + sizeof ifindex) {
    memcpy(&ifindex, payload + *format.ifindex_at, sizeof ifindex);
  }
  if (format.apart_bits != 0 && length > format.apart_at && (payload[format.apart_at] & format.apart_bits) != 0) ifindex = 0;
  rows_.push_back({siphash(key_, to, written), used_, static_cast<uint32_t>(written), ifindex});
  used_ += written;
  return 0;
}

bool RowCollector::make_room(size_t length) {
  if (capacity_ - used_ >= length) return true;
  if (length > kMostBytes - used_) return false;
  const size_t capacity = std::max({kFirstBytes, 2 * capacity_, used_ + length});
  std::unique_ptr<unsigned char[]> larger(new unsigned char[capacity]);
  if (used_ != 0) memcpy(larger.get(), bytes_.get(), used_);
  bytes_ = std::move(larger);
  capacity_ = capacity;
  return true;
}

}  // namespace nsatlas
