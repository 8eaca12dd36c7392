// LayerNorm(residual + dropout(x)): native/fused/dropout_add_layer_norm.cc.
#include "add_norm.cuh"

namespace adaptune::cuda {

// A warp a row, which stays in its registers.
template <typename T, typename P, int steps>
__global__ void addNormOfWarp(AddNormRows<T, P> job) {
  using A = Accumulate<T>;
  constexpr int N = kWidth<T>, V = kHeld<T, steps>;
  const int64_t row = static_cast<int64_t>(blockIdx.x) * kWarpsOfBlock + threadIdx.x / kWarp;
  if (row >= job.rows) return;
  const int lane = threadIdx.x % kWarp;
  const int64_t first = row * job.columns;
  const RowNumber number = job.dropout.drops ? numberOf(job.dropout, row) : RowNumber{};
  A held[V][N];
  A total = 0;
#pragma unroll
  for (int v = 0; v < V; ++v) {
    const int64_t column = (v * kWarp + lane) * N;
#pragma unroll
    for (int n = 0; n < N; ++n) held[v][n] = 0;
    if (column >= job.columns) continue;
    const auto x = load<N>(job.x + first + column),
               residual = load<N>(job.residual + first + column);
#pragma unroll
    for (int n = 0; n < N; ++n) held[v][n] = static_cast<A>(x.values[n]);
    if (job.dropout.drops) dropNeighbours(job.dropout, number, column, held[v]);
#pragma unroll
    for (int n = 0; n < N; ++n) total += held[v][n] += static_cast<A>(residual.values[n]);
  }
  const A mean = warpSum(total) / static_cast<A>(job.columns);
  A squares = 0;
#pragma unroll
  for (int v = 0; v < V; ++v) {
    if ((v * kWarp + lane) * N >= job.columns) continue;
#pragma unroll
    for (int n = 0; n < N; ++n) {
      held[v][n] -= mean;
      squares += held[v][n] * held[v][n];
    }
  }
  const A variance = warpSum(squares) / static_cast<A>(job.columns);
  const A rstd = A{1} / sqrt(variance + static_cast<A>(job.eps));
  const P* weights = ofAlternative(job.weights, job.choice, row);
  const P* biases = ofAlternative(job.biases, job.choice, row);
#pragma unroll
  for (int v = 0; v < V; ++v) {
    const int64_t column = (v * kWarp + lane) * N;
    if (column >= job.columns) continue;
    const auto weight = parametersAt<N>(weights, column, A{1});
    const auto bias = parametersAt<N>(biases, column, A{0});
    Vector<T, N> y, normed;
#pragma unroll
    for (int n = 0; n < N; ++n) {
      const A value = held[v][n] * rstd;
      normed.values[n] = static_cast<T>(value);
      y.values[n] = static_cast<T>(value * weight.values[n] + bias.values[n]);
    }
    store(job.y + first + column, y);
    if (job.normed != nullptr) store(job.normed + first + column, normed);
  }
  if (job.rstd != nullptr && lane == 0) job.rstd[row] = rstd;
}

// A block a row, whose sum is computed anew for the mean, the variance and the result.
template <typename T, typename P>
__global__ void addNormOfBlock(AddNormRows<T, P> job) {
  using A = Accumulate<T>;
  const int64_t row = blockIdx.x, first = row * job.columns;
  const RowNumber number = job.dropout.drops ? numberOf(job.dropout, row) : RowNumber{};
  const auto sumAt = [&](int64_t column) {
    A x = static_cast<A>(job.x[first + column]);
    if (job.dropout.drops) x = dropOne(job.dropout, number, column, x);
    return x + static_cast<A>(job.residual[first + column]);
  };
  A total = 0;
  for (int64_t column = threadIdx.x; column < job.columns; column += blockDim.x)
    total += sumAt(column);
  const A mean = blockSum(total) / static_cast<A>(job.columns);
  A squares = 0;
  for (int64_t column = threadIdx.x; column < job.columns; column += blockDim.x) {
    const A centred = sumAt(column) - mean;
    squares += centred * centred;
  }
  const A variance = blockSum(squares) / static_cast<A>(job.columns);
  const A rstd = A{1} / sqrt(variance + static_cast<A>(job.eps));
  const P* weights = ofAlternative(job.weights, job.choice, row);
  const P* biases = ofAlternative(job.biases, job.choice, row);
  for (int64_t column = threadIdx.x; column < job.columns; column += blockDim.x) {
    const A value = (sumAt(column) - mean) * rstd;
    const A weight = parametersAt<1>(weights, column, A{1}).values[0];
    const A bias = parametersAt<1>(biases, column, A{0}).values[0];
    job.y[first + column] = static_cast<T>(value * weight + bias);
    if (job.normed != nullptr) job.normed[first + column] = static_cast<T>(value);
  }
  if (job.rstd != nullptr && threadIdx.x == 0) job.rstd[row] = rstd;
}

template <typename T, typename P>
void launch(const AddNormRows<T, P>& job, cudaStream_t stream) {
  constexpr int N = kWidth<T>;
  const auto fits = [&](const T* rows) { return isAligned<N>(rows, job.columns); };
  const bool held = job.columns <= kMostSteps * kColumnsOfStep && fits(job.x) &&
                    fits(job.residual) && fits(job.y) && fits(job.normed) &&
                    areAligned<N>(job.weights, job.columns) &&
                    areAligned<N>(job.biases, job.columns);
  if constexpr (N % 4 == 0) {
    if (held) {
      withSteps(job.columns, [&](auto steps) {
        start(addNormOfWarp<T, P, decltype(steps)::value>, warpGrid(job.rows),
              kWarpsOfBlock * kWarp, job, stream);
      });
      return;
    }
  }
  start(addNormOfBlock<T, P>, static_cast<unsigned>(job.rows), kThreadsOfRow, job, stream);
}

ADAPTUNE_FOR_ROWS_AND_PARAMETERS(AddNormRows)

}  // namespace adaptune::cuda
