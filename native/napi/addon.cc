// The JavaScript face: plain functions on type-tagged handles. src/native/binding.ts has their types.
#include <errno.h>
#include <napi.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include "bytes/siphash.h"
#include "napi/face.h"
#include "napi/js_waker.h"
#include "napi/observer_addon.h"
#include "netns/frames.h"
#include "netns/job.h"
#include "netns/reader.h"
#include "process/sd_notify.h"
#include "rows/row_format.h"

namespace nsatlas {
namespace {

// Random: distinguishes our handles from every other addon's objects.
constexpr napi_type_tag kReaderTag = {0x6e7361746c617301, 0x9b1f2c7d4e8a4d53};

/** What a handle refers to. */
struct Handle {
  explicit Handle(std::shared_ptr<Reader> from) : reader(std::move(from)) {}

  std::shared_ptr<Reader> reader;
  /** Made by the first job and kept for the next ones, for it costs as much as reading a namespace. Only a job keeps the event loop alive. */
  std::shared_ptr<JsWaker> waker;

  ~Handle() { close(); }
  void close() {
    reader->close();
    if (waker) waker->release();
    waker.reset();
  }
};

/** The handle in the first argument; nullptr, with a TypeError pending, for anything else. */
Handle* handle_of(const Napi::CallbackInfo& info) {
  void* data = nullptr;
  const bool ours = info[0].IsObject() && info[0].As<Napi::Object>().CheckTypeTag(&kReaderTag) &&
                    napi_unwrap(info.Env(), info[0], &data) == napi_ok;
  if (!ours) refuse_argument(info.Env(), "not a reader");
  return static_cast<Handle*>(data);
}

Napi::Value open_reader(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  if (!is_bytes(info[0])) return refuse_argument(env, "open(Uint8Array)");
  const auto image = info[0].As<Napi::Uint8Array>();
  RowFormats formats;
  std::string reason;
  if (!parse_row_formats(image.Data(), image.ByteLength(), formats, reason)) return refuse_argument(env, reason);
  HashKey key;
  if (getentropy(&key, sizeof key) != 0) return refuse_call(env, "ERR_NSATLAS_ADDON", "no random numbers", errno, "getrandom");

  Napi::Object object = Napi::Object::New(env);
  auto handle = std::make_unique<Handle>(std::make_shared<Reader>(std::move(formats), key));
  const auto destroy = [](napi_env, void* data, void*) { delete static_cast<Handle*>(data); };
  if (napi_wrap(env, object, handle.get(), destroy, nullptr, nullptr) != napi_ok) {
    Napi::Error::New(env, "napi_wrap failed").ThrowAsJavaScriptException();
    return env.Undefined();
  }
  handle.release();
  object.TypeTag(&kReaderTag);
  return object;
}

Napi::Value start_job(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  Handle* handle = handle_of(info);
  if (handle == nullptr) return env.Undefined();
  if (!is_bytes(info[1]) || !info[2].IsFunction()) {
    return refuse_argument(env, "start(reader, Uint8Array, function)");
  }
  const auto image = info[1].As<Napi::Uint8Array>();
  auto job = std::make_shared<Job>();
  std::string reason;
  if (!parse_job(image.Data(), image.ByteLength(), handle->reader->formats(), *job, reason)) return refuse_argument(env, reason);

  if (!handle->waker) handle->waker = JsWaker::create(env, info[2].As<Napi::Function>());
  if (!handle->waker) return env.Undefined();
  int err = 0;
  const Reader::Start started = handle->reader->start(std::move(job), handle->waker, err);
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
  Handle* handle = handle_of(info);
  if (handle == nullptr) return env.Undefined();
  if (!info[1].IsArrayBuffer()) return refuse_argument(env, "take(reader, ArrayBuffer)");
  auto buffer = info[1].As<Napi::ArrayBuffer>();
  const Reader::Taken taken = handle->reader->take(static_cast<unsigned char*>(buffer.Data()), buffer.ByteLength());
  if (taken.kind == Reader::Taken::LastBatch && handle->waker) handle->waker->unref(env);
  const auto length = static_cast<double>(taken.length);
  return Napi::Number::New(env, taken.kind == Reader::Taken::TooLarge ? -length : length);
}

Napi::Value cancel_job(const Napi::CallbackInfo& info) {
  if (Handle* handle = handle_of(info)) handle->reader->cancel();
  return info.Env().Undefined();
}

Napi::Value stop_job(const Napi::CallbackInfo& info) {
  if (Handle* handle = handle_of(info)) handle->reader->stop();
  return info.Env().Undefined();
}

Napi::Value forget_rows(const Napi::CallbackInfo& info) {
  Handle* handle = handle_of(info);
  if (handle == nullptr) return info.Env().Undefined();
  if (!info[1].IsNumber()) return refuse_argument(info.Env(), "forget(reader, number)");
  handle->reader->forget(info[1].As<Napi::Number>().Uint32Value());
  return info.Env().Undefined();
}

Napi::Value close_reader(const Napi::CallbackInfo& info) {
  if (Handle* handle = handle_of(info)) handle->close();
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
  exports.Set("cancel", Napi::Function::New<guarded<cancel_job>>(env, "cancel"));
  exports.Set("stop", Napi::Function::New<guarded<stop_job>>(env, "stop"));
  exports.Set("forget", Napi::Function::New<guarded<forget_rows>>(env, "forget"));
  exports.Set("close", Napi::Function::New<guarded<close_reader>>(env, "close"));
  exports.Set("sdNotify", Napi::Function::New<guarded<notify>>(env, "sdNotify"));
  exports.Set("exitNow", Napi::Function::New<guarded<exit_now>>(env, "exitNow"));
  export_observer(env, exports);
  exports.Set("problems", names(env, kProblemNames));
  exports.Set("operations", names(env, kOperationNames));
  return exports;
}

}  // namespace
}  // namespace nsatlas

static Napi::Object Init(Napi::Env env, Napi::Object exports) { return nsatlas::init(env, exports); }

NODE_API_MODULE(nsatlas, Init)
