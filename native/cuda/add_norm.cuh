// What both directions of dropout + residual + LayerNorm share.
#pragma once

#include "grids.cuh"
#include "philox.cuh"

namespace adaptune::cuda {

// Rows of up to 1024 columns are held in the registers of a warp, in steps of 256 columns; longer
// ones, and those that do not start at whole vectors, are read again by a block for every pass.
constexpr int64_t kColumnsOfStep = 256;
constexpr int kMostSteps = 4;
constexpr int kWarpsOfBlock = 4;
constexpr unsigned kThreadsOfRow = 256;

// Vectors that a lane holds of a row.
template <typename T, int steps>
constexpr int kHeld = steps * static_cast<int>(kColumnsOfStep) / (kWarp * kWidth<T>);

template <typename P>
__device__ inline P* ofAlternative(const Parameters<P>& parameters, const int32_t* choice,
                                   int64_t row) {
  return parameters.at[choice == nullptr ? 0 : choice[row]];
}

// N parameters in the type that rows are computed in; ones or zeros where there are none.
template <int N, typename A, typename P>
__device__ inline Vector<A, N> parametersAt(const P* parameters, int64_t column, A otherwise) {
  Vector<A, N> result;
  if (parameters == nullptr) {
#pragma unroll
    for (int n = 0; n < N; ++n) result.values[n] = otherwise;
  } else {
    const auto vector = load<N>(parameters + column);
#pragma unroll
    for (int n = 0; n < N; ++n) result.values[n] = static_cast<A>(vector.values[n]);
  }
  return result;
}

template <int N, typename P>
bool areAligned(const Parameters<P>& parameters, int64_t columns) {
  return std::all_of(parameters.at, parameters.at + kMostAlternatives,
                     [&](const P* one) { return isAligned<N>(one, columns); });
}

// Calls fn with the number of steps, as a type, that rows take: 1 .. kMostSteps.
template <typename Fn>
void withSteps(int64_t columns, const Fn& fn) {
  if (columns <= kColumnsOfStep)
    fn(std::integral_constant<int, 1>{});
  else if (columns <= 2 * kColumnsOfStep)
    fn(std::integral_constant<int, 2>{});
  else if (columns <= 3 * kColumnsOfStep)
    fn(std::integral_constant<int, 3>{});
  else
    fn(std::integral_constant<int, 4>{});
}

inline dim3 warpGrid(int64_t rows) {
  return {static_cast<unsigned>((rows + kWarpsOfBlock - 1) / kWarpsOfBlock), 1, 1};
}

}  // namespace adaptune::cuda
