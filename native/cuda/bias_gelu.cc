// gelu(x + bias) and its gradient: native/fused/bias_gelu.cc on CUDA.
#include <ATen/Functions.h>
#include <torch/library.h>

#include "tensors.h"

namespace adaptune::cuda {

namespace {

void check(const at::Tensor& x, const OptionalTensor& bias) {
  TORCH_CHECK(x.is_floating_point(), "argument 'x': expected a floating-point tensor, given ",
              x.scalar_type());
  if (!bias) return;
  TORCH_CHECK(bias->dim() == 1 && x.dim() >= 1 && bias->size(0) == x.size(-1) &&
                  bias->is_floating_point() && bias->device() == x.device(),
              "argument 'bias': expected floating-point numbers of shape [", columnsOf(x), "] on ",
              x.device(), ", given ", bias->scalar_type(), " ", bias->sizes(), " on ",
              bias->device());
}

// The bias in the type of the rows, or the one that these are computed in.
at::Tensor parameterOf(const OptionalTensor& bias, const at::Tensor& x) {
  if (!bias) return at::Tensor();
  const bool isOwn = bias->scalar_type() == x.scalar_type();
  return (isOwn ? *bias : bias->to(accumulateType(x))).contiguous();
}

at::ScalarType typeOf(const at::Tensor& parameter, const at::Tensor& x) {
  return parameter.defined() ? parameter.scalar_type() : x.scalar_type();
}

at::Tensor biasGelu(const at::Tensor& x, const OptionalTensor& bias) {
  check(x, bias);
  const c10::cuda::CUDAGuard guard(x.device());
  const at::Tensor source = x.contiguous(), parameter = parameterOf(bias, x);
  at::Tensor y = at::empty_like(source);
  if (x.numel() == 0) return y;
  withRowsAndParameters("bias_gelu", x, typeOf(parameter, x), [&](auto element, auto bias) {
    using T = decltype(element);
    using P = decltype(bias);
    run(BiasGeluRows<T, P>{readFrom<T>(source), readFrom<P>(parameter), writeTo<T>(y), rowsOf(x),
                           columnsOf(x)});
  });
  return y;
}

std::tuple<at::Tensor, at::Tensor> biasGeluBackward(const at::Tensor& dy, const at::Tensor& x,
                                                    const OptionalTensor& bias, bool needsBias) {
  const c10::cuda::CUDAGuard guard(x.device());
  const at::Tensor gradient = dy.contiguous(), source = x.contiguous(),
                   parameter = parameterOf(bias, x);
  const int64_t rows = rowsOf(x), columns = columnsOf(x), groups = groupsOf(rows);
  at::Tensor dx = at::empty_like(source), sums;
  if (needsBias) sums = at::empty({groups, columns}, x.options().dtype(accumulateType(x)));
  if (x.numel() > 0)
    withRowsAndParameters(
        "bias_gelu_backward", x, typeOf(parameter, x), [&](auto element, auto bias) {
          using T = decltype(element);
          using P = decltype(bias);
          run(BiasGeluBackwardRows<T, P>{
              readFrom<T>(gradient), readFrom<T>(source), readFrom<P>(parameter), writeTo<T>(dx),
              writeTo<Accumulate<T>>(sums), rows, columns, groups, rowsTogether(rows)});
        });
  return {dx, needsBias ? sums.sum(0).to(bias->scalar_type()) : at::Tensor()};
}

}  // namespace

TORCH_LIBRARY_IMPL(adaptune, CUDA, library) {
  library.impl("bias_gelu", biasGelu);
  library.impl("_bias_gelu_backward", biasGeluBackward);
}

}  // namespace adaptune::cuda
