// What every function that JavaScript calls has in common: how it refuses, and that no C++ exception crosses into Node.
#pragma once

#include <napi.h>
#include <string.h>

#include <new>
#include <string>

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
