// Attention's weights and what of them is dropped, on CUDA: native/fused/dropout_attention.h.
#include <ATen/Functions.h>

#include "fused/dropout_attention.h"
#include "tensors.h"

namespace adaptune::cuda {

namespace {

// Heads' numbers travel with the launch, so there is a limit.
bool fits(const at::Tensor& weights) {
  return weights.dim() == 4 && weights.size(1) <= kMostHeads;
}

AttentionDropout attentionOf(const at::Tensor& weights, const AttentionDrawn& drawn) {
  AttentionDropout result{};
  result.heads = weights.size(1);
  result.queries = weights.size(2);
  result.columns = weights.size(3);
  result.dropout = dropoutOf(drawn.drawn.p, drawn.drawn.seed, drawn.drawn.rows, result.queries);
  result.keys = readFrom<int64_t>(drawn.keys);
  for (int64_t head = 0; head < result.heads; ++head)
    result.numbers[head] = static_cast<int32_t>(drawn.heads.empty() ? head : drawn.heads[head]);
  return result;
}

bool softmaxDropout(const at::Tensor& scores, const AttentionDrawn& drawn, at::Tensor& weights,
                    at::Tensor& dropped) {
  if (!fits(scores)) return false;
  const c10::cuda::CUDAGuard guard(scores.device());
  const at::Tensor source = scores.contiguous();
  weights = at::empty_like(source);
  dropped = at::empty_like(source);
  if (source.numel() == 0) return true;
  withRows("dropout_attention", source, [&](auto element) {
    using T = decltype(element);
    run(SoftmaxDropoutRows<T>{readFrom<T>(source), writeTo<T>(weights), writeTo<T>(dropped),
                              rowsOf(source), attentionOf(source, drawn)});
  });
  return true;
}

bool softmaxDropoutBackward(const at::Tensor& weights, const at::Tensor& ddropped,
                            const AttentionDrawn& drawn, at::Tensor& dscores, at::Tensor& dropped) {
  if (!fits(weights)) return false;
  const c10::cuda::CUDAGuard guard(weights.device());
  const at::Tensor source = weights.contiguous(), gradient = ddropped.contiguous();
  dscores = at::empty_like(source);
  dropped = at::empty_like(source);
  if (source.numel() == 0) return true;
  withRows("dropout_attention", source, [&](auto element) {
    using T = decltype(element);
    run(SoftmaxDropoutBackwardRows<T>{readFrom<T>(source), readFrom<T>(gradient),
                                      writeTo<T>(dscores), writeTo<T>(dropped), rowsOf(source),
                                      attentionOf(source, drawn)});
  });
  return true;
}

const WeightKernels kernels{softmaxDropout, softmaxDropoutBackward};
// When the addon is loaded.
[[maybe_unused]] const bool installed = (cudaWeightKernels = &kernels, true);

}  // namespace

}  // namespace adaptune::cuda
