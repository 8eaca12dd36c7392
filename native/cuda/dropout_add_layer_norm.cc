// Dropout + residual + LayerNorm: native/fused/dropout_add_layer_norm.cc on CUDA.
#include <ATen/Functions.h>
#include <torch/library.h>

#include "tensors.h"

namespace adaptune::cuda {

namespace {

using Forward = std::tuple<at::Tensor, at::Tensor, at::Tensor>;
using Backward =
    std::tuple<at::Tensor, at::Tensor, std::vector<at::Tensor>, std::vector<at::Tensor>>;

// The parameters of a norm's alternatives, all in one type: that of the rows where all have it.
class Given {
 public:
  Given(at::TensorList parameters, at::ScalarType type) {
    TORCH_CHECK(parameters.size() <= kMostAlternatives, "expected at most ", kMostAlternatives,
                " alternatives, given ", parameters.size());
    for (const at::Tensor& parameter : parameters) kept_.push_back(parameter.to(type).contiguous());
  }

  template <typename P>
  Parameters<const P> pointers() const {
    Parameters<const P> result;
    for (size_t k = 0; k < kept_.size(); ++k) result.at[k] = readFrom<P>(kept_[k]);
    return result;
  }

 private:
  std::vector<at::Tensor> kept_;
};

at::ScalarType typeOf(at::TensorList weights, at::TensorList biases, const at::Tensor& x) {
  const auto isOwn = [&](const at::Tensor& parameter) {
    return parameter.scalar_type() == x.scalar_type();
  };
  const bool areOwn = std::all_of(weights.begin(), weights.end(), isOwn) &&
                      std::all_of(biases.begin(), biases.end(), isOwn);
  return areOwn ? x.scalar_type() : accumulateType(x);
}

at::Tensor contiguousOf(const OptionalTensor& given) {
  return given ? given->contiguous() : at::Tensor();
}

Forward addNorm(const at::Tensor& x, const at::Tensor& residual, at::TensorList weights,
                at::TensorList biases, double p, double eps, int64_t seed,
                const OptionalTensor& givenRows, const OptionalTensor& givenChoice, bool save) {
  checkRowNumbers(x, p, givenRows);
  const c10::cuda::CUDAGuard guard(x.device());
  const at::Tensor source = x.contiguous(), added = residual.contiguous();
  const at::Tensor rows = contiguousOf(givenRows), choice = contiguousOf(givenChoice);
  at::Tensor y = at::empty_like(source), normed, rstd;
  if (save) {
    normed = at::empty_like(source);
    rstd = at::empty({rowsOf(x)}, x.options().dtype(accumulateType(x)));
  }
  const auto type = typeOf(weights, biases, x);
  const Given ownWeights(weights, type), ownBiases(biases, type);
  if (x.numel() > 0)
    withRowsAndParameters("dropout_add_layer_norm", x, type, [&](auto element, auto parameter) {
      using T = decltype(element);
      using P = decltype(parameter);
      run(AddNormRows<T, P>{readFrom<T>(source), readFrom<T>(added), writeTo<T>(y),
                            writeTo<T>(normed), writeTo<Accumulate<T>>(rstd), rowsOf(x),
                            columnsOf(x), eps, ownWeights.pointers<P>(), ownBiases.pointers<P>(),
                            readFrom<int32_t>(choice), dropoutOf(x, p, seed, rows)});
    });
  if (!save) normed = rstd = at::empty({0}, x.options());
  return {y, normed, rstd};
}

// What of the parameters' gradients is asked for, and its place among the sums.
struct Slots {
  std::vector<int64_t> of;  // -1 for none
  int64_t count = 0;

