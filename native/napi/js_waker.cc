#include "napi/js_waker.h"

#include <utility>

namespace nsatlas {

std::shared_ptr<JsWaker> JsWaker::create(Napi::Env env, Napi::Function function) {
  auto waker = std::make_shared<JsWaker>();
  auto own = std::make_unique<std::shared_ptr<JsWaker>>(waker);
  const napi_value name = Napi::String::New(env, "nsatlas.read");
  const napi_status status = napi_create_threadsafe_function(env, function, nullptr, name, 0, 1, own.get(), finalize, nullptr,
                                                             nullptr, &waker->function_);
  if (status != napi_ok) {
    Napi::Error::New(env, "napi_create_threadsafe_function failed").ThrowAsJavaScriptException();
    return nullptr;
  }
  own.release();
  return waker;
}

void JsWaker::ref(Napi::Env env) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (function_ != nullptr) napi_ref_threadsafe_function(env, function_);
}

void JsWaker::unref(Napi::Env env) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (function_ != nullptr) napi_unref_threadsafe_function(env, function_);
}

void JsWaker::wake() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (function_ != nullptr) napi_call_threadsafe_function(function_, nullptr, napi_tsfn_nonblocking);
}

void JsWaker::release() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (function_ != nullptr) napi_release_threadsafe_function(std::exchange(function_, nullptr), napi_tsfn_release);
}

// Runs before Node frees the function, at the end of the environment too, where it was not released: a lane that is still
// at work then finds nothing to call.
void JsWaker::finalize(napi_env, void* data, void*) {
  const std::unique_ptr<std::shared_ptr<JsWaker>> own(static_cast<std::shared_ptr<JsWaker>*>(data));
  const std::lock_guard<std::mutex> lock((*own)->mutex_);
  (*own)->function_ = nullptr;
}

}  // namespace nsatlas
