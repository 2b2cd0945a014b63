// The remembered rows of one reader. Not safe for threads: its owner locks. Images are never changed, only replaced, so that whoever
// holds one may read it without the lock.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <memory>
#include <unordered_map>
#include <utility>

#include "rows/rows.h"

namespace nsatlas {

class RowStore {
 public:
  explicit RowStore(size_t formats) : formats_(formats) {}

  /** nullptr: no rows. */
  std::shared_ptr<const RowImage> find(uint32_t key, uint32_t format) const {
    const auto found = images_.find(name(key, format));
    return found == images_.end() ? nullptr : found->second;
  }

  void put(uint32_t key, uint32_t format, std::shared_ptr<const RowImage> image) {
    if (image->empty()) {
      images_.erase(name(key, format));
    } else {
      images_[name(key, format)] = std::move(image);
    }
  }

  void forget(uint32_t key) {
    for (uint32_t format = 0; format < formats_; ++format) images_.erase(name(key, format));
  }

  void clear() { images_.clear(); }

 private:
  static uint64_t name(uint32_t key, uint32_t format) { return (static_cast<uint64_t>(key) << 32) | format; }

  size_t formats_;
  std::unordered_map<uint64_t, std::shared_ptr<const RowImage>> images_;
};

}  // namespace nsatlas
