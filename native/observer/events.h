// What events say has changed, gathered until somebody takes it. Plain C++ over bytes: no system call, no thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <optional>
#include <unordered_map>
#include <vector>

#include "observer/event_rules.h"

namespace nsatlas {

/** What of a table changed. */
struct ChangedRows {
  uint32_t table;
  bool any = false;
  /** In order; a sorted vector takes a tenth of what a set does. Empty with `any`. */
  std::vector<int32_t> ifindexes;
};

/**
 * The union of what events said. Bounded by the number of namespaces, however much happens: at most kMostIfindexes interfaces of a table are
 * remembered one by one, and beyond kMostNamespaces everything that was gathered is given up as lost.
 */
class ObservedEvents {
 public:
  static constexpr size_t kMostIfindexes = 64;
  static constexpr size_t kMostNamespaces = 100000;

  /** @param rules outlives this */
  explicit ObservedEvents(const std::vector<EventRule>& rules) : rules_(&rules) {}

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

  /** Forgets everything. */
  void clear() { *this = ObservedEvents(*rules_); }

  bool empty() const { return changes_.empty() && dead_.empty() && lost_ == 0 && !mounts_; }

  /**
   * Everything as words, and forgets it: lost, mounts (0 or 1), messages, 0, the oldest message's time (two words, the low one first), number of
   * dead ids, number of changes; the dead ids; for each change nsid, table, number of ifindexes (0: any), ifindexes.
   */
  std::vector<int32_t> drain();

 private:
  bool take_in_message(uint16_t type, const unsigned char* payload, size_t length, std::optional<int32_t> nsid);
  void note(int32_t nsid, uint32_t table, int32_t ifindex);
  ChangedRows& rows_of(int32_t nsid, uint32_t table);
  void note_dead(int32_t nsid);

  const std::vector<EventRule>* rules_;
  /** By namespace, the tables of which something changed. */
  std::unordered_map<int32_t, std::vector<ChangedRows>> changes_;
  std::vector<int32_t> dead_;
  uint32_t lost_ = 0;
  bool mounts_ = false;
  uint32_t messages_ = 0;
  int64_t oldest_ = 0;
};

}  // namespace nsatlas
