// The products of select_linear in single precision: heads of different picks side by side, with
// nothing gathered, nothing masked, and nothing computed that was not asked for.
#pragma once

#include <ATen/Tensor.h>

#include <vector>

#include "selection.h"

namespace adaptune {

// Layers [m,n] of which heads pick, projection by projection, alternative by alternative.
struct SelectLayers {
  at::TensorList weights, biases;
  int64_t projections, alternatives;

  const at::Tensor& weight(int64_t p, int64_t k) const { return weights[p * alternatives + k]; }
  const at::Tensor& bias(int64_t p, int64_t k) const { return biases[p * alternatives + k]; }
};

namespace select {

inline bool hasProducts(const at::Tensor& x) {
  return x.scalar_type() == at::kFloat;
}

// Projection by projection what was picked [R,m], and where compared the results of the other
// turns.
std::vector<at::Tensor> forward(const at::Tensor& x, const SelectLayers& layers,
                                const Selection& selection, bool compare);

// dx [R,n] of each projection's dy [R,m], of which some may be undefined; undefined where all are.
at::Tensor inputGradient(const std::vector<at::Tensor>& dys, const SelectLayers& layers,
                         const Selection& selection);

// dW [m,n] where it is asked for, by dy [R,m] and the alternative k.
struct WeightGradient {
  const at::Tensor& dy;
  int64_t k;
  at::Tensor dw;
};
void weightGradients(std::vector<WeightGradient>& gradients, const at::Tensor& x,
                     const Selection& selection);

// db [m] of dy [R,m]: of heads that picked alternative k.
at::Tensor biasGradient(const at::Tensor& dy, int64_t k, const Selection& selection);

}  // namespace select

}  // namespace adaptune
