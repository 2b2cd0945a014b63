// What the functions that JavaScript calls have in common: how they refuse, what their handles are, and that no C++ exception crosses into Node.
#pragma once

#include <napi.h>
#include <string.h>

#include <functional>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "napi/js_waker.h"

namespace nsatlas {

/** Throws `error` with a code. Returns undefined, for there and then to be returned. */
inline Napi::Value refuse(Napi::Error error, const char* code) {
  error.Set("code", code);
  error.ThrowAsJavaScriptException();
  return error.Env().Undefined();
}

/** A TypeError: it was called with something else than it takes. */
inline Napi::Value refuse_argument(Napi::Env env, const std::string& message) {
  return refuse(Napi::TypeError::New(env, message), "ERR_NSATLAS_ARGUMENT");
}

/** A call to the kernel failed: `errno` is positive, `syscall` names the call. `hint` is what comes after the reason. */
inline Napi::Value refuse_call(Napi::Env env, const char* code, const std::string& what, int err, const char* call,
                               const char* hint = "") {
  Napi::Error error = Napi::Error::New(env, what + ": " + call + ": " + strerror(err) + hint);
  error.Set("errno", static_cast<double>(err));
  error.Set("syscall", call);
  return refuse(error, code);
}

inline bool is_bytes(const Napi::Value& value) {
  return value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == napi_uint8_array;
}

/** What a JavaScript object refers to. */
template <typename Subject>
struct Handle {
  /** Random: distinguishes our handles from every other addon's objects. */
  static const napi_type_tag kTag;
  /** What anything else is not. */
  static const char* const kWhat;

  const std::shared_ptr<Subject> subject;
  std::shared_ptr<JsWaker> waker;

  explicit Handle(std::shared_ptr<Subject> from) : subject(std::move(from)) {}
  ~Handle() { close(); }
  std::function<void()> wake() const {
    return [waker = waker] { waker->wake(); };
  }
  void close() {
    subject->close();
    if (waker) waker->release();
    waker.reset();
  }

  /** Makes `object` one that refers to it, and returns it. Undefined, with an exception pending, when it cannot be. */
  static Napi::Value wrap(std::unique_ptr<Handle> handle, Napi::Object object) {
    const auto destroy = [](napi_env, void* data, void*) { delete static_cast<Handle*>(data); };
    if (napi_wrap(object.Env(), object, handle.get(), destroy, nullptr, nullptr) != napi_ok) {
      Napi::Error::New(object.Env(), "napi_wrap failed").ThrowAsJavaScriptException();
      return object.Env().Undefined();
    }
    handle.release();
    object.TypeTag(&kTag);
    return object;
  }

  /** The one in the first argument; nullptr, with a TypeError pending, for anything else. */
  static Handle* of(const Napi::CallbackInfo& info) {
    void* data = nullptr;
    const bool ours = info[0].IsObject() && info[0].As<Napi::Object>().CheckTypeTag(&kTag) &&
                      napi_unwrap(info.Env(), info[0], &data) == napi_ok;
    if (!ours) refuse_argument(info.Env(), std::string("not ") + kWhat);
    return static_cast<Handle*>(data);
  }
};

/** No C++ exception crosses into Node. */
template <Napi::Value (*function)(const Napi::CallbackInfo&)>
Napi::Value guarded(const Napi::CallbackInfo& info) {
  try {
    return function(info);
  } catch (const std::bad_alloc&) {
    return refuse(Napi::Error::New(info.Env(), "out of memory"), "ERR_NSATLAS_MEMORY");
  }
}

}  // namespace nsatlas
