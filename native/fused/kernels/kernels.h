// Elementwise kernels for the processor, compiled once for each instruction set; see dispatch.h for
// the one that runs. Rows are [R,C], contiguous. A kernel does rows begin .. end - 1 of a job, and
// gets memory of its own, `scratchBytes(C)`, to work in.
//
// A row is accumulated in float, doubles in double. Parameters, such as a norm's weight, are given
// in the type that rows are accumulated in.
#pragma once

#include <stdint.h>

namespace adaptune::kernels {

// As c10::BFloat16.
struct BFloat16 {
  uint16_t bits;
};

template <typename T>
struct AccumulateOf {
  using type = float;
};
template <>
struct AccumulateOf<double> {
  using type = double;
};
template <typename T>
using Accumulate = typename AccumulateOf<T>::type;

// What is dropped: where 32 random bits are below a limit. They are word `column % 4` of
// Philox4x32-10 (Salmon et al. 2011) with the seed as its key and the counter
// (column / 4, position, sample, stream), so that they depend on what an element is, not on where.
struct Dropout {
  uint64_t seed;
  uint32_t limit;
  double scale;  // of what stays, 1 / (1 - p)
  // Who a row is: sample * 2^32 + position; null where rows are those of all samples in order.
  const int64_t* rows;
  int64_t rows_per_sample;

