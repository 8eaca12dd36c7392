// Hooks on what operators save for their backward passes.
#pragma once

#include <napi.h>
#include <torch/csrc/autograd/saved_variable_hooks.h>

#include <memory>

namespace adaptune::hooks {

// The hooks of the innermost withSavedTensorsHooks of this thread for one saved tensor; nullptr
// outside of any.
std::unique_ptr<torch::autograd::SavedVariableHooks> makeSavedHooks();

// (pack, unpack, function) -> the function's result. `pack` is called with the tensor; what it
// returns, an object, is held with the tensors that it gives, and both come back to `unpack`, which
// gives the tensor.
Napi::Value withSavedTensorsHooks(const Napi::CallbackInfo& info);

}  // namespace adaptune::hooks
