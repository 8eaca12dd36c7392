// Guards of operators whose kernels take it on trust that the sizes of their arguments fit
// together.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "guards.h"

namespace adaptune {

// The guard that looks at the sizes of an operator's arguments; nullptr for those without.
Guard sizeGuardOf(const std::string& name);

// Throws unless both have the same sizes before the last `dims`.
void requireSamePlanes(const at::Tensor& gradient, const at::Tensor& input, int64_t dims);

}  // namespace adaptune
