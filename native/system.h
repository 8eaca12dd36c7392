// The machine and the library.
#pragma once

#include <napi.h>

namespace adaptune::system {

Napi::Value getNumThreads(const Napi::CallbackInfo& info);    // () -> number
Napi::Value setNumThreads(const Napi::CallbackInfo& info);    // (number >= 1) -> undefined
Napi::Value cudaDeviceCount(const Napi::CallbackInfo& info);  // () -> number
// () -> { torch, cpuCapability, config }: version, instruction set in use, build settings.
Napi::Value build(const Napi::CallbackInfo& info);

}  // namespace adaptune::system
