// Copies of a message what its row format keeps. Plain C++ over bytes: no system call, no allocation.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "rows/row_format.h"

namespace nsatlas {

/**
 * Writes the filtered payload of a message to `to`, which has room for `length` bytes, and returns how many it wrote: never more than
 * `length`. Lengths of nests are rewritten. What cannot be walked is copied as it is. Safe on any bytes. The two must not overlap.
 */
size_t filter_payload(const RowFormats& formats, const RowFormat& format, const unsigned char* payload, size_t length,
                      unsigned char* to);

}  // namespace nsatlas
