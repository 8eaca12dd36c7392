// Dropout that depends on what an element is, not on where it lies: see kernels/kernels.h.
#pragma once

#include <ATen/Tensor.h>

#include "kernels/kernels.h"

namespace adaptune {

// What elements of rows [R,C] are dropped.
struct Drawn {
  double p;
  int64_t seed;
  at::Tensor rows;  // [R] int64, sample * 2^32 + position; undefined for all samples in order

  bool drops() const { return p > 0; }
};

// Checks what an operator was given: `rows` identifies `count` rows on the device of `like`.
Drawn checkedDrawn(double p, int64_t seed, const std::optional<at::Tensor>& rows, int64_t count,
                   const at::Tensor& like);

// For kernels: where there are no row numbers, each sample has so many rows.
kernels::Dropout kernelDropout(const Drawn& drawn, int64_t rowsPerSample);

// The factor of what stays; nothing does at p = 1.
double scaleOf(double p);

// What rows are where none are given: sample * 2^32 + position, [count].
at::Tensor numbersInOrder(int64_t count, int64_t rowsPerSample, at::Device device);

// By LibTorch's operators, for any device: 0 where an element is dropped, `scaleOf(p)` elsewhere.
// row numbers and streams broadcast to [..,1], columns to [..,C], all int64 -> [..,C] of a dtype.
at::Tensor keepFactors(const Drawn& drawn, const at::Tensor& rows, const at::Tensor& streams,
                       const at::Tensor& columns, at::ScalarType dtype);

}  // namespace adaptune
