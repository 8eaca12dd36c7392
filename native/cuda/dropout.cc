// Counter-based dropout: native/fused/dropout.cc on CUDA.
#include <ATen/Functions.h>
#include <torch/library.h>

#include <cmath>

#include "tensors.h"

namespace adaptune::cuda {

void checkRowNumbers(const at::Tensor& x, double p, const OptionalTensor& rows) {
  TORCH_CHECK(p >= 0 && p <= 1, "argument 'p': expected a probability, given ", p);
  if (!rows) return;
  TORCH_CHECK(rows->dim() == 1 && rows->scalar_type() == at::kLong && rows->size(0) == rowsOf(x) &&
                  rows->device() == x.device(),
              "argument 'rows': expected Long of shape [", rowsOf(x), "] on ", x.device(),
              ", one number for every row, given ", rows->scalar_type(), " ", rows->sizes(), " on ",
              rows->device());
}

Dropout dropoutOf(double p, int64_t seed, const at::Tensor& rows, int64_t rowsPerSample) {
  Dropout dropout;
  dropout.seed = static_cast<uint64_t>(seed);
  dropout.limit = static_cast<uint32_t>(std::min(std::round(p * 4294967296.0), 4294967295.0));
  dropout.scale = p == 1 ? 0 : 1 / (1 - p);
  dropout.rows = readFrom<int64_t>(rows);
  dropout.rowsPerSample = std::max<int64_t>(1, rowsPerSample);
  dropout.drops = p > 0;
  return dropout;
}

Dropout dropoutOf(const at::Tensor& x, double p, int64_t seed, const at::Tensor& rows) {
  return dropoutOf(p, seed, rows, x.dim() < 2 || x.size(0) == 0 ? 1 : rowsOf(x) / x.size(0));
}

namespace {

at::Tensor dropout(const at::Tensor& x, double p, int64_t seed, const OptionalTensor& given) {
  TORCH_CHECK(x.is_floating_point(), "argument 'x': expected a floating-point tensor, given ",
              x.scalar_type());
  checkRowNumbers(x, p, given);
  if (p == 0 || x.numel() == 0) return x.clone();
  const c10::cuda::CUDAGuard guard(x.device());
  const at::Tensor source = x.contiguous();
  const at::Tensor rows = given ? given->contiguous() : at::Tensor();
  at::Tensor y = at::empty_like(source);
  withRows("dropout", x, [&](auto element) {
    using T = decltype(element);
    run(DropoutRows<T>{readFrom<T>(source), writeTo<T>(y), rowsOf(x), columnsOf(x),
                       dropoutOf(x, p, seed, rows)});
  });
  return y;
}

}  // namespace

TORCH_LIBRARY_IMPL(adaptune, CUDA, library) {
  library.impl("dropout", dropout);
}

}  // namespace adaptune::cuda
