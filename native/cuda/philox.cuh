// Dropout by counters: Philox4x32-10 (Salmon, Moraes, Dror & Shaw, "Parallel Random Numbers: As
// Easy as 1, 2, 3", SC 2011, section 3.3) with the seed as its key. Element (sample, position,
// column) is dropped where word `column % 4` at the counter (column / 4, position, sample, stream)
// is below a limit, as on the CPU: the masks of both are the same to the bit.
#pragma once

#include "kernels.h"

namespace adaptune::cuda {

struct Words {
  uint32_t at[4];
};

__device__ inline Words philox(Words counter, uint64_t seed) {
  uint32_t low = static_cast<uint32_t>(seed), high = static_cast<uint32_t>(seed >> 32);
#pragma unroll
  for (int round = 0; round < 10; ++round) {
    const uint64_t first = static_cast<uint64_t>(counter.at[0]) * 0xD2511F53u;
    const uint64_t second = static_cast<uint64_t>(counter.at[2]) * 0xCD9E8D57u;
    counter = {
        {static_cast<uint32_t>(second >> 32) ^ counter.at[1] ^ low, static_cast<uint32_t>(second),
         static_cast<uint32_t>(first >> 32) ^ counter.at[3] ^ high, static_cast<uint32_t>(first)}};
    low += 0x9E3779B9u;
    high += 0xBB67AE85u;
  }
  return counter;
}

// Who a row is.
struct RowNumber {
  uint32_t sample, position;
};

__device__ inline RowNumber numberOf(const Dropout& dropout, int64_t row) {
  if (dropout.rows == nullptr)
    return {static_cast<uint32_t>(row / dropout.rowsPerSample),
            static_cast<uint32_t>(row % dropout.rowsPerSample)};
  const auto number = static_cast<uint64_t>(dropout.rows[row]);
  return {static_cast<uint32_t>(number >> 32), static_cast<uint32_t>(number)};
}

// The random words of columns 4 quad .. 4 quad + 3 of a row. Attention's heads are streams.
__device__ inline Words wordsOf(const Dropout& dropout, RowNumber row, int64_t quad,
                                uint32_t stream = 0) {
  return philox({{static_cast<uint32_t>(quad), row.position, row.sample, stream}}, dropout.seed);
}

// Drops among N neighbours that start at a multiple of four columns.
template <int N, typename A>
__device__ inline void dropNeighbours(const Dropout& dropout, RowNumber row, int64_t column,
                                      A (&values)[N]) {
  static_assert(N % 4 == 0);
  const A scale = static_cast<A>(dropout.scale);
#pragma unroll
  for (int quad = 0; quad < N / 4; ++quad) {
    const Words words = wordsOf(dropout, row, column / 4 + quad);
#pragma unroll
    for (int n = 0; n < 4; ++n) {
      A& value = values[quad * 4 + n];
      value = words.at[n] >= dropout.limit ? value * scale : A{0};
    }
  }
}

template <typename A>
__device__ inline A dropOne(const Dropout& dropout, RowNumber row, int64_t column, A value,
                            uint32_t stream = 0) {
  const Words words = wordsOf(dropout, row, column / 4, stream);
  const int n = static_cast<int>(column % 4);
  const uint32_t word = n == 0   ? words.at[0]
                        : n == 1 ? words.at[1]
                        : n == 2 ? words.at[2]
                                 : words.at[3];
  return word >= dropout.limit ? value * static_cast<A>(dropout.scale) : A{0};
}

}  // namespace adaptune::cuda