  explicit Slots(at::IntArrayRef needed) {
    for (const int64_t one : needed) of.push_back(one != 0 ? count++ : -1);
  }
};

// The gradients of weights and biases, one after the other: undefined where none is asked for.
std::vector<at::Tensor> parameterGradients(const at::Tensor& dy, const at::Tensor& normed,
                                           at::TensorList weights, const at::Tensor& choice,
                                           const Slots& slots) {
  std::vector<at::Tensor> result(slots.of.size());
  if (slots.count == 0) return result;
  const int64_t rows = rowsOf(dy), columns = columnsOf(dy), groups = groupsOf(rows);
  const at::Tensor sums =
      at::empty({groups, slots.count, columns}, dy.options().dtype(accumulateType(dy)));
  if (rows > 0)
    withRows("dropout_add_layer_norm_backward", dy, [&](auto element) {
      using T = decltype(element);
      AddNormParameterSums<T> job{readFrom<T>(dy),
                                  readFrom<T>(normed),
                                  readFrom<int32_t>(choice),
                                  rows,
                                  columns,
                                  groups,
                                  rowsTogether(rows),
                                  slots.count,
                                  static_cast<int>(weights.size()),
                                  {},
                                  {}};
      for (size_t n = 0; n < slots.of.size(); ++n) {
        if (slots.of[n] < 0) continue;
        auto* const at = writeTo<Accumulate<T>>(sums) + slots.of[n] * columns;
        (n < weights.size() ? job.dweights.at[n] : job.dbiases.at[n - weights.size()]) = at;
      }
      run(job);
    });
  const at::Tensor totals = sums.sum(0);  // [slots,D]
  for (size_t n = 0; n < slots.of.size(); ++n)
    if (slots.of[n] >= 0)
      result[n] = totals.select(0, slots.of[n]).to(weights[n % weights.size()].scalar_type());
  return result;
}

Backward addNormBackward(const at::Tensor& dy, const at::Tensor& normed, const at::Tensor& rstd,
                         at::TensorList weights, double p, int64_t seed,
                         const OptionalTensor& givenRows, const OptionalTensor& givenChoice,
                         at::IntArrayRef needed) {
  const c10::cuda::CUDAGuard guard(dy.device());
  const at::Tensor gradient = dy.contiguous(), value = normed.contiguous();
  const at::Tensor rows = contiguousOf(givenRows), choice = contiguousOf(givenChoice);
  const Dropout dropout = dropoutOf(dy, p, seed, rows);
  // Without dropout both gradients are one tensor.
  at::Tensor dx, dresidual;
  if (needed[1] || (needed[0] && !dropout.drops)) dresidual = at::empty_like(gradient);
  if (needed[0] && dropout.drops) dx = at::empty_like(gradient);
  const auto type = typeOf(weights, {}, dy);
  const Given ownWeights(weights, type);
  if (dy.numel() > 0 && (needed[0] || needed[1]))
    withRowsAndParameters(
        "dropout_add_layer_norm_backward", dy, type, [&](auto element, auto parameter) {
          using T = decltype(element);
          using P = decltype(parameter);
          run(AddNormBackwardRows<T, P>{
              readFrom<T>(gradient), readFrom<T>(value), readFrom<Accumulate<T>>(rstd),
              writeTo<T>(dx), writeTo<T>(dresidual), rowsOf(dy), columnsOf(dy),
              ownWeights.pointers<P>(), readFrom<int32_t>(choice), dropout});
        });
  auto all = parameterGradients(gradient, value, weights, choice, Slots(needed.slice(2)));
  std::vector<at::Tensor> dweights(all.begin(), all.begin() + weights.size());
  std::vector<at::Tensor> dbiases(all.begin() + weights.size(), all.end());
  if (needed[0] && !dropout.drops) dx = dresidual;
  return {dx, dresidual, dweights, dbiases};
}

}  // namespace

TORCH_LIBRARY_IMPL(adaptune, CUDA, library) {
  library.impl("_dropout_add_layer_norm", addNorm);
  library.impl("_dropout_add_layer_norm_backward", addNormBackward);
}

}  // namespace adaptune::cuda
