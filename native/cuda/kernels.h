// What CUDA kernels are launched with. Their sources (*.cu) include nothing of LibTorch but its
// 16-bit types, so that nvcc is done with them in seconds; the operators (*.cc) are plain C++.
// Pointers are to the device. Each launch is checked by its caller.
#pragma once

#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>
#include <cuda_runtime_api.h>

#include <cstdint>
#include <type_traits>

namespace adaptune::cuda {

// What elements are computed in.
template <typename T>
using Accumulate = std::conditional_t<std::is_same_v<T, double>, double, float>;

// Which elements of rows are dropped: see philox.cuh.
struct Dropout {
  uint64_t seed = 0;
  uint32_t limit = 0;
  double scale = 1;               // of what stays, 1 / (1 - p)
  const int64_t* rows = nullptr;  // [R], sample * 2^32 + position; null for all samples in order
  int64_t rowsPerSample = 1;
  bool drops = false;
};

// y = dropout(x), rows [R,C].
template <typename T>
struct DropoutRows {
  const T* x;
  T* y;
  int64_t rows, columns;
  Dropout dropout;
};

template <typename T>
void launch(const DropoutRows<T>& job, cudaStream_t stream);

// y = gelu(x + bias), rows [R,C]; bias [C] or null. Parameters have the type of rows, or the one
// these are computed in.
template <typename T, typename P>
struct BiasGeluRows {
  const T* x;
  const P* bias;
  T* y;
  int64_t rows, columns;
};

template <typename T, typename P>
void launch(const BiasGeluRows<T, P>& job, cudaStream_t stream);

// dx = dy gelu'(x + bias), and the sums of dx over each group of `together` rows, sums [groups,C],
// unless that is null.
template <typename T, typename P>
struct BiasGeluBackwardRows {
  const T* dy;
  const T* x;
  const P* bias;
  T* dx;
  Accumulate<T>* sums;
  int64_t rows, columns, groups, together;
};

template <typename T, typename P>
void launch(const BiasGeluBackwardRows<T, P>& job, cudaStream_t stream);

// Pointers to the parameters of every alternative, by value.
constexpr int kMostAlternatives = 64;
template <typename P>
struct Parameters {
  P* at[kMostAlternatives] = {};
};

// y = x^ w + b of x^ = (h - mean(h)) / sqrt(var(h) + eps), h = residual + dropout(x); w and b are
// those of the row's alternative.
template <typename T, typename P>
struct AddNormRows {
  const T* x;
  const T* residual;
  T* y;
  T* normed;            // x^; null where it is not asked for
  Accumulate<T>* rstd;  // [R], 1 / sqrt(var(h) + eps); as x^
  int64_t rows, columns;
  double eps;
  Parameters<const P> weights, biases;  // each [C]; null for ones and zeros
  const int32_t* choice;                // [R]; null for 0
  Dropout dropout;
};

template <typename T, typename P>
void launch(const AddNormRows<T, P>& job, cudaStream_t stream);

// What its gradient dy becomes.
template <typename T, typename P>
struct AddNormBackwardRows {
  const T* dy;
  const T* normed;
  const Accumulate<T>* rstd;
  T* dx;         // null where it is not asked for, or is dresidual
  T* dresidual;  // null where it is not asked for
  int64_t rows, columns;
  Parameters<const P> weights;
  const int32_t* choice;
  Dropout dropout;
};

template <typename T, typename P>
void launch(const AddNormBackwardRows<T, P>& job, cudaStream_t stream);

// The gradients of the parameters of each of K alternatives, summed over each group of `together`
// rows: [groups,slots,C] from each pointer on, null where it is not asked for.
template <typename T>
struct AddNormParameterSums {
  const T* dy;
  const T* normed;
  const int32_t* choice;
  int64_t rows, columns, groups, together, slots;
  int alternatives;
  Parameters<Accumulate<T>> dweights, dbiases;
};

template <typename T>
void launch(const AddNormParameterSums<T>& job, cudaStream_t stream);

// Where attention's weights [n,H,S,S'] drop: `dropout.rows` are the queries', [n S], and a head's
// number is in the counter's last word.
constexpr int kMostHeads = 128;
struct AttentionDropout {
  Dropout dropout;
  int64_t heads, queries, columns;  // H, S, S'
  const int64_t* keys;              // [n,S'], as rows are given; null for positions 0 .. S'-1
  int32_t numbers[kMostHeads];      // of the heads
};

// weights = softmax(scores), dropped = dropout(weights), rows of S' = columns.
template <typename T>
struct SoftmaxDropoutRows {
  const T* scores;
  T* weights;
  T* dropped;
  int64_t rows;
  AttentionDropout attention;
};

template <typename T>
void launch(const SoftmaxDropoutRows<T>& job, cudaStream_t stream);

// The gradient of the scores, given that of what was dropped; and what was dropped once more.
template <typename T>
struct SoftmaxDropoutBackwardRows {
  const T* weights;
  const T* ddropped;
  T* dscores;
  T* dropped;
  int64_t rows;
  AttentionDropout attention;
};

template <typename T>
void launch(const SoftmaxDropoutBackwardRows<T>& job, cudaStream_t stream);

// choice = argmax of (logits - log E) / temperature over rows [R,K], its one-hot gate and the
// softmax; E null for no noise.
template <typename T>
struct GateRows {
  const T* logits;
  const Accumulate<T>* exponential;
  T* gate;
  T* probabilities;
  int64_t* choice;
  int64_t rows, alternatives;
  double temperature;
};

template <typename T>
void launch(const GateRows<T>& job, cudaStream_t stream);

// dlogits = p (dgate - <p, dgate>) / temperature, rows [R,K].
template <typename T>
struct GateBackwardRows {
  const T* probabilities;
  const T* dgate;
  T* dlogits;
  int64_t rows, alternatives;
  double temperature;
};

template <typename T>
void launch(const GateBackwardRows<T>& job, cudaStream_t stream);

// Ranges of rows that lie one after the other in a part and elsewhere in the whole. They travel
// with the launch, so that no copy to the device is needed and CUDA graphs keep them.
constexpr int kMostSpans = 256;
struct SpanTable {
  int32_t count = 0, longest = 0;
  int32_t part[kMostSpans], whole[kMostSpans], length[kMostSpans];
};

// Copies rows of `bytes` bytes: to part from whole, or the other way.
struct CopySpans {
  const void* from;
  void* to;
  int64_t bytes;
  bool toPart;
  SpanTable spans;
};

void launch(const CopySpans& job, cudaStream_t stream);

// out = part - whole at the rows of the part; out is as the part.
template <typename T>
struct SubtractSpans {
  const T* part;
  const T* whole;
  T* out;
  int64_t columns;
  SpanTable spans;
};

template <typename T>
void launch(const SubtractSpans<T>& job, cudaStream_t stream);

// sums[sample[i] stride] += <part, whole> of span i; no two spans have the same sample.
template <typename T, typename S>
struct DotSpans {
  const T* part;
  const T* whole;
  S* sums;
  int64_t columns, stride;
  SpanTable spans;
  int32_t sample[kMostSpans];
};

template <typename T, typename S>
void launch(const DotSpans<T, S>& job, cudaStream_t stream);

// Writes numbers that travel with the launch.
constexpr int kMostNumbers = 896;
struct WriteNumbers {
  int32_t* to;
  int32_t count;
  int32_t numbers[kMostNumbers];
};

void launch(const WriteNumbers& job, cudaStream_t stream);

}  // namespace adaptune::cuda
