// Which events say that something of a table changed. Given as data, so that native code knows no table; src/native/event-rules.ts writes the
// image that is read here. Plain C++ over bytes: no system call.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <optional>
#include <string>
#include <vector>

namespace nsatlas {

/** A number in host order at a place of a message's payload, compared with a value. Does not hold where the payload ends before it. */
struct FieldTest {
  uint32_t at;
  /** 1, 2 or 4 bytes. */
  uint32_t width;
  uint32_t value;

  bool holds(const unsigned char* payload, size_t length) const;
};

struct EventRule {
  /** The number that the caller calls the table by. Several rules may have the same. */
  uint32_t table;
  std::vector<uint16_t> types;
  /** All of them must hold. */
  std::vector<FieldTest> when;
  /** Not when all of them hold. Empty: no exception. */
  std::vector<FieldTest> unless;
  /** Where the payload has the ifindex of the row; absent: any row of the table may have changed. */
  std::optional<uint32_t> ifindex_at;

  bool matches(uint16_t type, const unsigned char* payload, size_t length) const;
  /** 0: any. */
  int32_t ifindex(const unsigned char* payload, size_t length) const;
};

struct EventRules {
  static constexpr uint32_t kMostTables = 64;

  /** Multicast groups (RTNLGRP_*) in which the events come. */
  std::vector<int> groups;
  /** The first that matches counts. */
  std::vector<EventRule> rules;
};

/** Reads an image of rules: numbers in host order. False, with the reason, for anything else. */
bool parse_event_rules(const unsigned char* image, size_t length, EventRules& rules, std::string& reason);

}  // namespace nsatlas
