// Weights that are kept packed: what a product packs at every call, and again for every part of a
// batch, is there once. For weights that do not change, at the price of their size.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

namespace adaptune::packed {

// The panels of weight [m,n] as the B = W^T [n,m] of a forward, [ceil(m / columns), n, columns] for
// the columns of a tile; null where none are kept, or the weight has changed since.
std::shared_ptr<const float> keptPanels(const at::Tensor& weight);

}  // namespace adaptune::packed
