// Mixed precision: operators that run in a lower precision inside of a function.
#pragma once

#include <napi.h>

namespace adaptune::autocast {

// (device, enabled, dtype, cacheEnabled, function) -> the function's result
Napi::Value withAutocast(const Napi::CallbackInfo& info);
Napi::Value isEnabled(const Napi::CallbackInfo& info);       // (device) -> boolean
Napi::Value dtype(const Napi::CallbackInfo& info);           // (device) -> dtype
Napi::Value isCacheEnabled(const Napi::CallbackInfo& info);  // () -> boolean

}  // namespace adaptune::autocast
