// Calls a JavaScript function on its own thread, from any thread.
#pragma once

#include <napi.h>

#include <memory>
#include <mutex>

namespace nsatlas {

class JsWaker {
 public:
  /** nullptr, with a JavaScript exception pending, when it cannot be made. Keeps the event loop alive until unref() or release(). */
  static std::shared_ptr<JsWaker> create(Napi::Env env, Napi::Function function);

  /** From here on it keeps the event loop alive, or does not. On the JavaScript thread. */
  void ref(Napi::Env env);
  void unref(Napi::Env env);

  /** From any thread. */
  void wake();

  /** On the JavaScript thread: no further calls. Harmless when repeated. */
  void release();

 private:
  static void finalize(napi_env env, void* data, void* hint);

  std::mutex mutex_;
  napi_threadsafe_function function_ = nullptr;
};

}  // namespace nsatlas
