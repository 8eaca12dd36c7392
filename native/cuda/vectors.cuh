// Elements that are loaded and stored together, and sums over the threads of a warp or a block.
#pragma once

#include "kernels.h"

namespace adaptune::cuda {

template <typename T, int N>
struct alignas(sizeof(T) * N) Vector {
  T values[N];
};

// Elements of one load of 16 bytes.
template <typename T>
constexpr int kWidth = 16 / sizeof(T);

template <int N, typename T>
__device__ inline Vector<T, N> load(const T* from) {
  return *reinterpret_cast<const Vector<T, N>*>(from);
}

template <int N, typename T>
__device__ inline void store(T* to, const Vector<T, N>& vector) {
  *reinterpret_cast<Vector<T, N>*>(to) = vector;
}

// Whether vectors of N can be loaded from every row that starts here; null is no obstacle.
template <int N, typename T>
inline bool isAligned(const T* rows, int64_t columns) {
  return columns % N == 0 && reinterpret_cast<uintptr_t>(rows) % (sizeof(T) * N) == 0;
}

constexpr int kWarp = 32;

// The sum over a warp, in every lane.
template <typename A>
__device__ inline A warpSum(A value) {
  for (int step = kWarp / 2; step > 0; step /= 2)
    value += __shfl_xor_sync(0xffffffffu, value, step);
  return value;
}

template <typename A>
__device__ inline A warpMaximum(A value) {
  for (int step = kWarp / 2; step > 0; step /= 2) {
    const A other = __shfl_xor_sync(0xffffffffu, value, step);
    value = other > value ? other : value;
  }
  return value;
}

// The sum over a block of whole warps, in every thread. All threads of the block must call it.
template <typename A>
__device__ inline A blockSum(A value) {
  __shared__ A sums[kWarp];
  const int lane = threadIdx.x % kWarp, warp = threadIdx.x / kWarp;
  value = warpSum(value);
  __syncthreads();  // of an earlier sum, all have read what they need
  if (lane == 0) sums[warp] = value;
  __syncthreads();
  const int warps = (blockDim.x + kWarp - 1) / kWarp;
  return warpSum(lane < warps ? sums[lane] : A{0});
}

// Adds up what the threads of a column have, in blocks of 32 x 8 threads with N columns each, and
// writes it. All threads of the block must call it.
template <int N, typename A>
__device__ inline void writeColumnSums(const A (&own)[N], A* sums, int64_t column,
                                       int64_t columns) {
  constexpr int kRows = 8;
  __shared__ A all[kRows][kWarp];
  for (int n = 0; n < N; ++n) {
    __syncthreads();
    all[threadIdx.y][threadIdx.x] = own[n];
    __syncthreads();
    if (threadIdx.y != 0 || column >= columns) continue;
    A total = 0;
    for (int row = 0; row < kRows; ++row) total += all[row][threadIdx.x];
    sums[column + n] = total;
  }
}

}  // namespace adaptune::cuda
