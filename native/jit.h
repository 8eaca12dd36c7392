// TorchScript modules. Loading one may run code that its file holds, calling one always does.
#pragma once

#include <napi.h>

namespace adaptune::jit {

// (path, device or null) -> module, an external.
Napi::Value load(const Napi::CallbackInfo& info);

// (module) -> { name: schema } of its methods.
Napi::Value methods(const Napi::CallbackInfo& info);

// (module, method's name, arguments) -> its result.
Napi::Value run(const Napi::CallbackInfo& info);

// (module, "parameters" or "buffers") -> [name, tensor][]
Napi::Value tensors(const Napi::CallbackInfo& info);

// (module, dtype or null, device or null) -> undefined
Napi::Value to(const Napi::CallbackInfo& info);

// (module, boolean) -> undefined
Napi::Value train(const Napi::CallbackInfo& info);
Napi::Value isTraining(const Napi::CallbackInfo& info);  // (module) -> boolean

}  // namespace adaptune::jit
