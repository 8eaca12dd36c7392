#include "dropout_attention.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <cmath>

#include "cpu_kernels.h"

namespace adaptune {

const WeightKernels* cudaWeightKernels = nullptr;

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using OptionalTensor = std::optional<at::Tensor>;

double scoreScale(const at::Tensor& query) {
  return 1 / std::sqrt(static_cast<double>(query.size(-1)));
}

// Factors of weights [n,H,S,S'] on any device.
at::Tensor factorsOf(const at::Tensor& weights, const AttentionDrawn& attention) {
  const int64_t samples = weights.size(0), heads = weights.size(1), queries = weights.size(2),
                keys = weights.size(3);
  const auto options = weights.options().dtype(at::kLong);
  const Drawn& drawn = attention.drawn;
  const at::Tensor rows = drawn.rows.defined()
                              ? drawn.rows
                              : numbersInOrder(samples * queries, queries, weights.device());
  const at::Tensor streams =
      attention.heads.empty() ? at::arange(heads, options) : at::tensor(attention.heads, options);
  const at::Tensor columns =
      attention.keys.defined() ? attention.keys.bitwise_and(0xffffffff).view({samples, 1, 1, keys})
                               : at::arange(keys, options);
  return keepFactors(drawn, rows.view({samples, 1, queries, 1}), streams.view({1, heads, 1, 1}),
                     columns, weights.scalar_type());
}

// Calls fn with a kernel's description of what is dropped, and the columns a row needs room for.
template <typename Fn>
void withKernelDropout(const at::Tensor& weights, const AttentionDrawn& attention, const Fn& fn) {
  const int64_t queries = weights.size(2), keys = weights.size(3);
  kernels::AttentionDropout dropout{kernelDropout(attention.drawn, queries),
                                    weights.size(1),
                                    queries,
                                    attention.heads.empty() ? nullptr : attention.heads.data(),
                                    readFrom<int64_t>(attention.keys),
                                    keys - 1};
  if (dropout.key_rows) {
    dropout.last_key = 0;
    for (int64_t key = 0; key < attention.keys.numel(); ++key) {
      const auto position = static_cast<int64_t>(static_cast<uint32_t>(dropout.key_rows[key]));
      dropout.last_key = std::max(dropout.last_key, position);
    }
  }
  // A row of masks for the keys, and one for all positions.
  fn(dropout, 2 * std::max(keys, dropout.last_key + 1) + 64);
}

bool runsKernels(const at::Tensor& weights) {
  return hasKernels(weights) && weights.numel() > 0;
}

// softmax(scores), and what is left of it.
std::pair<at::Tensor, at::Tensor> softmaxDropout(const at::Tensor& scores,
                                                 const AttentionDrawn& attention) {
  if (scores.is_cuda() && cudaWeightKernels != nullptr) {
    at::Tensor weights, dropped;
    if (cudaWeightKernels->forward(scores, attention, weights, dropped)) return {weights, dropped};
  }
  if (!runsKernels(scores)) {
    const at::Tensor weights = scores.softmax(-1);
    return {weights, weights * factorsOf(weights, attention)};
  }
  const at::Tensor source = scores.contiguous();
  at::Tensor weights = at::empty_like(source), dropped = at::empty_like(source);
  withKernelDropout(source, attention, [&](const auto& dropout, int64_t room) {
    withElement(source, [&](auto element) {
      using T = decltype(element);
      const kernels::SoftmaxDropoutRows<T> job{readFrom<T>(source), writeTo<T>(weights),
                                               writeTo<T>(dropped), source.size(3), &dropout};
      runRows(kernelsOf<T>().softmax_dropout, job, source.numel() / source.size(3), room);
    });
  });
  return {weights, dropped};
}

// The gradient of the scores, and what was left of the weights.
std::pair<at::Tensor, at::Tensor> softmaxDropoutBackward(const at::Tensor& weights,
                                                         const at::Tensor& ddropped,
                                                         const AttentionDrawn& attention) {
  if (weights.is_cuda() && cudaWeightKernels != nullptr) {
    at::Tensor dscores, dropped;
    if (cudaWeightKernels->backward(weights, ddropped, attention, dscores, dropped))
      return {dscores, dropped};
  }
  if (!runsKernels(weights)) {
    const at::Tensor factors = factorsOf(weights, attention);
    const at::Tensor dweights = ddropped * factors;
    return {weights * (dweights - (weights * dweights).sum(-1, true)), weights * factors};
  }
  const at::Tensor gradient = ddropped.contiguous();
  at::Tensor dscores = at::empty_like(weights), dropped = at::empty_like(weights);
  withKernelDropout(weights, attention, [&](const auto& dropout, int64_t room) {
    withElement(weights, [&](auto element) {
      using T = decltype(element);
      const kernels::SoftmaxDropoutBackwardRows<T> job{readFrom<T>(weights), readFrom<T>(gradient),
                                                       writeTo<T>(dscores),  writeTo<T>(dropped),
                                                       weights.size(3),      &dropout};
      runRows(kernelsOf<T>().softmax_dropout_backward, job, weights.numel() / weights.size(3),
              room);
    });
  });
  return {dscores, dropped};
}

}  // namespace

