// A job, and its parser: src/native/job.ts writes the image that is read here.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <optional>
#include <string>
#include <vector>

#include "netlink/read_only.h"
#include "netns/open.h"
#include "rows/row_format.h"

namespace nsatlas {

/** How the answer to a request becomes rows. */
struct RowRequest {
  uint32_t format;
  std::optional<int32_t> ifindex;
  /** 0: none. */
  int empty_err = 0;
  bool more = false;
  bool accept_interrupted = false;
};

struct Request {
  Protocol protocol = Protocol::Route;
  /** Of a generic family, or the path of a file. */
  std::string name;
  std::vector<unsigned char> bytes;
  RequestShape shape;
  /** Where the descriptor of `fd_place` is written before sending. */
  uint32_t fd_offset = 0;
  std::optional<Place> fd_place;
  std::optional<RowRequest> rows;
};

struct Target {
  Place place;
  std::vector<uint32_t> requests;
  /** Under which its rows are remembered; 0: they are not. */
  uint32_t key = 0;
};

struct Job {
  /** false: open and prove only. */
  bool enter = false;
  uint32_t time_limit_ms = 0;
  uint32_t batch_bytes = 0;
  /** The one namespace in which requests that give ids are sent. */
  std::optional<Identity> observer;
  std::vector<Request> requests;
  std::vector<Target> targets;
};

/**
 * Reads a job image: numbers in host order, every record padded to 8 bytes. False, with the reason, for anything else.
 * @param formats those that its requests may name
 */
bool parse_job(const unsigned char* image, size_t length, const RowFormats& formats, Job& job, std::string& reason);

}  // namespace nsatlas