  uint32_t sampleOf(int64_t row) const {
    return static_cast<uint32_t>(rows ? static_cast<uint64_t>(rows[row]) >> 32
                                      : static_cast<uint64_t>(row / rows_per_sample));
  }
  uint32_t positionOf(int64_t row) const {
    return static_cast<uint32_t>(rows ? static_cast<uint64_t>(rows[row])
                                      : static_cast<uint64_t>(row % rows_per_sample));
  }
};

// y = dropout(x)
template <typename T>
struct DropoutRows {
  const T* x;
  T* y;
  int64_t columns;
  const Dropout* dropout;
};

// y = x^ w + b of x^ = (h - mean(h)) / sqrt(var(h) + eps), h = residual + dropout(x).
template <typename T>
struct AddNormRows {
  const T* x;
  const T* residual;
  T* y;
  T* normed;            // x^; null where it is not asked for
  Accumulate<T>* rstd;  // [R], 1 / sqrt(var(h) + eps); as x^
  int64_t columns;
  double eps;
  const Accumulate<T>* const* weights;  // [K] of [C]; null for ones
  const Accumulate<T>* const* biases;   // [K] of [C]; null for zeros
  const int32_t* choice;                // [R], below K; null for 0
  const Dropout* dropout;               // null for none
};

// What AddNormRows' gradient dy becomes.
template <typename T>
struct AddNormBackwardRows {
  const T* dy;
  const T* normed;
  const Accumulate<T>* rstd;
  T* dx;         // null where it is not asked for, or is dresidual
  T* dresidual;  // null where it is not asked for
  int64_t columns;
  const Accumulate<T>* const* weights;
  const int32_t* choice;
  const Dropout* dropout;
  // [K] of [C], to be added to; null, or null at k, where it is not asked for.
  Accumulate<T>* const* dweights;
  Accumulate<T>* const* dbiases;
};

// y = gelu(x + bias), exact by the error function.
template <typename T>
struct BiasGeluRows {
  const T* x;
  const Accumulate<T>* bias;  // [C]; null for zeros
  T* y;
  int64_t columns;
};

template <typename T>
struct BiasGeluBackwardRows {
  const T* dy;
  const T* x;
  const Accumulate<T>* bias;
  T* dx;
  int64_t columns;
  Accumulate<T>* dbias;  // [C], to be added to; null where it is not asked for
};

// Where attention's weights drop: row (sample, head, query) of [n,H,S,S'], the head in the
// counter's stream. `dropout.rows` are the queries', [n,S].
struct AttentionDropout {
  Dropout dropout;
  int64_t heads, queries;
  const int64_t* head_numbers;  // [H]; null for 0 .. H-1
  const int64_t* key_rows;      // [n,S'], as rows are given; null for positions 0 .. S'-1
  int64_t last_key;             // the largest position of a key
};

// weights = softmax(scores), dropped = dropout(weights), [R,C] = [n H S, S'].
template <typename T>
struct SoftmaxDropoutRows {
  const T* scores;
  T* weights;
  T* dropped;
  int64_t columns;
  const AttentionDropout* dropout;
};

// dscores of the gradient of what was dropped, and what was dropped once more.
template <typename T>
struct SoftmaxDropoutBackwardRows {
  const T* weights;
  const T* ddropped;
  T* dscores;
  T* dropped;
  int64_t columns;
  const AttentionDropout* dropout;
};

// Rows of the A [M,K] of a matrix product, or columns of its B [K,N]; both are called columns here.
// Lines of memory, `stride` floats apart, are columns and K runs along them (`is_across`), or each
// line has the columns of one k.
struct ProductPanels {
  const float* from;
  int64_t stride, columns, k;
  bool is_across;
  int64_t panel_stride;  // floats from one packed panel to the next
};

// A part of a sum over K: rows of A, and a packed panel of B.
struct ProductSegment {
  const float* a;
  int64_t a_stride;  // of lines of A: its rows (`is_across`), or K; tile_rows for a packed panel
  const float* b;
  int64_t k;
};

// c [rows,columns] = sum of segments' A B, + bias, through erf-GELU where asked for.
struct ProductTile {
  const ProductSegment* segments;
  int64_t segment_count;
  int64_t rows, columns;
  bool is_across;
  float* c;
  int64_t c_stride;
  const float* bias = nullptr;  // [columns]; null for zeros
  bool gelu = false;
  bool adds = false;  // to what is there
};

// <dy, gelu(other) - gelu(z)> of each row [columns], added to sums [rows].
struct GeluComparison {
  const float *dy, *z, *other;
  int64_t stride, other_stride;  // of rows of dy and z, and of other
  int64_t rows, columns;
  double* sums;
};

// A tile has up to tile_rows rows and tile_columns columns. A packed panel is [K, tile_rows] of A,
// and [K, tile_columns] of B.
struct ProductKernels {
  int tile_rows, tile_columns;
  void (*pack_rows)(const ProductPanels& panels, float* to);
  void (*pack_columns)(const ProductPanels& panels, float* to);
  void (*tile)(const ProductTile& tile);
  void (*compare_gelu)(const GeluComparison& comparison);
};

template <typename Job>
using Kernel = void (*)(const Job& job, int64_t begin, int64_t end, void* scratch);

template <typename T>
struct Kernels {
  Kernel<DropoutRows<T>> dropout;
  Kernel<AddNormRows<T>> add_norm;
  Kernel<AddNormBackwardRows<T>> add_norm_backward;
  Kernel<BiasGeluRows<T>> bias_gelu;
  Kernel<BiasGeluBackwardRows<T>> bias_gelu_backward;
  Kernel<SoftmaxDropoutRows<T>> softmax_dropout;
  Kernel<SoftmaxDropoutBackwardRows<T>> softmax_dropout_backward;
};

struct AllKernels {
  Kernels<float> of_float;
  Kernels<double> of_double;
  Kernels<BFloat16> of_bfloat16;
  ProductKernels products;
};

// Room for a row of doubles and a row of masks, up to whole vectors.
constexpr int64_t scratchBytes(int64_t columns) {
  return (columns + 64) * static_cast<int64_t>(sizeof(double) + sizeof(int32_t));
}

// By instruction set.
namespace baseline {
extern const AllKernels kernels;
}
namespace avx2 {
extern const AllKernels kernels;
}
namespace avx512 {
extern const AllKernels kernels;
}

}  // namespace adaptune::kernels