DroppingAttention attendDropping(const at::Tensor& query, const at::Tensor& key,
                                 const at::Tensor& value, const at::Tensor& mask,
                                 const AttentionDrawn& drawn) {
  at::Tensor scores = (query * scoreScale(query)).matmul(key.transpose(-2, -1));
  if (mask.defined()) scores = scores + mask;
  const auto [weights, dropped] = softmaxDropout(scores, drawn);
  return {dropped.matmul(value), weights};
}

DroppingGradient attendDroppingBackward(const at::Tensor& dOut, const at::Tensor& query,
                                        const at::Tensor& key, const at::Tensor& value,
                                        const at::Tensor& weights, const AttentionDrawn& drawn) {
  const auto [dScores, dropped] =
      softmaxDropoutBackward(weights, dOut.matmul(value.transpose(-2, -1)), drawn);
  const at::Tensor scaled = dScores * scoreScale(query);
  return {scaled.matmul(key), scaled.transpose(-2, -1).matmul(query),
          dropped.transpose(-2, -1).matmul(dOut), dScores};
}

namespace {

void check(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
           const OptionalTensor& mask, at::IntArrayRef heads) {
  TORCH_CHECK(query.dim() == 4 && query.is_floating_point() && query.size(3) > 0,
              "argument 'query': expected a floating-point tensor of shape [B,H,S,d], given ",
              query.scalar_type(), " ", query.sizes());
  const std::pair<const char*, const at::Tensor&> others[] = {{"key", key}, {"value", value}};
  for (const auto& [name, tensor] : others) {
    TORCH_CHECK(tensor.dim() == 4 && tensor.size(0) == query.size(0) &&
                    tensor.size(1) == query.size(1) && tensor.size(3) == query.size(3) &&
                    tensor.size(2) == key.size(2) && tensor.scalar_type() == query.scalar_type() &&
                    tensor.device() == query.device(),
                "argument '", name, "': expected ", query.scalar_type(), " of shape [",
                query.size(0), ",", query.size(1), ",S',", query.size(3), "] on ", query.device(),
                ", given ", tensor.scalar_type(), " ", tensor.sizes(), " on ", tensor.device());
  }
  TORCH_CHECK(heads.empty() || static_cast<int64_t>(heads.size()) == query.size(1),
              "argument 'heads': expected ", query.size(1), " numbers or none, given ", heads);
  if (!mask) return;
  TORCH_CHECK(mask->scalar_type() == at::kBool || mask->is_floating_point(),
              "argument 'attn_mask': expected a boolean or floating-point tensor, given ",
              mask->scalar_type());
}

// What is added to the scores: nothing where a boolean mask is true, minus infinity elsewhere.
at::Tensor additive(const OptionalTensor& mask, const at::Tensor& query) {
  if (!mask) return {};
  if (mask->scalar_type() != at::kBool) return mask->to(query.scalar_type());
  return at::zeros(mask->sizes(), query.options()).masked_fill_(mask->logical_not(), -INFINITY);
}

class DropoutAttention : public torch::autograd::Function<DropoutAttention> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& query,
                            const at::Tensor& key, const at::Tensor& value,
                            const OptionalTensor& mask, const Drawn& drawn,
                            std::vector<int64_t> heads) {
    const at::AutoDispatchBelowADInplaceOrView below;
    const auto [out, weights] =
        attendDropping(query, key, value, additive(mask, query), {drawn, {}, heads});
    context->save_for_backward({query, key, value, weights, drawn.rows,
                                mask && mask->requires_grad() ? *mask : at::Tensor()});
    context->saved_data["p"] = drawn.p;
    context->saved_data["seed"] = drawn.seed;
    context->saved_data["heads"] = std::move(heads);
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    TORCH_CHECK(!at::GradMode::is_enabled(),
                "dropout_attention: gradients of gradients are not supported; call backward "
                "without createGraph");
    const auto saved = context->get_saved_variables();
    const auto heads = context->saved_data["heads"].toIntVector();
    const Drawn drawn{context->saved_data["p"].toDouble(), context->saved_data["seed"].toInt(),
                      saved[4]};
    const auto all = attendDroppingBackward(gradients[0], saved[0], saved[1], saved[2], saved[3],
                                            {drawn, {}, heads});
    const at::Tensor& mask = saved[5];
    const at::Tensor dMask =
        mask.defined() ? all.scores.sum_to_size(mask.sizes()).to(mask.scalar_type()) : mask;
    return {all.query, all.key, all.value, dMask, at::Tensor(), at::Tensor()};
  }
};

at::Tensor dropoutAttention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                            const OptionalTensor& mask, double p, int64_t seed,
                            const OptionalTensor& rows, at::IntArrayRef heads) {
  check(query, key, value, mask, heads);
  const Drawn drawn = checkedDrawn(p, seed, rows, query.size(0) * query.size(2), query);
  return DropoutAttention::apply(query, key, value, mask, drawn, heads.vec());
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(adaptune, library) {
  library.def(
      "dropout_attention(Tensor query, Tensor key, Tensor value, Tensor? attn_mask, float p, "
      "int seed, *, Tensor? rows=None, int[] heads=[]) -> Tensor");
}

TORCH_LIBRARY_IMPL(adaptune, CompositeImplicitAutograd, library) {
  library.impl("dropout_attention", dropoutAttention);
}

}  // namespace adaptune
