// Shapes of launches.
#pragma once

#include <algorithm>

#include "vectors.cuh"

namespace adaptune::cuda {

// Blocks of 32 threads along the columns and 8 along the rows.
constexpr unsigned kRowsOfBlock = 8;

inline dim3 rowBlock() {
  return {kWarp, kRowsOfBlock, 1};
}

// For kernels whose threads take `units` along a row in steps of 32 gridDim.y: several blocks along
// few long rows, one along many.
inline dim3 rowGrid(int64_t rows, int64_t units) {
  const int64_t down = (rows + kRowsOfBlock - 1) / kRowsOfBlock;
  const int64_t along = std::clamp<int64_t>((units + 127) / 128, 1, 256);
  return {static_cast<unsigned>(down), static_cast<unsigned>(along), 1};
}

// For kernels whose threads take `width` columns of every row of a group.
inline dim3 columnGrid(int64_t columns, int64_t width, int64_t groups, int deep = 1) {
  const int64_t across = (columns / width + kWarp - 1) / kWarp;
  return {static_cast<unsigned>(across), static_cast<unsigned>(groups),
          static_cast<unsigned>(deep)};
}

// Launches a kernel. Tests also run kernels on the processor, where `emulate` calls them for every
// thread: test/cuda/emulation.
template <typename Job>
void start(void (*kernel)(Job), dim3 grid, dim3 block, const Job& job, cudaStream_t stream) {
#if defined(__CUDACC__)
  kernel<<<grid, block, 0, stream>>>(job);
#else
  emulate(grid, block, [&] { kernel(job); });
#endif
}

}  // namespace adaptune::cuda

// Instantiates a launch for every type of rows.
#define ADAPTUNE_FOR_ROWS(Job)                               \
  template void launch(const Job<float>&, cudaStream_t);     \
  template void launch(const Job<double>&, cudaStream_t);    \
  template void launch(const Job<c10::Half>&, cudaStream_t); \
  template void launch(const Job<c10::BFloat16>&, cudaStream_t);

// The same with parameters of the same type, or of the one that rows are computed in.
#define ADAPTUNE_FOR_ROWS_AND_PARAMETERS(Job)                                   \
  template void launch(const Job<float, float>&, cudaStream_t);                 \
  template void launch(const Job<double, double>&, cudaStream_t);               \
  template void launch(const Job<c10::Half, c10::Half>&, cudaStream_t);         \
  template void launch(const Job<c10::Half, float>&, cudaStream_t);             \
  template void launch(const Job<c10::BFloat16, c10::BFloat16>&, cudaStream_t); \
  template void launch(const Job<c10::BFloat16, float>&, cudaStream_t);
