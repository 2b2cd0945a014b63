// What can be wrong with a namespace, and which step found it. Frames have the numbers.
#pragma once

#include <stdint.h>

#include <string>

namespace nsatlas {

enum class Problem : uint32_t {
  None,
  NotFound,
  Dangling,
  PlainFile,
  Directory,
  Fifo,
  Socket,
  Device,
  OtherNamespace,
  NotNsfs,
  Changed,
  Denied,
  Timeout,
  Failed,
};
constexpr const char* kProblemNames[] = {
    "none",   "not-found",       "dangling", "plain-file", "directory", "fifo",    "socket",
    "device", "other-namespace", "not-nsfs", "changed",    "denied",    "timeout", "failed",
};

/** Home and Thread concern all of the job. */
enum class Operation : uint32_t {
  None,
  Open,
  Identify,
  Enter,
  Cookie,
  Socket,
  Restore,
  TimeLimit,
  Send,
  Receive,
  NetnsFd,
  Home,
  Thread,
  Family,
  File,
};
constexpr const char* kOperationNames[] = {
    "none", "open", "identify", "enter", "cookie", "socket", "restore", "time-limit", "send", "receive", "netns-fd", "home", "thread", "family", "file",
};

constexpr const char* name_of(Operation operation) { return kOperationNames[static_cast<uint32_t>(operation)]; }

struct Failure {
  Problem problem = Problem::None;
  Operation operation = Operation::None;
  int err = 0;
  std::string detail;

  explicit operator bool() const { return problem != Problem::None; }
};

/** What an errno means, for people. */
std::string text_of(int err);

/** A system call that failed: EACCES and EPERM are refusals, everything else is a failure. */
Failure call_failed(Operation operation, int err, const std::string& what);

}  // namespace nsatlas
