// Attention's weights and what of them is dropped: native/fused/dropout_attention.cc.
#include "grids.cuh"
#include "philox.cuh"

namespace adaptune::cuda {

constexpr unsigned kRowsOfWarps = 4;

// Who drops in a row (sample, head, query) of [n,H,S,S'].
struct WeightRow {
  RowNumber query;
  uint32_t head;
  const int64_t* keys;  // those of the sample, or null
};

__device__ inline WeightRow weightRow(const AttentionDropout& attention, int64_t row) {
  const int64_t queries = attention.queries, heads = attention.heads;
  const int64_t sample = row / (heads * queries), head = row / queries % heads;
  const int64_t* keys =
      attention.keys == nullptr ? nullptr : attention.keys + sample * attention.columns;
  return {numberOf(attention.dropout, sample * queries + row % queries),
          static_cast<uint32_t>(attention.numbers[head]), keys};
}

// The factor of a key: of the word of its position in the counter of its quad.
template <typename A>
__device__ inline A factorOf(const AttentionDropout& attention, const WeightRow& row,
                             int64_t column) {
  const uint32_t position =
      row.keys == nullptr ? static_cast<uint32_t>(column) : static_cast<uint32_t>(row.keys[column]);
  return dropOne(attention.dropout, row.query, position, A{1}, row.head);
}

// A warp a row, whose scores are read for the maximum, for the sum and for the result.
template <typename T>
__global__ void softmaxDropoutRows(SoftmaxDropoutRows<T> job) {
  using A = Accumulate<T>;
  const int64_t row = static_cast<int64_t>(blockIdx.x) * kRowsOfWarps + threadIdx.x / kWarp;
  if (row >= job.rows) return;
  const int lane = threadIdx.x % kWarp;
  const int64_t columns = job.attention.columns;
  const T* scores = job.scores + row * columns;
  A most = -INFINITY;
  for (int64_t column = lane; column < columns; column += kWarp) {
    const A score = static_cast<A>(scores[column]);
    most = score > most ? score : most;
  }
  most = warpMaximum(most);
  A sum = 0;
  for (int64_t column = lane; column < columns; column += kWarp)
    sum += exp(static_cast<A>(scores[column]) - most);
  sum = warpSum(sum);
  const WeightRow who = weightRow(job.attention, row);
  for (int64_t column = lane; column < columns; column += kWarp) {
    const A weight = exp(static_cast<A>(scores[column]) - most) / sum;
    job.weights[row * columns + column] = static_cast<T>(weight);
    job.dropped[row * columns + column] =
        static_cast<T>(weight * factorOf<A>(job.attention, who, column));
  }
}

// With w the weights and dw the gradient of what was left of them: dscores = w (dw - <w, dw>).
template <typename T>
__global__ void softmaxDropoutBackwardRows(SoftmaxDropoutBackwardRows<T> job) {
  using A = Accumulate<T>;
  const int64_t row = static_cast<int64_t>(blockIdx.x) * kRowsOfWarps + threadIdx.x / kWarp;
  if (row >= job.rows) return;
  const int lane = threadIdx.x % kWarp;
  const int64_t columns = job.attention.columns, first = row * columns;
  const WeightRow who = weightRow(job.attention, row);
  A along = 0;
  for (int64_t column = lane; column < columns; column += kWarp)
    along += static_cast<A>(job.weights[first + column]) *
             static_cast<A>(job.ddropped[first + column]) * factorOf<A>(job.attention, who, column);
  along = warpSum(along);
  for (int64_t column = lane; column < columns; column += kWarp) {
    const A weight = static_cast<A>(job.weights[first + column]);
    const A factor = factorOf<A>(job.attention, who, column);
    const A dweight = static_cast<A>(job.ddropped[first + column]) * factor;
    job.dscores[first + column] = static_cast<T>(weight * (dweight - along));
    job.dropped[first + column] = static_cast<T>(weight * factor);
  }
}

template <typename T>
void launch(const SoftmaxDropoutRows<T>& job, cudaStream_t stream) {
  const auto blocks = static_cast<unsigned>((job.rows + kRowsOfWarps - 1) / kRowsOfWarps);
  start(softmaxDropoutRows<T>, blocks, kRowsOfWarps * kWarp, job, stream);
}

template <typename T>
void launch(const SoftmaxDropoutBackwardRows<T>& job, cudaStream_t stream) {
  const auto blocks = static_cast<unsigned>((job.rows + kRowsOfWarps - 1) / kRowsOfWarps);
  start(softmaxDropoutBackwardRows<T>, blocks, kRowsOfWarps * kWarp, job, stream);
}

ADAPTUNE_FOR_ROWS(SoftmaxDropoutRows)
ADAPTUNE_FOR_ROWS(SoftmaxDropoutBackwardRows)

}  // namespace adaptune::cuda
