// What events say has changed, gathered until somebody takes it. Plain C++ over bytes: no system call, no thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <array>
#include <optional>
#include <unordered_map>
#include <vector>

namespace nsatlas {

/** Tables that events speak of. The order is that of EVENT_TABLES in src/native/observer.ts. */
enum class EventTable : uint32_t { Links, Addresses, Fdb, Neighbors, Routes, Nsids };
constexpr size_t kEventTables = 6;

/** What of a table changed. */
struct ChangedRows {
  bool any = false;
  /** In order; a sorted vector takes a tenth of what a set does. Empty with `any`. */
  std::vector<int32_t> ifindexes;
};

/** What of a namespace changed: absent tables did not. */
using ChangedTables = std::array<std::optional<ChangedRows>, kEventTables>;

/**
 * The union of what events said. Bounded by the number of namespaces, however much happens: at most kMostIfindexes interfaces of a table are
 * remembered one by one, and beyond kMostNamespaces everything that was gathered is given up as lost.
 */
class ObservedEvents {
 public:
  static constexpr size_t kMostIfindexes = 64;
  static constexpr size_t kMostNamespaces = 100000;

  /**
   * Takes in one datagram. Safe on any bytes.
   * @param nsid the namespace that it is about; absent: the observer namespace itself
   * @return whether it said anything that matters
   */
  bool take_in(const unsigned char* datagram, size_t length, std::optional<int32_t> nsid);

  void note_lost() { ++lost_; }
  void note_mounts() { mounts_ = true; }
  /** A datagram that matters came at this time, nanoseconds of CLOCK_MONOTONIC. */
  void note_message(int64_t now) {
    if (messages_++ == 0) oldest_ = now;
  }

  bool empty() const { return changes_.empty() && dead_.empty() && lost_ == 0 && !mounts_; }

  /**
   * Everything as words, and forgets it: lost, mounts (0 or 1), messages, 0, the oldest message's time (two words, the low one first), number of
   * dead ids, number of changes; the dead ids; for each change nsid, table, number of ifindexes (0: any), ifindexes.
   */
  std::vector<int32_t> drain();

 private:

  bool take_in_message(uint16_t type, const unsigned char* payload, size_t length, std::optional<int32_t> nsid);
  void note(int32_t nsid, EventTable table, int32_t ifindex);
  void note_dead(int32_t nsid);

  std::unordered_map<int32_t, ChangedTables> changes_;
  std::vector<int32_t> dead_;
  uint32_t lost_ = 0;
  bool mounts_ = false;
  uint32_t messages_ = 0;
  int64_t oldest_ = 0;
};

}  // namespace nsatlas
