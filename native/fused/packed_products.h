// Matrix products in single precision by kernels of our own (kernels/products.h). They need no
// program for a shape, so batches of any number of rows are as fast as others; their operands may
// be rows here and there, and their results slices, which is what routing asks for.
#pragma once

#include <ATen/Parallel.h>
#include <ATen/Tensor.h>

#include <algorithm>
#include <atomic>
#include <vector>

#include "cpu_kernels.h"

namespace adaptune::packed {

// A [M,K] or B [K,N]. Lines of memory, `stride` floats apart, run along K (`isAcross`), or are
// the places of one k.
struct Operand {
  const float* data;
  int64_t stride;
  bool isAcross;

  // Where row `first` of A is, or column `first` of B, at a k.
  const float* at(int64_t first, int64_t k = 0) const {
    return isAcross ? data + first * stride + k : data + first + k * stride;
  }
};

// Of a matrix whose dimension `side` is that of C; the matrix is replaced by a copy where neither
// of its dimensions is contiguous.
Operand operandOf(at::Tensor& matrix, int64_t side);

// Calls fn(first, count) for as many rows at a time as a tile has, or a few less.
template <typename Fn>
void forTileRows(int64_t first, int64_t rows, const Fn& fn) {
  const int64_t most = chosenKernels().products.tile_rows;
  for (int64_t tiles = (rows + most - 1) / most; tiles > 0; --tiles) {
    const int64_t count = (rows + tiles - 1) / tiles;
    fn(first, count);
    first += count;
    rows -= count;
  }
}

// Columns `first` .. `first + count - 1` of B, at k `from` .. `from + k - 1`.
struct Columns {
  const Operand& b;
  int64_t first, count, from, k;
};

// Columns of B, packed in this thread's memory until it packs others.
class PackedColumns {
 public:
  // Room for `columns` columns of K floats.
  PackedColumns(int64_t columns, int64_t k);

  // Those of panels [.., K, columns of a tile] from the first column of a tile, and a k, on.
  PackedColumns(const float* panels, int64_t column, int64_t k, int64_t from);

  // The panel of the tile that begins at a column, from a k on.
  const float* at(int64_t column, int64_t k = 0) const {
    return data_ + (column / width_ * k_ + k) * width_;
  }

  // Packs columns as those from `column` on, and their k as those from `k` on.
  void pack(const Columns& columns, int64_t column = 0, int64_t k = 0) const;

 private:
  const float* data_;
  int64_t width_, k_;
  float* own_ = nullptr;
};

// How many floats of B a thread packs at a time: half of a usual second-level cache.
constexpr int64_t kFloatsTogether = 1 << 17;

// Calls fn(task) for all tasks, in parallel where there are operations enough. A thread that is
// done takes the next task, so one that is slow, as threads on shared machines are, delays little.
template <typename Fn>
void forTasks(int64_t tasks, double operations, const Fn& fn) {
  const int64_t threads = operations < 1e6 ? 1 : std::min<int64_t>(tasks, at::get_num_threads());
  std::atomic<int64_t> next{0};
  at::parallel_for(0, threads, 1, [&](int64_t, int64_t) {
    for (int64_t task = next++; task < tasks; task = next++) fn(task);
  });
}

// C [M,N] = A [M,K] B [K,N] + bias [N], through erf-GELU where asked for.
struct Product {
  Operand a, b;
  int64_t m, n, k;
  float* c;
  const float* bias;  // null for zeros
  bool gelu;
  const float* panels = nullptr;  // of all of B; null where it is to be packed
};
void multiply(const Product& product);

}  // namespace adaptune::packed
