// The JavaScript face of the observer. src/native/binding.ts has its types.
#pragma once

#include <napi.h>

namespace nsatlas {

/** Adds observe, observed and unobserve. */
void export_observer(Napi::Env env, Napi::Object exports);

}  // namespace nsatlas
