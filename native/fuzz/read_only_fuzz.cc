// Any bytes as a request, a path or a family's answer: every byte that is looked at is there, and what is let through is what may be.
// Input: one byte of choices, one of the length of a name, the name, then the bytes.
#include <linux/netlink.h>
#include <stdint.h>
#include <string.h>

#include <string_view>
#include <vector>

#include "netlink/genl.h"
#include "netlink/read_only.h"

namespace {

void require(bool holds) {
  if (!holds) __builtin_trap();
}

void check_path(std::string_view path) {
  if (!nsatlas::may_read(path)) return;
  require(path.substr(0, 14) == "/proc/sys/net/" || path.substr(0, 22) == "/proc/thread-self/net/");
  for (const char* part : {"/../", "/./", "//"}) require(path.find(part) == std::string_view::npos);
  require(path.back() != '/' && path.find('\0') == std::string_view::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2 || size - 2 < data[1]) return 0;
  const size_t length = size - 2 - data[1];
  // On the heap and of exact size, so that one byte too far is seen.
  const std::vector<char> name_bytes(data + 2, data + 2 + data[1]);
  const std::vector<unsigned char> bytes(data + 2 + data[1], data + size);
  const std::string_view name(name_bytes.data(), name_bytes.size());
  const auto protocol = static_cast<nsatlas::Protocol>(data[0] % nsatlas::kSocketProtocols);

  check_path(name);
  const nsatlas::RequestShape shape = nsatlas::shape_of_request(protocol, name, bytes.data(), length);
  if (shape.valid) {
    nlmsghdr header;
    memcpy(&header, bytes.data(), sizeof header);
    require(header.nlmsg_len == length && (header.nlmsg_flags & NLM_F_REQUEST) != 0);
    const unsigned dump = header.nlmsg_flags & NLM_F_DUMP;
    require(dump == 0 || dump == NLM_F_DUMP);
    require(shape.gives_nsid || protocol == nsatlas::Protocol::Generic || nsatlas::only_reads(protocol, header.nlmsg_type, dump != 0));
    require(protocol != nsatlas::Protocol::Generic || (header.nlmsg_type == 0 && !name.empty()));
  }
  const uint16_t id = nsatlas::family_id_in(bytes.data(), length, data[0] & 1, name);
  require(id == 0 || (id >= NLMSG_MIN_TYPE && length > name.size()));
  require(nsatlas::shape_of_request(nsatlas::Protocol::Generic, "nlctrl", nsatlas::family_request(name).data(), 0).valid == false);
  return 0;
}
