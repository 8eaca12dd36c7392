// Gradients and the modes that say whether they are recorded.
#pragma once

#include <napi.h>

namespace adaptune::autograd {

Napi::Value requiresGrad(const Napi::CallbackInfo& info);     // (tensor) -> boolean
Napi::Value setRequiresGrad(const Napi::CallbackInfo& info);  // (tensor, boolean) -> undefined
Napi::Value isLeaf(const Napi::CallbackInfo& info);           // (tensor) -> boolean
Napi::Value gradient(const Napi::CallbackInfo& info);         // (tensor) -> tensor or null
Napi::Value setGradient(const Napi::CallbackInfo& info);  // (tensor, tensor or null) -> undefined
Napi::Value gradFn(const Napi::CallbackInfo& info);       // (tensor) -> "AddBackward0" or null

// (outputs, gradOutputs: (tensor or null)[], retainGraph, createGraph, inputs) -> undefined
Napi::Value backward(const Napi::CallbackInfo& info);
// (outputs, inputs, gradOutputs, retainGraph, createGraph, allowUnused) -> (tensor or null)[]
Napi::Value grad(const Napi::CallbackInfo& info);
// (callback) -> undefined: called when the innermost backward pass that is running is over, also
// with an error. An error of its own is lost.
Napi::Value afterBackward(const Napi::CallbackInfo& info);

Napi::Value withGradMode(const Napi::CallbackInfo& info);     // (enabled, function) -> its result
Napi::Value inferenceMode(const Napi::CallbackInfo& info);    // (function) -> its result
Napi::Value setGradEnabled(const Napi::CallbackInfo& info);   // (enabled) -> undefined
Napi::Value isInferenceMode(const Napi::CallbackInfo& info);  // () -> boolean
Napi::Value isGradEnabled(const Napi::CallbackInfo& info);    // () -> boolean

}  // namespace adaptune::autograd
