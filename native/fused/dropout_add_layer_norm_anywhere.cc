#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include "cpu_kernels.h"
#include "dropout_add_layer_norm.h"
#include "philox.h"

namespace adaptune::add_norm {

namespace {

at::Tensor parametersOf(at::TensorList parameters, const OptionalTensor& choice,
                        at::ScalarType dtype) {
  if (parameters.size() == 1) return parameters[0].to(dtype);
  return at::stack(parameters).to(dtype).index_select(0, choice->to(at::kLong));
}

at::Tensor dropped(const at::Tensor& rows, const Drawn& drawn, int64_t perSample) {
  if (!drawn.drops()) return rows;
  const at::Tensor numbers =
      drawn.rows.defined() ? drawn.rows : numbersInOrder(rows.size(0), perSample, rows.device());
  const auto options = numbers.options();
  return rows * keepFactors(drawn, numbers.unsqueeze(1), at::zeros({1}, options),
                            at::arange(rows.size(1), options), rows.scalar_type());
}

}  // namespace

Forward forwardAnywhere(const at::Tensor& x, const at::Tensor& residual, at::TensorList weights,
                        at::TensorList biases, double p, double eps, int64_t seed,
                        const OptionalTensor& rows, const OptionalTensor& choice, bool save) {
  const auto dtype = accumulateType(x);
  const Drawn drawn{p, seed, rows.value_or(at::Tensor())};
  const int64_t columns = x.size(-1);
  const at::Tensor sum = residual.reshape({-1, columns}).to(dtype) +
                         dropped(x.reshape({-1, columns}).to(dtype), drawn, rowsPerSample(x));
  const at::Tensor centred = sum - sum.mean(-1, true);
  const at::Tensor rstd = ((centred * centred).mean(-1, true) + eps).rsqrt();
  const at::Tensor normed = centred * rstd;
  at::Tensor y = normed;
  if (!weights.empty()) y = y * parametersOf(weights, choice, dtype);
  if (!biases.empty()) y = y + parametersOf(biases, choice, dtype);
  y = y.to(x.scalar_type()).view(x.sizes());
  if (!save) return {y, at::empty({0}, x.options()), at::empty({0}, x.options())};
  return {y, normed.to(x.scalar_type()).view(x.sizes()), rstd.squeeze(-1)};
}

Backward backwardAnywhere(const at::Tensor& dy, const at::Tensor& normed, const at::Tensor& rstd,
                          at::TensorList weights, double p, int64_t seed,
                          const OptionalTensor& rows, const OptionalTensor& choice,
                          at::IntArrayRef needed) {
  const auto dtype = accumulateType(dy);
  const Drawn drawn{p, seed, rows.value_or(at::Tensor())};
  const int64_t columns = dy.size(-1);
  const at::Tensor gradient = dy.reshape({-1, columns}).to(dtype);
  const at::Tensor value = normed.reshape({-1, columns}).to(dtype);
  const at::Tensor g = weights.empty() ? gradient : gradient * parametersOf(weights, choice, dtype);
  const at::Tensor dsum =
      rstd.unsqueeze(-1) * (g - g.mean(-1, true) - value * (g * value).mean(-1, true));
  const auto shaped = [&](const at::Tensor& result) {
    return result.to(dy.scalar_type()).view(dy.sizes());
  };
  at::Tensor dx, dresidual;
  if (needed[0]) dx = shaped(dropped(dsum, drawn, rowsPerSample(dy)));
  if (needed[1]) dresidual = shaped(dsum);
  const auto sums = [&](const at::Tensor& each, size_t first, size_t count) {
    std::vector<at::Tensor> result(count);
    for (size_t k = 0; k < count; ++k) {
      if (!needed[first + k]) continue;
      const at::Tensor own =
          choice ? each * (*choice == static_cast<int64_t>(k)).to(dtype).unsqueeze(-1) : each;
      result[k] = own.sum(0).to(weights[k].scalar_type());
    }
    return result;
  };
  const size_t alternatives = weights.size();
  return {dx, dresidual, sums(gradient * value, 2, alternatives),
          sums(gradient, 2 + alternatives, needed.size() - 2 - alternatives)};
}

}  // namespace adaptune::add_norm
