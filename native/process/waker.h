// What another thread is woken with.
#pragma once

namespace nsatlas {

/** Notifies whoever takes results that there are some. Called from any thread, once for each take() that found none. */
class Waker {
 public:
  virtual ~Waker() = default;
  virtual void wake() = 0;
};

}  // namespace nsatlas
