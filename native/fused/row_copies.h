// Rows that go to other places: copies, differences and products of parts of packed rows.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace adaptune {

// Rows `first` to `first + length` of a tensor that all samples are in; those of one sample.
struct Span {
  int64_t first, length, sample;
};

// Some samples' rows. A tensor of these rows alone has them one after the other.
struct Spans {
  std::vector<Span> spans;
  int64_t rows = 0;

  void add(int64_t first, int64_t length, int64_t sample) {
    spans.push_back({first, length, sample});
    rows += length;
  }
};

// part [rows, ...] of all [R, ...]; all itself where it is the whole.
at::Tensor takeRows(const at::Tensor& all, const Spans& spans);

// Writes part [rows, ...] to its places in all [R, ...], which is contiguous.
void putRows(at::Tensor& all, const Spans& spans, const at::Tensor& part);

// part - all at the rows of the part: [rows, ...].
at::Tensor differences(const Spans& spans, const at::Tensor& part, const at::Tensor& all);

// Adds <all_b, part_b> of each sample b of the part to sums [B].
void addDots(at::Tensor& sums, const Spans& spans, const at::Tensor& all, const at::Tensor& part);

// The same by a device's own kernels.
struct RowKernels {
  decltype(takeRows)* take;
  decltype(putRows)* put;
  decltype(differences)* subtract;
  decltype(addDots)* dots;
};

// CUDA's; null in an addon that is built without them.
extern const RowKernels* cudaRowKernels;

}  // namespace adaptune
