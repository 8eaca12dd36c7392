// Matrix products in single precision, C[M,N] = A[M,K] B[K,N], the way of Goto & van de Geijn,
// "Anatomy of High-Performance Matrix Multiplication", ACM TOMS 34, 2008: B is packed into panels,
// A too where that pays, and a tile of C stays in registers while it is summed up over K.
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

constexpr int64_t kLine = 16;  // floats of a cache line

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
  // C is written when all is summed up: it comes into the cache meanwhile.
  for (int i = 0; i < rows; ++i)
    for (int64_t column = 0; column < tile.columns; column += kLine)
      __builtin_prefetch(tile.c + i * tile.c_stride + column, 1);
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

// Lines are columns. Four of them are read a cache line at a time: all columns at once would fall
// on the same places of the cache. Where four do not go into a panel's columns, the last four
// overlap.
template <int width>
void packAcross(const ProductPanels& panels, float* to) {
  constexpr int64_t kAhead = 4 * kLine;
  const int64_t stride = panels.stride, wholeK = panels.k - panels.k % kLine;
  for (int64_t done = 0; done < panels.columns; done += width, to += panels.panel_stride) {
    const int64_t columns = panels.columns - done < width ? panels.columns - done : width;
    const float* from = panels.from + done * stride;
    const int64_t transposed = columns < 4 ? 0 : wholeK;
    for (int64_t first = 0; first < transposed; first += kLine)
      for (int64_t next = 0; next < columns; next += 4) {
        const int64_t column = next + 4 <= columns ? next : columns - 4;
        const float* lines = from + column * stride + first;
        for (int64_t i = 0; i < 4; ++i) __builtin_prefetch(lines + i * stride + kAhead);
        for (int64_t k = 0; k < kLine; k += 4)
          transpose4(lines + k, stride, to + (first + k) * width + column, width);
      }
    for (int64_t column = 0; column < columns; ++column)
      for (int64_t k = transposed; k < panels.k; ++k)
        to[k * width + column] = from[column * stride + k];
  }
}

// Lines are k. Of each so much is read at once that the next is not a page further after a few
// floats, and written to as many panels.
template <int width>
void packAlong(const ProductPanels& panels, float* to) {
  constexpr int64_t kTogether = 1024 / width * width;
  for (int64_t first = 0; first < panels.columns; first += kTogether) {
    const int64_t left = panels.columns - first, columns = left < kTogether ? left : kTogether;
    float* panel = to + first / width * panels.panel_stride;
    for (int64_t k = 0; k < panels.k; ++k) {
      const float* from = panels.from + first + k * panels.stride;
      float* at = panel + k * width;
      int64_t column = 0;
      for (; column + width <= columns; column += width, at += panels.panel_stride)
        memcpy(at, from + column, width * sizeof(float));
      if (column < columns) memcpy(at, from + column, (columns - column) * sizeof(float));
    }
  }
}

// Sums are taken of whole vectors, so what is beyond the columns is zero.
template <int width>
void packPanels(const ProductPanels& panels, float* to) {
  const int64_t beyond = panels.columns % width;
  if (beyond > 0)
    memset(to + panels.columns / width * panels.panel_stride, 0, panels.k * width * sizeof(float));
  if (panels.is_across)
    packAcross<width>(panels, to);
  else
    packAlong<width>(panels, to);
}

}  // namespace

}  // namespace adaptune::kernels
