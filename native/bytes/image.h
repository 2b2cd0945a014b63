// Bounds-checked reading of the images that TypeScript writes: numbers in host order, blocks padded to 8 bytes.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <string>
#include <string_view>

namespace nsatlas {

/** The first error sticks: numbers that are read after it are 0, and blocks empty. */
class Image {
 public:
  /** @param cut what is wrong with one that ends early */
  Image(const unsigned char* data, size_t length, const char* cut)
      : rest_(reinterpret_cast<const char*>(data), length), cut_(cut) {}

  template <typename T>
  T number() {
    T value{};
    const std::string_view bytes = take(sizeof value);
    if (!bytes.empty()) memcpy(&value, bytes.data(), sizeof value);
    return value;
  }

  /** `length` bytes; their padding is skipped. */
  std::string_view block(size_t length) {
    const size_t padded = (length + 7) & ~size_t{7};
    return take(padded < length ? SIZE_MAX : padded).substr(0, length);
  }

  /** Refuses the image unless this holds. */
  void require(bool holds, const char* reason) {
    if (!holds && reason_ == nullptr) reason_ = reason;
  }

  bool good() const { return reason_ == nullptr; }

  /** Whether it was good to its end. @param rest what is wrong with one that goes on */
  bool finish(const char* rest, std::string& reason) {
    require(rest_.empty(), rest);
    if (!good()) reason = reason_;
    return good();
  }

 private:
  std::string_view take(size_t length) {
    require(length <= rest_.size(), cut_);
    if (!good()) return {};
    const std::string_view taken = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return taken;
  }

  std::string_view rest_;
  const char* const cut_;
  const char* reason_ = nullptr;
};

}  // namespace nsatlas
