// The JavaScript face: plain functions on type-tagged handles. src/native/binding.ts has their types.
#include <errno.h>
#include <napi.h>
#include <string.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bytes/siphash.h"
#include "napi/face.h"
#include "napi/js_waker.h"
#include "netns/job.h"
#include "netns/reader.h"
#include "observer/observer.h"
#include "process/sd_notify.h"
#include "rows/row_format.h"

namespace nsatlas {

template <>
const napi_type_tag Handle<Reader>::kTag = {0x6e7361746c617301, 0x9b1f2c7d4e8a4d53};
template <>
const char* const Handle<Reader>::kWhat = "a reader";
template <>
const napi_type_tag Handle<Observer>::kTag = {0x6e7361746c617302, 0x51c07bd2e94f4ab6};
template <>
const char* const Handle<Observer>::kWhat = "an observer";

namespace {

using ReaderHandle = Handle<Reader>;
using ObserverHandle = Handle<Observer>;

Napi::Value open_reader(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!is_bytes(info[0])) return refuse_argument(env, "open(Uint8Array)");
  const auto image = info[0].As<Napi::Uint8Array>();
  RowFormats formats;
  std::string reason;
  if (!parse_row_formats(image.Data(), image.ByteLength(), formats, reason)) return refuse_argument(env, reason);
  HashKey key;
  if (getentropy(&key, sizeof key) != 0) return refuse_call(env, "ERR_NSATLAS_ADDON", "no random numbers", errno, "getrandom");

  auto handle = std::make_unique<ReaderHandle>(std::make_shared<Reader>(std::move(formats), key));
  return ReaderHandle::wrap(std::move(handle), Napi::Object::New(env));
}

Napi::Value start_job(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  ReaderHandle* handle = ReaderHandle::of(info);
  if (handle == nullptr) return env.Undefined();
  if (!is_bytes(info[1]) || !info[2].IsFunction()) {
    return refuse_argument(env, "start(reader, Uint8Array, function)");
  }
  const auto image = info[1].As<Napi::Uint8Array>();
  auto job = std::make_shared<Job>();
  std::string reason;
  if (!parse_job(image.Data(), image.ByteLength(), handle->subject->formats(), *job, reason)) return refuse_argument(env, reason);

  // Made by the first job and kept for the next ones, for it costs as much as reading a namespace. Only a job keeps the event loop alive.
  if (!handle->waker) handle->waker = JsWaker::create(env, info[2].As<Napi::Function>());
  if (!handle->waker) return env.Undefined();
  int err = 0;
  const Reader::Start started = handle->subject->start(std::move(job), handle->wake(), err);
  if (started == Reader::Start::Ok) {
    handle->waker->ref(env);
    return env.Undefined();
  }
  // Busy: the job that runs needs it.
  if (started != Reader::Start::Busy) handle->waker->unref(env);
  if (started == Reader::Start::Busy) return refuse(Napi::Error::New(env, "the reader is busy"), "ERR_NSATLAS_BUSY");
  if (started == Reader::Start::Closed) return refuse(Napi::Error::New(env, "the reader is closed"), "ERR_NSATLAS_CLOSED");
  return refuse_call(env, "ERR_NSATLAS_THREAD", "no thread to read with", err, "pthread_create");
}

/** Bytes copied; 0: nothing yet; negative: the buffer must be that large. */
Napi::Value take_batch(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  ReaderHandle* handle = ReaderHandle::of(info);
  if (handle == nullptr) return env.Undefined();
  if (!info[1].IsArrayBuffer()) return refuse_argument(env, "take(reader, ArrayBuffer)");
  auto buffer = info[1].As<Napi::ArrayBuffer>();
  const Reader::Taken taken = handle->subject->take(static_cast<unsigned char*>(buffer.Data()), buffer.ByteLength());
  if (taken.kind == Reader::Taken::LastBatch && handle->waker) handle->waker->unref(env);
  const auto length = static_cast<double>(taken.length);
  return Napi::Number::New(env, taken.kind == Reader::Taken::TooLarge ? -length : length);
}

template <void (Reader::*method)()>
Napi::Value call_reader(const Napi::CallbackInfo& info) {
  if (ReaderHandle* handle = ReaderHandle::of(info)) (*handle->subject.*method)();
  return info.Env().Undefined();
}

Napi::Value forget_rows(const Napi::CallbackInfo& info) {
  ReaderHandle* handle = ReaderHandle::of(info);
  if (handle == nullptr) return info.Env().Undefined();
  if (!info[1].IsNumber()) return refuse_argument(info.Env(), "forget(reader, number)");
  handle->subject->forget(info[1].As<Napi::Number>().Uint32Value());
  return info.Env().Undefined();
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
  auto handle = std::make_unique<ObserverHandle>(std::make_shared<Observer>());
  handle->waker = JsWaker::create(env, info[3].As<Napi::Function>());
  if (!handle->waker) return env.Undefined();
  handle->waker->unref(env);
  settings.receive_buffer_bytes = info[1].As<Napi::Number>().Uint32Value();
  settings.mountinfo = info[2].As<Napi::String>().Utf8Value();
  if (const ObserverFailure failure = handle->subject->start(std::move(settings), handle->wake())) {
    return refuse_call(env, "ERR_NSATLAS_OBSERVER", "no events", failure.err, failure.call, hint_of(failure));
  }

  Napi::Object object = Napi::Object::New(env);
  if (!handle->subject->path().empty()) {
    object.Set("path", handle->subject->path());
    object.Set("dev", static_cast<double>(handle->subject->identity().dev));
    object.Set("ino", static_cast<double>(handle->subject->identity().ino));
  }
  return ObserverHandle::wrap(std::move(handle), object);
}

/** What happened since the last call, as ObservedEvents::drain() has it. */
Napi::Value observed(const Napi::CallbackInfo& info) {
  ObserverHandle* handle = ObserverHandle::of(info);
  if (handle == nullptr) return info.Env().Undefined();
  const std::vector<int32_t> words = handle->subject->take();
  Napi::Int32Array array = Napi::Int32Array::New(info.Env(), words.size());
  memcpy(array.Data(), words.data(), words.size() * sizeof words[0]);
  return array;
}

template <typename AnyHandle>
Napi::Value close_handle(const Napi::CallbackInfo& info) {
  if (AnyHandle* handle = AnyHandle::of(info)) handle->close();
  return info.Env().Undefined();
}

Napi::Value notify(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!info[0].IsString() || !info[1].IsString()) return refuse_argument(env, "sdNotify(string, string)");
  const char* call = "";
  const int err = sd_notify(info[0].As<Napi::String>().Utf8Value(), info[1].As<Napi::String>().Utf8Value(), call);
  if (err != 0) return refuse_call(env, "ERR_NSATLAS_NOTIFY", "the service manager could not be notified", err, call);
  return env.Undefined();
}

