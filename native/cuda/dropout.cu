#include "grids.cuh"
#include "philox.cuh"

namespace adaptune::cuda {

// A thread takes four columns at a time, the words of one counter; `whole` says that they are
// loaded together.
template <typename T, bool whole>
__global__ void dropoutRows(DropoutRows<T> job) {
  using A = Accumulate<T>;
  const int64_t row = static_cast<int64_t>(blockIdx.x) * blockDim.y + threadIdx.y;
  if (row >= job.rows) return;
  const RowNumber number = numberOf(job.dropout, row);
  const int64_t step = static_cast<int64_t>(gridDim.y) * blockDim.x * 4;
  for (int64_t column = (blockIdx.y * blockDim.x + threadIdx.x) * int64_t{4}; column < job.columns;
       column += step) {
    const T* x = job.x + row * job.columns + column;
    T* y = job.y + row * job.columns + column;
    const int64_t left = job.columns - column;
    const int count = left < 4 ? static_cast<int>(left) : 4;
    Vector<T, 4> vector;
    A values[4] = {};
    if constexpr (whole) {
      vector = load<4>(x);
      for (int n = 0; n < 4; ++n) values[n] = static_cast<A>(vector.values[n]);
    } else {
      for (int n = 0; n < count; ++n) values[n] = static_cast<A>(x[n]);
    }
    dropNeighbours(job.dropout, number, column, values);
    if constexpr (whole) {
      for (int n = 0; n < 4; ++n) vector.values[n] = static_cast<T>(values[n]);
      store(y, vector);
    } else {
      for (int n = 0; n < count; ++n) y[n] = static_cast<T>(values[n]);
    }
  }
}

template <typename T>
void launch(const DropoutRows<T>& job, cudaStream_t stream) {
  const bool whole = isAligned<4>(job.x, job.columns) && isAligned<4>(job.y, job.columns);
  const auto kernel = whole ? dropoutRows<T, true> : dropoutRows<T, false>;
  start(kernel, rowGrid(job.rows, (job.columns + 3) / 4), rowBlock(), job, stream);
}

ADAPTUNE_FOR_ROWS(DropoutRows)

}  // namespace adaptune::cuda
