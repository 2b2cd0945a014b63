#include "netns/job.h"

#include <string.h>

#include <string_view>

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

Identity read_identity(Image& image) {
  const auto dev = image.number<double>();
  const auto ino = image.number<double>();
  const bool fits = is_integer(dev) && is_integer(ino);
  image.require(fits, "an expected dev or ino is no whole number");
  return fits ? Identity{static_cast<uint64_t>(dev), static_cast<uint64_t>(ino)} : Identity{};
}

Place read_place(Image& image) {
  const auto length = image.number<uint32_t>();
  const auto has_expect = image.number<uint32_t>();
  const Identity expect = read_identity(image);
  const std::string_view path = image.block(length);
  const bool is_path = length != 0 && length < kLongestPath && path.find('\0') == std::string_view::npos;
  image.require(is_path, "a path is empty, longer than 4095 bytes or holds a NUL");
  return {std::string(path), has_expect != 0 ? std::optional<Identity>(expect) : std::nullopt};
}

std::optional<RowRequest> read_rows(Image& image, const RowFormats& formats) {
  const auto flags = image.number<uint32_t>();
  const auto format = image.number<uint32_t>();
  const auto ifindex = image.number<int32_t>();
  const auto empty_err = image.number<uint32_t>();
  if ((flags & kIsRows) == 0) return std::nullopt;
  const bool is_part = (flags & kHasIfindex) != 0;
  const bool is_known = format < formats.formats.size();
  image.require(is_known, "a request names a row format that is not there");
  image.require(!is_part || (is_known && formats.formats[format].ifindex_at),
                "a request for one interface whose row format has no ifindexAt");
  image.require(empty_err <= kLargestErrno, "an emptyErrno is no errno");
  return RowRequest{format, is_part ? std::optional<int32_t>(ifindex) : std::nullopt, static_cast<int>(empty_err),
                    (flags & kMore) != 0, (flags & kAcceptInterrupted) != 0};
}

Request read_request(Image& image, const RowFormats& formats) {
  Request request;
  const auto length = image.number<uint32_t>();
  const auto fd_offset = image.number<uint32_t>();
  const auto protocol = image.number<uint32_t>();
  const auto name_length = image.number<uint32_t>();
  request.rows = read_rows(image, formats);
  request.name = image.block(name_length);
  const std::string_view bytes = image.block(length);
  request.bytes.assign(bytes.begin(), bytes.end());
  image.require(protocol <= static_cast<uint32_t>(Protocol::File), "a request names a protocol that is none");
  request.protocol = static_cast<Protocol>(protocol);
  if (!image.good()) return request;
  if (request.protocol == Protocol::File) {
    // It is read in full, and is no table.
    image.require(length == 0 && !request.rows && fd_offset == kNoDescriptor, "a request for a file has bytes, rows or a netnsFd");
    image.require(may_read(request.name),
                  "a file may be read only below /proc/sys/net/ and /proc/thread-self/net/ (but rpc/), by its plain path");
    return request;
  }
  request.shape = shape_of_request(request.protocol, request.name, request.bytes.data(), length);
  image.require(request.shape.valid,
                "a request is not exactly one message that only reads (native/netlink/read_only.cc lists them) with NLM_F_REQUEST, nor RTM_NEWNSID with NLM_F_ACK");
  if (fd_offset == kNoDescriptor) return request;
  // In another protocol it could overwrite what was just checked: a command of GENERIC stands in the body.
  image.require(request.protocol == Protocol::Route, "a netnsFd in a request that is not of ROUTE");
  image.require(fd_offset >= 16 && fd_offset <= length && length - fd_offset >= sizeof(int32_t),
                "a netnsFd offset lies outside its request");
  request.fd_offset = fd_offset;
  request.fd_place = read_place(image);
  return request;
}

/** Rows need a key, and one that is completed by a further request needs that to be of the same rows. */
void check_rows(Image& image, const std::vector<Request>& requests, const Target& target) {
  const RowRequest* open = nullptr;
  for (const uint32_t index : target.requests) {
    const std::optional<RowRequest>& rows = requests[index].rows;
    image.require(!rows || target.key != 0, "a target whose requests are for rows has no key");
    if (open != nullptr && (!rows || rows->format != open->format || rows->ifindex != open->ifindex)) break;
    open = rows && rows->more ? &*rows : nullptr;
  }
  image.require(open == nullptr, "a request with `more` is not followed by one of the same format and ifindex");
}

Target read_target(Image& image, const std::vector<Request>& requests) {
  Target target;
  target.place = read_place(image);
  const auto count = image.number<uint32_t>();
  target.key = image.number<uint32_t>();
  const std::string_view indexes = image.block(size_t{count} * sizeof(uint32_t));
  target.requests.resize(indexes.size() / sizeof(uint32_t));
  if (!indexes.empty()) memcpy(target.requests.data(), indexes.data(), indexes.size());
  image.require(target.key <= kLargestKey, "a key is larger than 31 bits");
  for (const uint32_t index : target.requests) image.require(index < requests.size(), "a target names a request that is not there");
  if (image.good()) check_rows(image, requests, target);
  return target;
}

}  // namespace

bool parse_job(const unsigned char* data, size_t length, const RowFormats& formats, Job& job, std::string& reason) {
  Image image(data, length, "the job image ends early");
  job.enter = image.number<uint32_t>() != 0;
  job.time_limit_ms = image.number<uint32_t>();
  job.batch_bytes = image.number<uint32_t>();
  const auto has_observer = image.number<uint32_t>();
  const auto requests = image.number<uint32_t>();
  const auto targets = image.number<uint32_t>();
  const bool fits = job.time_limit_ms >= 1 && job.time_limit_ms <= kLongestLimitMs && job.batch_bytes >= 1 && job.batch_bytes <= kLargestBatch;
  image.require(fits, "timeLimitMs or batchBytes out of range");
  if (has_observer != 0) job.observer = read_identity(image);
  // Grown as they are read: the counts are not trusted with memory.
  for (uint32_t i = 0; i < requests && image.good(); ++i) job.requests.push_back(read_request(image, formats));
  for (uint32_t i = 0; i < targets && image.good(); ++i) job.targets.push_back(read_target(image, job.requests));
  return image.finish("bytes after the end of the job image", reason);
}

}  // namespace nsatlas
