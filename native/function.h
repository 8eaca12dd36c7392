// Functions with a backward pass written in JavaScript.
#pragma once

#include <napi.h>

namespace adaptune::function {

// ({ name, inputs: (Tensor or null)[], outputs: Tensor[], dirty: Tensor[], nonDifferentiable:
// Tensor[], saved: (Tensor or null)[], materialize: boolean, backward: callback }) -> for each
// output the handle of the tensor that takes its place, or null where it stays the same.
//
// Makes the outputs of a forward pass results of one node of the graph. `inputs` has an entry for
// each argument, null for what is no tensor. The callback is called with the saved tensors and then
// the outputs' gradients, and with an array that says which arguments need one; it answers with one
// gradient or nothing for each argument.
Napi::Value finish(const Napi::CallbackInfo& info);

}  // namespace adaptune::function
