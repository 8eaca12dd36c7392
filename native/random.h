// The default generators.
#pragma once

#include <napi.h>

namespace adaptune::random {

Napi::Value manualSeed(const Napi::CallbackInfo& info);   // (seed: number or bigint) -> undefined
Napi::Value getRngState(const Napi::CallbackInfo& info);  // (device) -> uint8 tensor
Napi::Value setRngState(const Napi::CallbackInfo& info);  // (uint8 tensor, device) -> undefined

}  // namespace adaptune::random
