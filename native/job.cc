#include "job.h"

#include <string.h>

namespace nsatlas {
namespace {

constexpr uint32_t kNoDescriptor = 0xffffffff;
constexpr double kLargestInteger = 9007199254740992.0;  // 2^53
constexpr size_t kLongestPath = 4096;                   // PATH_MAX, linux/limits.h
constexpr uint32_t kLongestLimitMs = 3600 * 1000;
constexpr uint32_t kLargestBatch = 64u << 20;

/** Bounds-checked reading; the first error sticks. */
class Image {
 public:
  Image(const unsigned char* data, size_t length) : data_(data), left_(length) {}

  template <typename T>
  T number() {
    T value{};
    if (const unsigned char* from = take(sizeof value)) memcpy(&value, from, sizeof value);
    return value;
  }

  /** `length` bytes and their padding; nullptr when they are not there. */
  const unsigned char* block(size_t length) {
    const size_t padded = (length + 7) & ~size_t{7};
    return padded < length ? take(SIZE_MAX) : take(padded);
  }

  size_t left() const { return left_; }
  bool failed() const { return failed_; }

 private:
  const unsigned char* take(size_t length) {
    if (failed_ || length > left_) {
      failed_ = true;
      return nullptr;
    }
    const unsigned char* from = data_;
    data_ += length;
    left_ -= length;
    return from;
  }

  const unsigned char* data_;
  size_t left_;
  bool failed_ = false;
};

bool is_integer(double value) { return value >= 0 && value <= kLargestInteger; }  // false for NaN

bool parse_place(Image& image, Place& place, std::string& reason) {
  const auto length = image.number<uint32_t>();
  const auto has_expect = image.number<uint32_t>();
  const auto dev = image.number<double>();
  const auto ino = image.number<double>();
  const unsigned char* path = image.block(length);
  if (image.failed()) return false;
  if (length == 0 || length >= kLongestPath || memchr(path, 0, length) != nullptr) {
    reason = "a path is empty, longer than 4095 bytes or holds a NUL";
    return false;
  }
  place.path.assign(reinterpret_cast<const char*>(path), length);
  if (has_expect == 0) return true;
  if (!is_integer(dev) || !is_integer(ino)) {
    reason = "an expected dev or ino is no whole number";
    return false;
  }
  place.expect = Identity{static_cast<uint64_t>(dev), static_cast<uint64_t>(ino)};
  return true;
}

bool parse_request(Image& image, Request& request, std::string& reason) {
  const auto length = image.number<uint32_t>();
  const auto fd_offset = image.number<uint32_t>();
  const unsigned char* bytes = image.block(length);
  if (image.failed()) return false;
  request.bytes.assign(bytes, bytes + length);
  request.shape = shape_of_request(request.bytes.data(), length);
  if (!request.shape.valid) {
    reason = "a request is not exactly one RTM_GET* message with NLM_F_REQUEST";
    return false;
  }
  if (fd_offset == kNoDescriptor) return true;
  if (fd_offset > length || length - fd_offset < sizeof(int32_t) || fd_offset < 16) {
    reason = "a netnsFd offset lies outside its request";
    return false;
  }
  request.fd_offset = fd_offset;
  return parse_place(image, request.fd_place.emplace(), reason);
}

bool parse_target(Image& image, size_t requests, Target& target, std::string& reason) {
  if (!parse_place(image, target.place, reason)) return false;
  const auto count = image.number<uint32_t>();
  image.number<uint32_t>();
  const unsigned char* indexes = image.block(size_t{count} * sizeof(uint32_t));
  if (image.failed()) return false;
  target.requests.resize(count);
  if (count != 0) memcpy(target.requests.data(), indexes, count * sizeof(uint32_t));
  for (const uint32_t index : target.requests) {
    if (index < requests) continue;
    reason = "a target names a request that is not there";
    return false;
  }
  return true;
}

}  // namespace

bool parse_job(const unsigned char* data, size_t length, Job& job, std::string& reason) {
  Image image(data, length);
  reason = "the job image ends early";
  job.enter = image.number<uint32_t>() != 0;
  job.time_limit_ms = image.number<uint32_t>();
  job.batch_bytes = image.number<uint32_t>();
  image.number<uint32_t>();
  const auto requests = image.number<uint32_t>();
  const auto targets = image.number<uint32_t>();
  if (image.failed()) return false;
  if (job.time_limit_ms < 1 || job.time_limit_ms > kLongestLimitMs || job.batch_bytes < 1 || job.batch_bytes > kLargestBatch) {
    reason = "timeLimitMs or batchBytes out of range";
    return false;
  }
  // Grown as they are read: the counts are not trusted with memory.
  for (uint32_t i = 0; i < requests; ++i) {
    if (!parse_request(image, job.requests.emplace_back(), reason)) return false;
  }
  for (uint32_t i = 0; i < targets; ++i) {
    if (!parse_target(image, job.requests.size(), job.targets.emplace_back(), reason)) return false;
  }
  if (image.left() != 0) {
    reason = "bytes after the end of the job image";
    return false;
  }
  return true;
}

}  // namespace nsatlas
