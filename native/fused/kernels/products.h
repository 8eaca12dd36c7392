// Matrix products in single precision, C[M,N] = A[M,K] B[K,N], the way of Goto & van de Geijn,
// "Anatomy of High-Performance Matrix Multiplication", ACM TOMS 34, 2008: B is packed into panels,
// and a tile of C stays in registers while it is summed up over K. A is read where it is: a float
// of it serves a whole row of the tile.
#pragma once

#include "functions.h"

namespace adaptune::kernels {

namespace {

// As many sums as there are registers for, beside a row of B: of 32 with AVX-512 and NEON, 16 else.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kTileRows = 14;
#else
constexpr int kTileRows = 6;
#endif
constexpr int kTileVectors = 2;
constexpr int kTileColumns = kTileVectors * static_cast<int>(kLanes<float>);
// Whole vectors, or the columns that are there.
template <bool isWhole>
auto columnsOf(int64_t columns, int vector) {
  if constexpr (isWhole) {
    return Whole{};
  } else {
    const int64_t left = columns - vector * kLanes<float>;
    return Part{left < 0 ? 0 : left > kLanes<float> ? kLanes<float> : left};
  }
}

template <int rows, bool isWhole>
void writeTile(const ProductTile& tile, const Vec<float> (&sums)[rows][kTileVectors]) {
  for (int v = 0; v < kTileVectors; ++v) {
    const auto there = columnsOf<isWhole>(tile.columns, v);
    const int64_t column = v * kLanes<float>;
    const Vec<float> bias = tile.bias ? there.read(tile.bias + column) : Vec<float>{};
    for (int i = 0; i < rows; ++i) {
      float* c = tile.c + i * tile.c_stride + column;
      const Vec<float> y = sums[i][v] + (tile.adds ? there.read(c) + bias : bias);
      there.write(c, tile.gelu ? y * normal(y).cumulative : y);
    }
  }
}

template <int rows, bool isAcross>
void computeTile(const ProductTile& tile) {
  Vec<float> sums[rows][kTileVectors] = {};
  for (int64_t s = 0; s < tile.segment_count; ++s) {
    auto [a, stride, b, k] = tile.segments[s];
    for (; k > 0; --k, a += isAcross ? 1 : stride, b += kTileColumns) {
      const Vec<float> b0 = load(b), b1 = load(b + kLanes<float>);
#pragma GCC unroll 16
      for (int i = 0; i < rows; ++i) {
        const float x = isAcross ? a[i * stride] : a[i];
        sums[i][0] += x * b0;
        sums[i][1] += x * b1;
      }
    }
  }
  if (tile.columns == kTileColumns)
    writeTile<rows, true>(tile, sums);
  else
    writeTile<rows, false>(tile, sums);
}

template <int rows = 1>
void productTile(const ProductTile& tile) {
  if constexpr (rows < kTileRows) {
    if (tile.rows > rows) return productTile<rows + 1>(tile);
  }
  if (tile.is_across)
    computeTile<rows, true>(tile);
  else
    computeTile<rows, false>(tile);
}

// Four floats of four lines become four lines of four floats.
inline void transpose4(const float* from, int64_t stride, float* to, int64_t to_stride) {
  typedef float Four __attribute__((vector_size(16)));
  const Four a = loadAs<Four>(from), b = loadAs<Four>(from + stride),
             c = loadAs<Four>(from + 2 * stride), d = loadAs<Four>(from + 3 * stride);
#if defined(__clang__) || __GNUC__ >= 12
  const Four ab0 = __builtin_shufflevector(a, b, 0, 4, 1, 5),
             ab1 = __builtin_shufflevector(a, b, 2, 6, 3, 7),
             cd0 = __builtin_shufflevector(c, d, 0, 4, 1, 5),
             cd1 = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  const Four rows[4] = {
      __builtin_shufflevector(ab0, cd0, 0, 1, 4, 5), __builtin_shufflevector(ab0, cd0, 2, 3, 6, 7),
      __builtin_shufflevector(ab1, cd1, 0, 1, 4, 5), __builtin_shufflevector(ab1, cd1, 2, 3, 6, 7)};
#else
  const Four rows[4] = {Four{a[0], b[0], c[0], d[0]}, Four{a[1], b[1], c[1], d[1]},
                        Four{a[2], b[2], c[2], d[2]}, Four{a[3], b[3], c[3], d[3]}};
#endif
  for (int i = 0; i < 4; ++i) memcpy(to + i * to_stride, &rows[i], sizeof(Four));
}

// Lines are columns of B. Four of them are read a cache line at a time: all columns at once would
// fall on the same places of the cache.
inline void packAcross(const ProductPanel& panel, float* to) {
  constexpr int64_t kLine = 16, kAhead = 4 * kLine;
  const int64_t stride = panel.stride, wholeColumns = panel.columns - panel.columns % 4;
  const int64_t wholeK = panel.k - panel.k % kLine;
  for (int64_t first = 0; first < wholeK; first += kLine)
    for (int64_t column = 0; column < wholeColumns; column += 4) {
      const float* from = panel.from + column * stride + first;
      for (int64_t i = 0; i < 4; ++i) __builtin_prefetch(from + i * stride + kAhead);
      for (int64_t k = 0; k < kLine; k += 4)
        transpose4(from + k, stride, to + (first + k) * kTileColumns + column, kTileColumns);
    }
  for (int64_t column = 0; column < panel.columns; ++column)
    for (int64_t k = column < wholeColumns ? wholeK : 0; k < panel.k; ++k)
      to[k * kTileColumns + column] = panel.from[column * stride + k];
}

// Lines are rows of B.
inline void packAlong(const ProductPanel& panel, float* to) {
  for (int64_t k = 0; k < panel.k; ++k, to += kTileColumns) {
    const float* from = panel.from + k * panel.stride;
    if (panel.columns == kTileColumns)
      memcpy(to, from, kTileColumns * sizeof(float));
    else
      memcpy(to, from, panel.columns * sizeof(float));
  }
}

// Sums are taken of whole vectors of B, so what is beyond its columns is zero.
inline void packPanel(const ProductPanel& panel, float* to) {
  if (panel.columns < kTileColumns) memset(to, 0, panel.k * kTileColumns * sizeof(float));
  if (panel.is_across)
    packAcross(panel, to);
  else
    packAlong(panel, to);
}

}  // namespace

}  // namespace adaptune::kernels
