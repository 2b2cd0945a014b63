// Any datagrams as events: every byte that is looked at is there, and what is gathered stays within its bounds and comes out as it should be.
// Input: pieces of one byte of choices, two bytes of length (the low one first), and a datagram. Before them may stand rules: four bytes of length
// and an image; without, there are rules as of rtnetlink.
#include <stdint.h>
#include <string.h>

#include <optional>
#include <string>
#include <vector>

#include "observer/events.h"

namespace {

void require(bool holds) {
  if (!holds) __builtin_trap();
}

/** Reads what drain() gave as src/native/observer.ts does. */
void check(const std::vector<int32_t>& words) {
  require(words.size() >= 8 && words[6] >= 0 && words[7] >= 0);
  size_t at = 8 + static_cast<size_t>(words[6]);
  for (int32_t change = 0; change < words[7]; ++change) {
    require(at + 3 <= words.size());
    require(words[at + 1] >= 0 && words[at + 1] < static_cast<int32_t>(nsatlas::EventRules::kMostTables));
    require(words[at + 2] >= 0 && words[at + 2] <= static_cast<int32_t>(nsatlas::ObservedEvents::kMostIfindexes));
    const auto count = static_cast<size_t>(words[at + 2]);
    at += 3;
    require(at + count <= words.size());
    for (size_t i = 0; i < count; ++i) require(words[at + i] > (i == 0 ? 0 : words[at + i - 1]));
    at += count;
  }
  require(at == words.size());
}

/** Links by ifindex; forwarding entries and neighbours, these but for one end; routes without ifindexes. */
const std::vector<nsatlas::EventRule> kFixed = {
    {0, {16, 17}, {}, {}, 4},
    {2, {28, 29}, {{0, 1, 7}}, {}, 4},
    {3, {28}, {}, {}, 4},
    {3, {29}, {}, {{8, 2, 0x40}, {11, 1, 5}}, 4},
    {4, {24, 25}, {}, {}, std::nullopt},
    {63, {20, 21}, {{4, 4, 1}}, {}, 0},
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  nsatlas::EventRules rules;
  uint32_t image = 0;
  std::string reason;
  if (size >= sizeof image) memcpy(&image, data, sizeof image);
  const bool given = image > 0 && size >= sizeof image && image <= size - sizeof image &&
                     nsatlas::parse_event_rules(data + sizeof image, image, rules, reason);
  if (given) {
    data += sizeof image + image;
    size -= sizeof image + image;
  }
  nsatlas::ObservedEvents events(given ? rules.rules : kFixed);
  while (size >= 3) {
    const uint8_t choice = data[0];
    const size_t room = size - 3;
    const size_t wanted = data[1] + data[2] * size_t{256};
    const size_t length = wanted < room ? wanted : room;
    // On the heap and of exact size, so that one byte too far is seen.
    const std::vector<unsigned char> exact(data + 3, data + 3 + length);
    const std::optional<int32_t> nsid = (choice & 1) != 0 ? std::optional<int32_t>(choice >> 3) : std::nullopt;
    events.take_in(exact.data(), length, nsid);
    if ((choice & 2) != 0) check(events.drain());
    if ((choice & 4) != 0) events.note_message(static_cast<int64_t>(choice) << 40);
    data += 3 + length;
    size -= 3 + length;
  }
  check(events.drain());
  require(events.empty());
  return 0;
}
