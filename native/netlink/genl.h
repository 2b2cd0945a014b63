// The id of a generic netlink family, which a kernel chooses when it loads the module. Plain C++ over bytes: no system call.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <string_view>
#include <vector>

namespace nsatlas {

/** CTRL_CMD_GETFAMILY of a name of at most 15 bytes (GENL_NAMSIZ): one message, without sequence number and port. */
std::vector<unsigned char> family_request(std::string_view name);

/**
 * The id in the answer to that. Safe on any bytes.
 * @param length where the answer ends within the datagram
 * @return 0: no message of `seq` says it
 */
uint16_t family_id_in(const unsigned char* datagram, size_t length, uint32_t seq, std::string_view name);

/** Writes a family's id into a request. */
void set_family(unsigned char* request, uint16_t id);

}  // namespace nsatlas
