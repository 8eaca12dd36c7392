// LayerNorm(residual + dropout(x)) by LibTorch's operators, on any device:
// dropout_add_layer_norm.cc.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <tuple>
#include <vector>

namespace adaptune::add_norm {

using OptionalTensor = std::optional<at::Tensor>;
using Forward = std::tuple<at::Tensor, at::Tensor, at::Tensor>;  // y, normed, rstd
// dx, dresidual, dweights, dbiases
using Backward =
    std::tuple<at::Tensor, at::Tensor, std::vector<at::Tensor>, std::vector<at::Tensor>>;

inline int64_t rowsOf(const at::Tensor& x) {
  return x.numel() / x.size(-1);
}

inline int64_t rowsPerSample(const at::Tensor& x) {
  return x.dim() < 2 || x.size(0) == 0 ? 1 : rowsOf(x) / x.size(0);
}

Forward forwardAnywhere(const at::Tensor& x, const at::Tensor& residual, at::TensorList weights,
                        at::TensorList biases, double p, double eps, int64_t seed,
                        const OptionalTensor& rows, const OptionalTensor& choice, bool save);
Backward backwardAnywhere(const at::Tensor& dy, const at::Tensor& normed, const at::Tensor& rstd,
                          at::TensorList weights, double p, int64_t seed,
                          const OptionalTensor& rows, const OptionalTensor& choice,
                          at::IntArrayRef needed);

}  // namespace adaptune::add_norm
