// Matrix products in single precision by kernels of our own (kernels/products.h). They need no
// program for a shape, so batches of any number of rows are as fast as others; their operands may
// be rows here and there, and their results slices, which is what routing asks for.
#pragma once

#include <ATen/Tensor.h>

#include <algorithm>
#include <functional>
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

// Rows `first` .. `first + count - 1` of A, or columns of B, at k `from` .. `from + k - 1`.
struct Part {
  Operand operand;
  int64_t first, count, from, k;
};

// Whether panels are of A's rows or of B's columns: each is as wide as a tile of C has of them.
enum class Side { rows, columns };

inline int64_t widthOf(Side side) {
  const auto& kernels = chosenKernels().products;
  return side == Side::rows ? kernels.tile_rows : kernels.tile_columns;
}

inline int64_t ceilDiv(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

// Packed panels [.., K, width].
class Panels {
 public:
  // Room for `count` rows or columns in memory of their own, for all threads to read.
  static Panels shared(Side side, int64_t count, int64_t k);

  // The same in this thread's memory, until it asks for it again.
  static Panels ofThread(Side side, int64_t count, int64_t k);

  // Those that are packed already, from one on, of which each has K.
  Panels(Side side, const float* data, int64_t k)
      : side_(side), width_(widthOf(side)), k_(k), data_(data) {}

  // The same memory for panels of fewer k.
  Panels of(int64_t k) const {
    Panels panels = *this;
    panels.k_ = k;
    return panels;
  }

  // The panel of the tile that begins at a place, from a k on.
  const float* at(int64_t place, int64_t k = 0) const {
    return data_ + (place / width_ * k_ + k) * width_;
  }

  // Packs a part as what begins at a tile's place, and its k as those from `k` on.
  void pack(const Part& part, int64_t place = 0, int64_t k = 0) const;

 private:
  Side side_;
  int64_t width_, k_;
  const float* data_;
  float* own_ = nullptr;
  at::Tensor memory_;
};

// How many k are summed up at once at most: so many that a tile of A stays in a first-level cache,
// or nearly, and C is seldom read and written again. The same on all processors, as bits depend on
// it.
constexpr int64_t kMostTogether = 768;

// How many of B's floats a thread has packed at a time: half of the second-level cache.
int64_t floatsTogether();

// The fewest equal parts, each with at most `most`, and how much the first of them have.
inline int64_t evenPart(int64_t all, int64_t most) {
  return std::max<int64_t>(1, ceilDiv(all, std::max<int64_t>(1, ceilDiv(all, most))));
}

// Tasks that any thread may do, in any order.
struct Phase {
  int64_t tasks;
  std::function<void(int64_t task)> run;
};

// Runs phases one after the other, in parallel where there are operations enough. A thread that is
// done takes the next task, and a phase begins when the tasks of the one before are done: one that
// is slow, as threads on shared machines are, delays others by its task alone.
void runPhases(const std::vector<Phase>& phases, double operations);

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
