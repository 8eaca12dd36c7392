// Hooks on tensors, called with their gradients.
#pragma once

#include <napi.h>

namespace adaptune::hooks {

// (tensor, callback) -> function that removes it. The callback is called with the gradient and may
// answer with another one.
Napi::Value registerHook(const Napi::CallbackInfo& info);
// (leaf, callback) -> function that removes it. The callback is called with the leaf once its grad
// is complete.
Napi::Value registerPostAccumulateGradHook(const Napi::CallbackInfo& info);

}  // namespace adaptune::hooks