/** Does not return: nothing of the process is taken down, its signal handlers neither. */
Napi::Value exit_now(const Napi::CallbackInfo& info) {
  if (!info[0].IsNumber()) return refuse_argument(info.Env(), "exitNow(number)");
  _exit(info[0].As<Napi::Number>().Int32Value());
}

template <size_t size>
Napi::Array names(Napi::Env env, const char* const (&list)[size]) {
  Napi::Array array = Napi::Array::New(env, size);
  for (size_t i = 0; i < size; ++i) array.Set(static_cast<uint32_t>(i), list[i]);
  return array;
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("open", Napi::Function::New<guarded<open_reader>>(env, "open"));
  exports.Set("start", Napi::Function::New<guarded<start_job>>(env, "start"));
  exports.Set("take", Napi::Function::New<guarded<take_batch>>(env, "take"));
  exports.Set("cancel", Napi::Function::New<guarded<call_reader<&Reader::cancel>>>(env, "cancel"));
  exports.Set("stop", Napi::Function::New<guarded<call_reader<&Reader::stop>>>(env, "stop"));
  exports.Set("forget", Napi::Function::New<guarded<forget_rows>>(env, "forget"));
  exports.Set("close", Napi::Function::New<guarded<close_handle<ReaderHandle>>>(env, "close"));
  exports.Set("sdNotify", Napi::Function::New<guarded<notify>>(env, "sdNotify"));
  exports.Set("exitNow", Napi::Function::New<guarded<exit_now>>(env, "exitNow"));
  exports.Set("observe", Napi::Function::New<guarded<observe>>(env, "observe"));
  exports.Set("observed", Napi::Function::New<guarded<observed>>(env, "observed"));
  exports.Set("unobserve", Napi::Function::New<guarded<close_handle<ObserverHandle>>>(env, "unobserve"));
  exports.Set("problems", names(env, kProblemNames));
  exports.Set("operations", names(env, kOperationNames));
  return exports;
}

}  // namespace
}  // namespace nsatlas

static Napi::Object Init(Napi::Env env, Napi::Object exports) { return nsatlas::init(env, exports); }

NODE_API_MODULE(nsatlas, Init)
