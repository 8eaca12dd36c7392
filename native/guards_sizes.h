// Guards of operators whose kernels take it on trust that the sizes of their arguments fit
// together.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "guards.h"

namespace adaptune {

using Arguments = const torch::jit::Stack&;

// The guard that looks at the sizes of an operator's arguments; nullptr for those without.
Guard sizeGuardOf(const std::string& name);

// The same of layers of networks.
Guard layerGuardOf(const std::string& name);

// The tensor, undefined where null was given.
at::Tensor tensorOf(Arguments arguments, size_t index);

void requireSizes(const at::Tensor& tensor, at::IntArrayRef sizes, const char* what);

template <size_t first, size_t second>
void guardSameSizes(Arguments arguments) {
  requireSizes(arguments[first].toTensor(), arguments[second].toTensor().sizes(),
               "tensors of the same sizes: one");
}

// Throws unless both have the same sizes before the last `dims`.
void requireSamePlanes(const at::Tensor& gradient, const at::Tensor& input, int64_t dims);

}  // namespace adaptune
