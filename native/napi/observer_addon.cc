#include "napi/observer_addon.h"

#include <errno.h>
#include <string.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "napi/face.h"
#include "napi/js_waker.h"
#include "observer/observer.h"

namespace nsatlas {
namespace {

// Random: distinguishes our handles from every other addon's objects.
constexpr napi_type_tag kObserverTag = {0x6e7361746c617302, 0x51c07bd2e94f4ab6};

/** What a handle refers to. */
struct ObserverHandle {
  std::shared_ptr<Observer> observer = std::make_shared<Observer>();
  std::shared_ptr<JsWaker> waker;

  ~ObserverHandle() { close(); }
  void close() {
    observer->close();
    if (waker) waker->release();
    waker.reset();
  }
};

ObserverHandle* handle_of(const Napi::CallbackInfo& info) {
  void* data = nullptr;
  const bool ours = info[0].IsObject() && info[0].As<Napi::Object>().CheckTypeTag(&kObserverTag) &&
                    napi_unwrap(info.Env(), info[0], &data) == napi_ok;
  if (!ours) refuse_argument(info.Env(), "not an observer");
  return static_cast<ObserverHandle*>(data);
}

/** Which capability the call that failed needs. */
const char* hint_of(const ObserverFailure& failure) {
  if (failure.err != EPERM && failure.err != EACCES) return "";
  if (strncmp(failure.call, "unshare", 7) == 0) return " (CAP_SYS_ADMIN is missing)";
  if (strstr(failure.call, "LISTEN_ALL_NSID") != nullptr) return " (CAP_NET_BROADCAST is missing)";
  return "";
}

/** observe(rules, receiveBufferBytes, mountinfo, onEvents): a handle with path, dev and ino (absent without rules). */
Napi::Value observe(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!(info[0].IsUndefined() || is_bytes(info[0])) || !info[1].IsNumber() || !info[2].IsString() || !info[3].IsFunction()) {
    return refuse_argument(env, "observe(Uint8Array or undefined, number, string, function)");
  }
  ObserverSettings settings;
  if (!info[0].IsUndefined()) {
    const auto image = info[0].As<Napi::Uint8Array>();
    std::string reason;
    if (!parse_event_rules(image.Data(), image.ByteLength(), settings.events.emplace(), reason)) return refuse_argument(env, reason);
  }
  auto handle = std::make_unique<ObserverHandle>();
  handle->waker = JsWaker::create(env, info[3].As<Napi::Function>());
  if (!handle->waker) return env.Undefined();
  handle->waker->unref(env);
  settings.receive_buffer_bytes = info[1].As<Napi::Number>().Uint32Value();
  settings.mountinfo = info[2].As<Napi::String>().Utf8Value();
  const ObserverFailure failure = handle->observer->start(std::move(settings), handle->waker);
  if (failure.call != nullptr) {
    return refuse_call(env, "ERR_NSATLAS_OBSERVER", "no events", failure.err, failure.call, hint_of(failure));
  }

  Napi::Object object = Napi::Object::New(env);
  if (!handle->observer->path().empty()) {
    object.Set("path", handle->observer->path());
    object.Set("dev", static_cast<double>(handle->observer->identity().dev));
    object.Set("ino", static_cast<double>(handle->observer->identity().ino));
  }
  const auto destroy = [](napi_env, void* data, void*) { delete static_cast<ObserverHandle*>(data); };
  if (napi_wrap(env, object, handle.get(), destroy, nullptr, nullptr) != napi_ok) {
    Napi::Error::New(env, "napi_wrap failed").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  handle.release();
  object.TypeTag(&kObserverTag);
  return object;
}

/** What happened since the last call, as ObservedEvents::drain() has it. */
Napi::Value observed(const Napi::CallbackInfo& info) {
  ObserverHandle* handle = handle_of(info);
  if (handle == nullptr) return info.Env().Undefined();
  const std::vector<int32_t> words = handle->observer->take();
  Napi::Int32Array array = Napi::Int32Array::New(info.Env(), words.size());
  memcpy(array.Data(), words.data(), words.size() * sizeof words[0]);
  return array;
}

Napi::Value unobserve(const Napi::CallbackInfo& info) {
  if (ObserverHandle* handle = handle_of(info)) handle->close();
  return info.Env().Undefined();
}

}  // namespace

void export_observer(Napi::Env env, Napi::Object exports) {
  exports.Set("observe", Napi::Function::New<guarded<observe>>(env, "observe"));
  exports.Set("observed", Napi::Function::New<guarded<observed>>(env, "observed"));
  exports.Set("unobserve", Napi::Function::New<guarded<unobserve>>(env, "unobserve"));
}

}  // namespace nsatlas
