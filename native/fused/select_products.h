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

// Projection by projection what was picked [R,m], through erf-GELU where asked for, and where
// compared the results of the other turns.
std::vector<at::Tensor> forward(const at::Tensor& x, const SelectLayers& layers,
                                const Selection& selection, bool compare, bool gelu = false);

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

// Slices of m outputs of n inputs so narrow that the weight of one stays in a cache.
int64_t slicesOf(int64_t m, int64_t n);

// What gelu of a layer's z [R,m] would have changed with other alternatives' weights.
struct Comparison {
  const at::Tensor &dy, &z, &x;
  const SelectLayers& layers;
  const Selection& selection;  // of one head
  // For each sample a bit for each alternative to compare it with.
  const std::vector<int64_t>& compared;
};

// <dy, gelu(x W_k^T + b_k) - gelu(z)> of each sample and alternative k, zeros where it is not
// compared: [B,K] doubles. The results of no alternative are ever whole in memory.
at::Tensor compareGelu(const Comparison& comparison);

}  // namespace select

}  // namespace adaptune
