// As much of CUDA as the kernels of native/cuda need to run on the processor, for tests where there
// is no GPU: the threads of a block are coroutines that take turns, and blocks run one after the
// other. It shows that kernels compute what they should, not that they are fast, nor that they are
// free of races.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>

#define __global__
#define __device__
// Blocks do not overlap, so that what all threads of a block share may as well be static.
#define __shared__ static

using std::erf, std::exp, std::log, std::sqrt;

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};

struct alignas(8) uint2 {
  uint32_t x, y;
};
struct alignas(16) uint4 {
  uint32_t x, y, z, w;
};

using cudaStream_t = void*;

extern dim3 threadIdx, blockIdx, blockDim, gridDim;

void __syncthreads();

// What lane (this lane ^ mask) of the warp has.
double exchange(double value, int mask);

template <typename T>
T __shfl_xor_sync(unsigned, T value, int mask) {
  return static_cast<T>(exchange(value, mask));
}

// Runs the kernel for every thread of every block.
void emulate(dim3 grid, dim3 block, const std::function<void()>& kernel);
