// The straight-through gate: native/fused/gumbel_gate.cc on CUDA.
#include <ATen/Functions.h>
#include <torch/library.h>

#include "tensors.h"

namespace adaptune::cuda {

namespace {

std::tuple<at::Tensor, at::Tensor, at::Tensor> gate(const at::Tensor& given,
                                                    const OptionalTensor& exponential,
                                                    double temperature) {
  const c10::cuda::CUDAGuard guard(given.device());
  const at::Tensor logits = given.contiguous();
  const at::Tensor noise =
      exponential ? exponential->to(accumulateType(logits)).contiguous() : at::Tensor();
  at::Tensor gate = at::empty_like(logits), probabilities = at::empty_like(logits);
  at::Tensor choice =
      at::empty(logits.sizes().slice(0, logits.dim() - 1), logits.options().dtype(at::kLong));
  if (logits.numel() > 0)
    withRows("gumbel_gate", logits, [&](auto element) {
      using T = decltype(element);
      run(GateRows<T>{readFrom<T>(logits), readFrom<Accumulate<T>>(noise), writeTo<T>(gate),
                      writeTo<T>(probabilities), writeTo<int64_t>(choice), rowsOf(logits),
                      columnsOf(logits), temperature});
    });
  return {gate, choice, probabilities};
}

at::Tensor gateBackward(const at::Tensor& given, const at::Tensor& dGate, double temperature) {
  const c10::cuda::CUDAGuard guard(given.device());
  const at::Tensor probabilities = given.contiguous(),
                   gradient = dGate.to(given.scalar_type()).contiguous();
  at::Tensor dLogits = at::empty_like(probabilities);
  if (dLogits.numel() > 0)
    withRows("gumbel_gate_backward", probabilities, [&](auto element) {
      using T = decltype(element);
      run(GateBackwardRows<T>{readFrom<T>(probabilities), readFrom<T>(gradient),
                              writeTo<T>(dLogits), rowsOf(dLogits), columnsOf(dLogits),
                              temperature});
    });
  return dLogits;
}

}  // namespace

TORCH_LIBRARY_IMPL(adaptune, CUDA, library) {
  library.impl("_gumbel_gate", gate);
  library.impl("_gumbel_gate_backward", gateBackward);
}

}  // namespace adaptune::cuda
