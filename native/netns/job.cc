#include "netns/job.h"

#include <string.h>

#include "bytes/image.h"

namespace nsatlas {
namespace {

constexpr uint32_t kNoDescriptor = 0xffffffff;
constexpr double kLargestInteger = 9007199254740992.0;  // 2^53
constexpr size_t kLongestPath = 4096;                   // PATH_MAX, linux/limits.h
constexpr uint32_t kLongestLimitMs = 3600 * 1000;
constexpr uint32_t kLargestBatch = 64u << 20;
constexpr uint32_t kLargestKey = 0x7fffffff;
constexpr uint32_t kLargestErrno = 4095;  // MAX_ERRNO, linux/err.h

// Flags of a row request.
constexpr uint32_t kIsRows = 1;
constexpr uint32_t kHasIfindex = 2;
constexpr uint32_t kMore = 4;
constexpr uint32_t kAcceptInterrupted = 8;

bool is_integer(double value) { return value >= 0 && value <= kLargestInteger; }  // false for NaN

bool parse_identity(Image& image, Identity& identity, std::string& reason) {
  const auto dev = image.number<double>();
  const auto ino = image.number<double>();
  if (image.failed()) return false;
  if (!is_integer(dev) || !is_integer(ino)) {
    reason = "an expected dev or ino is no whole number";
    return false;
  }
  identity = {static_cast<uint64_t>(dev), static_cast<uint64_t>(ino)};
  return true;
}

bool parse_place(Image& image, Place& place, std::string& reason) {
  const auto length = image.number<uint32_t>();
  const auto has_expect = image.number<uint32_t>();
  Identity expect;
  if (!parse_identity(image, expect, reason)) return false;
  const unsigned char* path = image.block(length);
  if (image.failed()) return false;
  if (length == 0 || length >= kLongestPath || memchr(path, 0, length) != nullptr) {
    reason = "a path is empty, longer than 4095 bytes or holds a NUL";
    return false;
  }
  place.path.assign(reinterpret_cast<const char*>(path), length);
  if (has_expect != 0) place.expect = expect;
  return true;
}

bool parse_rows(Image& image, const RowFormats& formats, std::optional<RowRequest>& to, std::string& reason) {
  const auto flags = image.number<uint32_t>();
  const auto format = image.number<uint32_t>();
  const auto ifindex = image.number<int32_t>();
  const auto empty_err = image.number<uint32_t>();
  if (image.failed()) return false;
  if ((flags & kIsRows) == 0) return true;
  RowRequest& rows = to.emplace();
  rows.format = format;
  rows.empty_err = static_cast<int>(empty_err);
  rows.more = (flags & kMore) != 0;
  rows.accept_interrupted = (flags & kAcceptInterrupted) != 0;
  if ((flags & kHasIfindex) != 0) rows.ifindex = ifindex;
  if (format >= formats.formats.size()) {
    reason = "a request names a row format that is not there";
  } else if (rows.ifindex && !formats.formats[format].ifindex_at) {
    reason = "a request for one interface whose row format has no ifindexAt";
  } else if (empty_err > kLargestErrno) {
    reason = "an emptyErrno is no errno";
  } else {
    return true;
  }
  return false;
}

/** A file is read in full, and is no table. */
bool check_file(const Request& request, uint32_t fd_offset, std::string& reason) {
  if (!request.bytes.empty() || request.rows || fd_offset != kNoDescriptor) {
    reason = "a request for a file has bytes, rows or a netnsFd";
  } else if (!may_read(request.name)) {
    reason = "a file may be read only below /proc/sys/net/ and /proc/thread-self/net/ (but rpc/), by its plain path";
  } else {
    return true;
  }
  return false;
}

bool parse_request(Image& image, const RowFormats& formats, Request& request, std::string& reason) {
  const auto length = image.number<uint32_t>();
  const auto fd_offset = image.number<uint32_t>();
  const auto protocol = image.number<uint32_t>();
  const auto name_length = image.number<uint32_t>();
  if (!parse_rows(image, formats, request.rows, reason)) return false;
  const unsigned char* name = image.block(name_length);
  const unsigned char* bytes = image.block(length);
  if (image.failed()) return false;
  if (protocol > static_cast<uint32_t>(Protocol::File)) {
    reason = "a request names a protocol that is none";
    return false;
  }
  request.protocol = static_cast<Protocol>(protocol);
  request.name.assign(reinterpret_cast<const char*>(name), name_length);
  request.bytes.assign(bytes, bytes + length);
  if (request.protocol == Protocol::File) return check_file(request, fd_offset, reason);
  request.shape = shape_of_request(request.protocol, request.name, request.bytes.data(), length);
  if (!request.shape.valid) {
    reason = "a request is not exactly one message that only reads (native/netlink/read_only.cc lists them) with NLM_F_REQUEST, nor RTM_NEWNSID with NLM_F_ACK";
    return false;
  }
  if (fd_offset == kNoDescriptor) return true;
  // In another protocol it could overwrite what was just checked: a command of GENERIC stands in the body.
  if (request.protocol != Protocol::Route) {
    reason = "a netnsFd in a request that is not of ROUTE";
    return false;
  }
  if (fd_offset > length || length - fd_offset < sizeof(int32_t) || fd_offset < 16) {
    reason = "a netnsFd offset lies outside its request";
    return false;
  }
  request.fd_offset = fd_offset;
  return parse_place(image, request.fd_place.emplace(), reason);
}

/** Rows need a key, and one that is completed by a further request needs that to be of the same rows. */
bool check_rows(const std::vector<Request>& requests, const Target& target, std::string& reason) {
  const RowRequest* open = nullptr;
  for (const uint32_t index : target.requests) {
    const std::optional<RowRequest>& rows = requests[index].rows;
    if (rows && target.key == 0) {
      reason = "a target whose requests are for rows has no key";
      return false;
    }
    if (open != nullptr && (!rows || rows->format != open->format || rows->ifindex != open->ifindex)) break;
    open = rows && rows->more ? &*rows : nullptr;
  }
  if (open == nullptr) return true;
  reason = "a request with `more` is not followed by one of the same format and ifindex";
  return false;
}

bool parse_target(Image& image, const std::vector<Request>& requests, Target& target, std::string& reason) {
  if (!parse_place(image, target.place, reason)) return false;
  const auto count = image.number<uint32_t>();
  target.key = image.number<uint32_t>();
  const unsigned char* indexes = image.block(size_t{count} * sizeof(uint32_t));
  if (image.failed()) return false;
  target.requests.resize(count);
  if (count != 0) memcpy(target.requests.data(), indexes, count * sizeof(uint32_t));
  if (target.key > kLargestKey) {
    reason = "a key is larger than 31 bits";
    return false;
  }
  for (const uint32_t index : target.requests) {
    if (index < requests.size()) continue;
    reason = "a target names a request that is not there";
    return false;
  }
  return check_rows(requests, target, reason);
}

}  // namespace

bool parse_job(const unsigned char* data, size_t length, const RowFormats& formats, Job& job, std::string& reason) {
  Image image(data, length);
  reason = "the job image ends early";
  job.enter = image.number<uint32_t>() != 0;
  job.time_limit_ms = image.number<uint32_t>();
  job.batch_bytes = image.number<uint32_t>();
  const auto has_observer = image.number<uint32_t>();
  const auto requests = image.number<uint32_t>();
  const auto targets = image.number<uint32_t>();
  if (image.failed()) return false;
  if (job.time_limit_ms < 1 || job.time_limit_ms > kLongestLimitMs || job.batch_bytes < 1 || job.batch_bytes > kLargestBatch) {
    reason = "timeLimitMs or batchBytes out of range";
    return false;
  }
  if (has_observer != 0 && !parse_identity(image, job.observer.emplace(), reason)) return false;
  // Grown as they are read: the counts are not trusted with memory.
  for (uint32_t i = 0; i < requests; ++i) {
    if (!parse_request(image, formats, job.requests.emplace_back(), reason)) return false;
  }
  for (uint32_t i = 0; i < targets; ++i) {
    if (!parse_target(image, job.requests, job.targets.emplace_back(), reason)) return false;
  }
  if (image.left() != 0) {
    reason = "bytes after the end of the job image";
    return false;
  }
  return true;
}

}  // namespace nsatlas
