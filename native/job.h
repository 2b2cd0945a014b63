// A job, and its parser: src/native/job.ts writes the image that is read here.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <optional>
#include <string>
#include <vector>

#include "netlink_reply.h"
#include "netns.h"

namespace nsatlas {

struct Request {
  std::vector<unsigned char> bytes;
  RequestShape shape;
  /** Where the descriptor of `fd_place` is written before sending. */
  uint32_t fd_offset = 0;
  std::optional<Place> fd_place;
};

struct Target {
  Place place;
  std::vector<uint32_t> requests;
};

struct Job {
  /** false: open and prove only. */
  bool enter = false;
  uint32_t time_limit_ms = 0;
  uint32_t batch_bytes = 0;
  std::vector<Request> requests;
  std::vector<Target> targets;
};

/** Reads a job image: numbers in host order, every record padded to 8 bytes. False, with the reason, for anything else. */
bool parse_job(const unsigned char* image, size_t length, Job& job, std::string& reason);

}  // namespace nsatlas
