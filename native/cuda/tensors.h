// What operators on CUDA share: how tensors become the pointers of kernels.h.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>

#include <algorithm>
#include <optional>

#include "kernels.h"

namespace adaptune::cuda {

using OptionalTensor = std::optional<at::Tensor>;

inline int64_t columnsOf(const at::Tensor& x) {
  return x.dim() == 0 ? 1 : x.size(-1);
}

inline int64_t rowsOf(const at::Tensor& x) {
  return x.numel() == 0 ? 0 : x.numel() / columnsOf(x);
}

// What rows are computed in, and parameters of another type than theirs given in.
inline at::ScalarType accumulateType(const at::Tensor& x) {
  return x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
}

// Null for an undefined tensor.
template <typename T>
const T* readFrom(const at::Tensor& x) {
  return x.defined() ? x.const_data_ptr<T>() : nullptr;
}

template <typename T>
T* writeTo(const at::Tensor& x) {
  return x.defined() ? x.mutable_data_ptr<T>() : nullptr;
}

// Rows whose sums over columns are made together: enough groups for many blocks, at most 512. It
// depends on the rows alone, so that sums are the same on every device.
inline int64_t rowsTogether(int64_t rows) {
  const int64_t least = (rows + 511) / 512;
  return std::max<int64_t>(64, (least + 7) / 8 * 8);
}

inline int64_t groupsOf(int64_t rows) {
  return (rows + rowsTogether(rows) - 1) / rowsTogether(rows);
}

// Calls fn(T{}) for the type of the rows; `what` names the operator where there are no kernels.
template <typename Fn>
void withRows(const char* what, const at::Tensor& x, const Fn& fn) {
  switch (x.scalar_type()) {
    case at::kFloat:
      return fn(float{});
    case at::kDouble:
      return fn(double{});
    case at::kHalf:
      return fn(c10::Half{});
    case at::kBFloat16:
      return fn(c10::BFloat16{});
    default:
      TORCH_CHECK(false, what, ": expected float32, float64, float16 or bfloat16 on CUDA, given ",
                  x.scalar_type());
  }
}

// Calls fn(T{}, P{}) for the types of the rows and of parameters.
template <typename Fn>
void withRowsAndParameters(const char* what, const at::Tensor& x, at::ScalarType parameters,
                           const Fn& fn) {
  withRows(what, x, [&](auto element) {
    using T = decltype(element);
    if (parameters == x.scalar_type())
      fn(T{}, T{});
    else
      fn(T{}, Accumulate<T>{});
  });
}

// Launches on the current stream, and throws c10::Error where that fails. The device must be
// current.
template <typename Job>
void run(const Job& job) {
  launch(job, c10::cuda::getCurrentCUDAStream());
  C10_CUDA_KERNEL_LAUNCH_CHECK();
}

// Throws c10::Error unless `rows` has a number for each row of x.
void checkRowNumbers(const at::Tensor& x, double p, const OptionalTensor& rows);

// Which elements of rows are dropped. `rows` has their numbers; where it is undefined each sample
// has `rowsPerSample` of them.
Dropout dropoutOf(double p, int64_t seed, const at::Tensor& rows, int64_t rowsPerSample);

// The same for x [..,D], whose first dimension counts samples.
Dropout dropoutOf(const at::Tensor& x, double p, int64_t seed, const at::Tensor& rows);

// Numbers on a device, without a copy from the host: [n] int32.
at::Tensor onDevice(const std::vector<int32_t>& numbers, at::Device device);

}  // namespace adaptune::cuda
