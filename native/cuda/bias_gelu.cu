// gelu(z) = z P(Z <= z), exact by the error function: Hendrycks & Gimpel, arXiv 1606.08415.
#include "grids.cuh"

namespace adaptune::cuda {

// P(Z <= z) of the standard normal distribution.
template <typename A>
__device__ inline A cumulative(A z) {
  return A{0.5} * (A{1} + erf(z * static_cast<A>(0.70710678118654752)));
}

template <typename A>
__device__ inline A density(A z) {
  return static_cast<A>(0.39894228040143268) * exp(A{-0.5} * z * z);
}

// A thread takes N columns at a time.
template <typename T, typename P, int N>
__global__ void biasGeluRows(BiasGeluRows<T, P> job) {
  using A = Accumulate<T>;
  const int64_t row = static_cast<int64_t>(blockIdx.x) * blockDim.y + threadIdx.y;
  if (row >= job.rows) return;
  const int64_t step = static_cast<int64_t>(gridDim.y) * blockDim.x * N;
  for (int64_t column = (blockIdx.y * blockDim.x + threadIdx.x) * int64_t{N}; column < job.columns;
       column += step) {
    auto vector = load<N>(job.x + row * job.columns + column);
    Vector<P, N> bias{};
    if (job.bias != nullptr) bias = load<N>(job.bias + column);
#pragma unroll
    for (int n = 0; n < N; ++n) {
      const A z = static_cast<A>(vector.values[n]) + static_cast<A>(bias.values[n]);
      vector.values[n] = static_cast<T>(z * cumulative(z));
    }
    store(job.y + row * job.columns + column, vector);
  }
}

// A thread takes N columns of every eighth row of a group.
template <typename T, typename P, int N>
__global__ void biasGeluBackwardRows(BiasGeluBackwardRows<T, P> job) {
  using A = Accumulate<T>;
  const int64_t column = (static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) * N;
  const bool inside = column < job.columns;
  const int64_t first = blockIdx.y * job.together;
  const int64_t end = first + job.together < job.rows ? first + job.together : job.rows;
  Vector<P, N> bias{};
  if (job.bias != nullptr && inside) bias = load<N>(job.bias + column);
  A own[N] = {};
  for (int64_t row = first + threadIdx.y; inside && row < end; row += blockDim.y) {
    auto gradient = load<N>(job.dy + row * job.columns + column);
    const auto x = load<N>(job.x + row * job.columns + column);
#pragma unroll
    for (int n = 0; n < N; ++n) {
      const A z = static_cast<A>(x.values[n]) + static_cast<A>(bias.values[n]);
      const A slope = cumulative(z) + z * density(z);
      const A dz = static_cast<A>(gradient.values[n]) * slope;
      gradient.values[n] = static_cast<T>(dz);
      own[n] += dz;
    }
    store(job.dx + row * job.columns + column, gradient);
  }
  if (job.sums != nullptr)
    writeColumnSums<N>(own, job.sums + blockIdx.y * job.columns, column, job.columns);
}

template <typename T, typename P>
void launch(const BiasGeluRows<T, P>& job, cudaStream_t stream) {
  constexpr int N = kWidth<T>;
  const bool whole = isAligned<N>(job.x, job.columns) && isAligned<N>(job.y, job.columns) &&
                     isAligned<N>(job.bias, job.columns);
  const auto kernel = whole ? biasGeluRows<T, P, N> : biasGeluRows<T, P, 1>;
  const dim3 grid = rowGrid(job.rows, job.columns / (whole ? N : 1));
  start(kernel, grid, rowBlock(), job, stream);
}

template <typename T, typename P>
void launch(const BiasGeluBackwardRows<T, P>& job, cudaStream_t stream) {
  constexpr int N = kWidth<T>;
  const bool whole = isAligned<N>(job.dy, job.columns) && isAligned<N>(job.x, job.columns) &&
                     isAligned<N>(job.dx, job.columns) && isAligned<N>(job.bias, job.columns);
  const auto kernel = whole ? biasGeluBackwardRows<T, P, N> : biasGeluBackwardRows<T, P, 1>;
  const dim3 grid = columnGrid(job.columns, whole ? N : 1, job.groups);
  start(kernel, grid, rowBlock(), job, stream);
}

ADAPTUNE_FOR_ROWS_AND_PARAMETERS(BiasGeluRows)
ADAPTUNE_FOR_ROWS_AND_PARAMETERS(BiasGeluBackwardRows)

}  // namespace adaptune::cuda
