#include "netlink/genl.h"

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stddef.h>
#include <string.h>

#include <algorithm>

#include "netlink/attribute.h"

namespace nsatlas {
namespace {

constexpr uint8_t kVersion = 2;  // of nlctrl: genl_ctrl, net/netlink/genetlink.c
constexpr size_t kAttributes = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(genlmsghdr));

/** The id in one CTRL_CMD_NEWFAMILY, whose headers are complete, if it is of this name; else 0. */
uint16_t id_in(const unsigned char* message, size_t length, std::string_view name) {
  const std::string_view named = find_attribute(CTRL_ATTR_FAMILY_NAME, message + kAttributes, length - kAttributes);
  const std::string_view number = find_attribute(CTRL_ATTR_FAMILY_ID, message + kAttributes, length - kAttributes);
  uint16_t id = 0;
  if (number.size() != sizeof id || named.size() != name.size() + 1 || named.back() != '\0' || named.substr(0, name.size()) != name) return 0;
  memcpy(&id, number.data(), sizeof id);
  return id >= GENL_MIN_ID ? id : uint16_t{0};
}

}  // namespace

std::vector<unsigned char> family_request(std::string_view name) {
  std::vector<unsigned char> message(kAttributes + NLA_ALIGN(sizeof(nlattr) + name.size() + 1));
  nlmsghdr header{};
  header.nlmsg_len = static_cast<uint32_t>(message.size());
  header.nlmsg_type = GENL_ID_CTRL;
  header.nlmsg_flags = NLM_F_REQUEST;
  const genlmsghdr generic{CTRL_CMD_GETFAMILY, kVersion, 0};
  const nlattr head{static_cast<uint16_t>(sizeof(nlattr) + name.size() + 1), CTRL_ATTR_FAMILY_NAME};
  memcpy(message.data(), &header, sizeof header);
  memcpy(message.data() + NLMSG_HDRLEN, &generic, sizeof generic);
  memcpy(message.data() + kAttributes, &head, sizeof head);
  std::copy(name.begin(), name.end(), message.begin() + kAttributes + sizeof head);
  return message;
}

void set_family(unsigned char* request, uint16_t id) { memcpy(request + offsetof(nlmsghdr, nlmsg_type), &id, sizeof id); }

uint16_t family_id_in(const unsigned char* datagram, size_t length, uint32_t seq, std::string_view name) {
  for (size_t at = 0; at < length && length - at >= sizeof(nlmsghdr);) {
    nlmsghdr header;
    memcpy(&header, datagram + at, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > length - at) break;
    genlmsghdr generic{};
    if (header.nlmsg_len >= kAttributes) memcpy(&generic, datagram + at + NLMSG_HDRLEN, sizeof generic);
    if (header.nlmsg_seq == seq && header.nlmsg_type == GENL_ID_CTRL && generic.cmd == CTRL_CMD_NEWFAMILY) {
      if (const uint16_t id = id_in(datagram + at, header.nlmsg_len, name)) return id;
    }
    at += NLMSG_ALIGN(static_cast<size_t>(header.nlmsg_len));
  }
  return 0;
}

}  // namespace nsatlas
