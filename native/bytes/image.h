// Bounds-checked reading of the images that TypeScript writes: numbers in host order, blocks padded to 8 bytes.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

namespace nsatlas {

/** The first error sticks. */
class Image {
 public:
  Image(const unsigned char* data, size_t length) : data_(data), left_(length) {}

  template <typename T>
  T number() {
    T value{};
    if (const unsigned char* from = take(sizeof value)) memcpy(&value, from, sizeof value);
    return value;
  }

  /** `length` bytes and their padding; nullptr when they are not there. */
  const unsigned char* block(size_t length) {
    const size_t padded = (length + 7) & ~size_t{7};
    return padded < length ? take(SIZE_MAX) : take(padded);
  }

  size_t left() const { return left_; }
  bool failed() const { return failed_; }

 private:
  const unsigned char* take(size_t length) {
    if (failed_ || length > left_) {
      failed_ = true;
      return nullptr;
    }
    const unsigned char* from = data_;
    data_ += length;
    left_ -= length;
    return from;
  }

  const unsigned char* data_;
  size_t left_;
  bool failed_ = false;
};

}  // namespace nsatlas
