// How operators run the kernels of native/fused/kernels on tensors.
#pragma once

#include <ATen/Parallel.h>
#include <ATen/Tensor.h>

#include <algorithm>
#include <memory>

#include "kernels/kernels.h"

namespace adaptune {

// The kernels for the instruction set that LibTorch's own kernels use.
const kernels::AllKernels& chosenKernels();

template <typename T>
const kernels::Kernels<T>& kernelsOf() {
  if constexpr (std::is_same_v<T, float>)
    return chosenKernels().of_float;
  else if constexpr (std::is_same_v<T, double>)
    return chosenKernels().of_double;
  else
    return chosenKernels().of_bfloat16;
}

// Whether there are kernels for a tensor: all else is computed by LibTorch's operators.
inline bool hasKernels(const at::Tensor& x) {
  const auto dtype = x.scalar_type();
  return x.device().is_cpu() &&
         (dtype == at::kFloat || dtype == at::kDouble || dtype == at::kBFloat16);
}

// What rows are accumulated in, and their parameters given in.
inline at::ScalarType accumulateType(const at::Tensor& x) {
  return x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
}

// Calls fn(T{}) for the element type of a tensor that has kernels.
template <typename Fn>
void withElement(const at::Tensor& x, const Fn& fn) {
  if (x.scalar_type() == at::kDouble)
    fn(double{});
  else if (x.scalar_type() == at::kFloat)
    fn(float{});
  else
    fn(kernels::BFloat16{});
}

// Null for an undefined tensor.
template <typename T>
const T* readFrom(const at::Tensor& x) {
  return x.defined() ? static_cast<const T*>(x.const_data_ptr()) : nullptr;
}

template <typename T>
T* writeTo(at::Tensor& x) {
  return x.defined() ? static_cast<T*>(x.mutable_data_ptr()) : nullptr;
}

// Does all rows in parallel; `columns` is how many of them a row needs room for.
template <typename Job>
void runRows(kernels::Kernel<Job> kernel, const Job& job, int64_t rows, int64_t columns) {
  const int64_t together = std::max<int64_t>(1, 16384 / std::max<int64_t>(1, columns));
  at::parallel_for(0, rows, together, [&](int64_t begin, int64_t end) {
    const std::unique_ptr<char[]> scratch(new char[kernels::scratchBytes(columns)]);
    kernel(job, begin, end, scratch.get());
  });
}

// Rows that add up what they give to parameters: so many together, whatever the number of threads,
// so that sums do not depend on it.
constexpr int64_t kRowsTogether = 64;

// How many such groups of rows there are.
inline int64_t groupsOf(int64_t rows) {
  return (rows + kRowsTogether - 1) / kRowsTogether;
}

// Calls fn(group, first row, end, scratch) for groups of rows in parallel.
template <typename Fn>
void forGroups(int64_t rows, int64_t columns, const Fn& fn) {
  at::parallel_for(0, groupsOf(rows), 1, [&](int64_t begin, int64_t end) {
    const std::unique_ptr<char[]> scratch(new char[kernels::scratchBytes(columns)]);
    for (int64_t group = begin; group < end; ++group) {
      const int64_t first = group * kRowsTogether;
      fn(group, first, std::min(first + kRowsTogether, rows), scratch.get());
    }
  });
}

}  // namespace adaptune
