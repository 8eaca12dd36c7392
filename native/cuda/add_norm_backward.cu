// With g = dy w:  dh = rstd (g - mean(g) - x^ mean(g x^)),  dresidual = dh,  dx = dropout(dh),
// and per alternative dw = sum of dy x^, db = sum of dy over its rows.
#include "add_norm.cuh"

namespace adaptune::cuda {

// A warp a row, which stays in its registers.
template <typename T, typename P, int steps>
__global__ void addNormBackwardOfWarp(AddNormBackwardRows<T, P> job) {
  using A = Accumulate<T>;
  constexpr int N = kWidth<T>, V = kHeld<T, steps>;
  const int64_t row = static_cast<int64_t>(blockIdx.x) * kWarpsOfBlock + threadIdx.x / kWarp;
  if (row >= job.rows) return;
  const int lane = threadIdx.x % kWarp;
  const int64_t first = row * job.columns;
  const P* weights = ofAlternative(job.weights, job.choice, row);
  A held[V][N];
  Vector<T, N> normed[V];
  A total = 0, along = 0;
#pragma unroll
  for (int v = 0; v < V; ++v) {
    const int64_t column = (v * kWarp + lane) * N;
    if (column >= job.columns) continue;
    const auto dy = load<N>(job.dy + first + column);
    normed[v] = load<N>(job.normed + first + column);
    const auto weight = parametersAt<N>(weights, column, A{1});
#pragma unroll
    for (int n = 0; n < N; ++n) {
      held[v][n] = static_cast<A>(dy.values[n]) * weight.values[n];
      total += held[v][n];
      along += held[v][n] * static_cast<A>(normed[v].values[n]);
    }
  }
  const A mean = warpSum(total) / static_cast<A>(job.columns);
  const A slope = warpSum(along) / static_cast<A>(job.columns);
  const A rstd = job.rstd[row];
  const RowNumber number = job.dropout.drops ? numberOf(job.dropout, row) : RowNumber{};
#pragma unroll
  for (int v = 0; v < V; ++v) {
    const int64_t column = (v * kWarp + lane) * N;
    if (column >= job.columns) continue;
    Vector<T, N> result;
#pragma unroll
    for (int n = 0; n < N; ++n) {
      held[v][n] = rstd * (held[v][n] - mean - static_cast<A>(normed[v].values[n]) * slope);
      result.values[n] = static_cast<T>(held[v][n]);
    }
    if (job.dresidual != nullptr) store(job.dresidual + first + column, result);
    if (job.dx == nullptr) continue;
    if (job.dropout.drops) {
      dropNeighbours(job.dropout, number, column, held[v]);
#pragma unroll
      for (int n = 0; n < N; ++n) result.values[n] = static_cast<T>(held[v][n]);
    }
    store(job.dx + first + column, result);
  }
}

// A block a row.
template <typename T, typename P>
__global__ void addNormBackwardOfBlock(AddNormBackwardRows<T, P> job) {
  using A = Accumulate<T>;
  const int64_t row = blockIdx.x, first = row * job.columns;
  const P* weights = ofAlternative(job.weights, job.choice, row);
  const auto weighted = [&](int64_t column) {
    return static_cast<A>(job.dy[first + column]) *
           parametersAt<1>(weights, column, A{1}).values[0];
  };
  A total = 0, along = 0;
  for (int64_t column = threadIdx.x; column < job.columns; column += blockDim.x) {
    total += weighted(column);
    along += weighted(column) * static_cast<A>(job.normed[first + column]);
  }
  const A mean = blockSum(total) / static_cast<A>(job.columns);
  const A slope = blockSum(along) / static_cast<A>(job.columns);
  const A rstd = job.rstd[row];
  const RowNumber number = job.dropout.drops ? numberOf(job.dropout, row) : RowNumber{};
  for (int64_t column = threadIdx.x; column < job.columns; column += blockDim.x) {
    const A normed = static_cast<A>(job.normed[first + column]);
    const A dh = rstd * (weighted(column) - mean - normed * slope);
    if (job.dresidual != nullptr) job.dresidual[first + column] = static_cast<T>(dh);
    if (job.dx == nullptr) continue;
    job.dx[first + column] =
        static_cast<T>(job.dropout.drops ? dropOne(job.dropout, number, column, dh) : dh);
  }
}

// A thread takes N columns of every eighth row of a group; blockIdx.z is the alternative, whose
// rows alone are read.
template <typename T, int N>
__global__ void addNormParameterSums(AddNormParameterSums<T> job) {
  using A = Accumulate<T>;
  const int k = static_cast<int>(blockIdx.z);
  if (job.dweights.at[k] == nullptr && job.dbiases.at[k] == nullptr) return;
  const int64_t column = (static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) * N;
  const bool inside = column < job.columns;
  const int64_t first = blockIdx.y * job.together;
  const int64_t end = first + job.together < job.rows ? first + job.together : job.rows;
  A dweight[N] = {}, dbias[N] = {};
  for (int64_t row = first + threadIdx.y; inside && row < end; row += blockDim.y) {
    if (job.choice != nullptr && job.choice[row] != k) continue;
    const auto dy = load<N>(job.dy + row * job.columns + column);
    const auto normed = load<N>(job.normed + row * job.columns + column);
#pragma unroll
    for (int n = 0; n < N; ++n) {
      const A gradient = static_cast<A>(dy.values[n]);
      dweight[n] += gradient * static_cast<A>(normed.values[n]);
      dbias[n] += gradient;
    }
  }
  const int64_t group = blockIdx.y * job.slots * job.columns;
  if (job.dweights.at[k] != nullptr)
    writeColumnSums<N>(dweight, job.dweights.at[k] + group, column, job.columns);
  if (job.dbiases.at[k] != nullptr)
    writeColumnSums<N>(dbias, job.dbiases.at[k] + group, column, job.columns);
}

template <typename T, typename P>
void launch(const AddNormBackwardRows<T, P>& job, cudaStream_t stream) {
  constexpr int N = kWidth<T>;
  const auto fits = [&](const T* rows) { return isAligned<N>(rows, job.columns); };
  const bool held = job.columns <= kMostSteps * kColumnsOfStep && fits(job.dy) &&
                    fits(job.normed) && fits(job.dx) && fits(job.dresidual) &&
                    areAligned<N>(job.weights, job.columns);
  if constexpr (N % 4 == 0) {
    if (held) {
      withSteps(job.columns, [&](auto steps) {
        start(addNormBackwardOfWarp<T, P, decltype(steps)::value>, warpGrid(job.rows),
              kWarpsOfBlock * kWarp, job, stream);
      });
      return;
    }
  }
  start(addNormBackwardOfBlock<T, P>, static_cast<unsigned>(job.rows), kThreadsOfRow, job, stream);
}

template <typename T>
void launch(const AddNormParameterSums<T>& job, cudaStream_t stream) {
  constexpr int N = kWidth<T>;
  const bool whole = isAligned<N>(job.dy, job.columns) && isAligned<N>(job.normed, job.columns);
  const auto kernel = whole ? addNormParameterSums<T, N> : addNormParameterSums<T, 1>;
  const dim3 grid = columnGrid(job.columns, whole ? N : 1, job.groups, job.alternatives);
  start(kernel, grid, rowBlock(), job, stream);
}

ADAPTUNE_FOR_ROWS_AND_PARAMETERS(AddNormBackwardRows)
ADAPTUNE_FOR_ROWS(AddNormParameterSums)

}  // namespace adaptune::cuda
