// The thread that receives events of all namespaces. It lives in a private network namespace, the observer namespace, in which every other one
// whose events are wanted has an id; it enters none, keeps none alive, and sends nothing. No N-API here.
#pragma once

#include <stdint.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "netns/open.h"
#include "observer/events.h"
#include "process/fd.h"

namespace nsatlas {

struct ObserverSettings {
  /** Absent: the mount table only; then the thread stays at home. */
  std::optional<EventRules> events;
  uint32_t receive_buffer_bytes = 0;
  /** The file that is polled for changes of mounts. */
  std::string mountinfo;
};

/** Why there is no observer: the call that failed. */
struct ObserverFailure {
  const char* call = nullptr;
  int err = 0;

  explicit operator bool() const { return call != nullptr; }
};

class Observer : public std::enable_shared_from_this<Observer> {
 public:
  /** Starts the thread and waits until it listens, some seconds at most. Empty on success; once it failed there is nothing to close. */
  ObserverFailure start(ObserverSettings settings, std::function<void()> wake);

  /** Everything since the last call (ObservedEvents::drain); `wake` is called, from any thread, when there is more. */
  std::vector<int32_t> take();

  /** Ends the thread, and with it the observer namespace. Harmless when repeated. */
  void close();

  /** "/proc/self/task/TID/ns/net"; empty without netlink. Valid after start(). */
  const std::string& path() const { return path_; }
  const Identity& identity() const { return identity_; }

 private:
  using Lock = std::unique_lock<std::mutex>;

  void run();
  ObserverFailure prepare();
  void listen();
  void receive();
  bool take_error(int err);
  void note_overrun();
  void wake_if_due();

  std::mutex mutex_;
  std::condition_variable started_wake_;
  bool started_ = false;
  ObserverFailure failure_;
  bool closed_ = false;
  bool wake_due_ = true;
  std::function<void()> wake_;

  ObserverSettings settings_;
  const std::vector<EventRule> no_rules_;
  ObservedEvents events_{no_rules_};
  std::string path_;
  Identity identity_;
  // Guarded: closed when the thread has ended.
  Fd stop_;
  // The thread's own.
  Fd socket_;
  Fd mounts_;
  std::unique_ptr<unsigned char[]> buffer_;
  /** The kernel dropped events, and the queue has not been empty since. */
  bool overrun_ = false;
};

}  // namespace nsatlas
