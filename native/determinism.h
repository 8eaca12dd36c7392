// Settings of the whole process that say how exactly, and with how many threads, is computed.
#pragma once

#include <napi.h>

namespace adaptune::determinism {

// (mode, warnOnly) -> undefined
Napi::Value useDeterministicAlgorithms(const Napi::CallbackInfo& info);
// () -> { enabled, warnOnly }
Napi::Value deterministicAlgorithms(const Napi::CallbackInfo& info);
// ("highest", "high" or "medium") -> undefined
Napi::Value setFloat32MatmulPrecision(const Napi::CallbackInfo& info);
Napi::Value getFloat32MatmulPrecision(const Napi::CallbackInfo& info);  // () -> one of them
Napi::Value setNumInteropThreads(const Napi::CallbackInfo& info);       // (count) -> undefined
Napi::Value getNumInteropThreads(const Napi::CallbackInfo& info);       // () -> count

}  // namespace adaptune::determinism
