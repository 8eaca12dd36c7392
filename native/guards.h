// What some kernels of LibTorch's take on trust, looked at before they run: without it, a wrong
// number would end the process.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>

namespace adaptune {

struct Overload;

// Throws for arguments that the kernel would not survive.
using Guard = void (*)(const torch::jit::Stack& arguments);

// The guard of an overload; nullptr for the many that need none.
Guard guardOf(const c10::OperatorName& name);

// Whether its kernels would take a tensor of the mkldnn layout for a plain one.
bool trustsLayouts(const c10::OperatorHandle& handle);

// Whether a call gives the tensors that it writes to new sizes.
bool resizes(const c10::OperatorName& name);

// Calls the overload, if its guards let it. Where that fails, tensors that it was to resize have
// their sizes again.
void callGuarded(const Overload& overload, torch::jit::Stack& stack);

}  // namespace adaptune
