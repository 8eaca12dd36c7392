#include "packed_products.h"

#include <algorithm>
#include <memory>
#include <new>

namespace adaptune::packed {

namespace {

int64_t ceilDiv(int64_t a, int64_t b) {
  return (a + b - 1) / b;
}

// How C is shared out: blocks of columns, which a thread packs one at a time, and parts of the rows
// where there are fewer blocks than threads.
struct Share {
  int64_t columns, blocks, rows, parts;

  Share(int64_t m, int64_t n, int64_t k) {
    constexpr int64_t kMostColumns = 256;
    const auto& kernels = chosenKernels().products;
    const int64_t threads = at::get_num_threads();
    const int64_t panels = ceilDiv(n, kernels.tile_columns);
    const int64_t most = std::min(kMostColumns, kFloatsTogether / std::max<int64_t>(1, k));
    const int64_t fewest = ceilDiv(panels, std::max<int64_t>(1, most / kernels.tile_columns));
    const int64_t together = ceilDiv(panels, std::min(panels, std::max(fewest, 4 * threads)));
    columns = together * kernels.tile_columns;
    blocks = ceilDiv(panels, together);
    const int64_t tiles = ceilDiv(m, kernels.tile_rows);
    parts = std::min(ceilDiv(tiles, 4), ceilDiv(2 * threads, blocks));
    rows = ceilDiv(m, parts);
  }
};

// The sum over k `from` .. `from + k - 1`: the first is written, others are added to what is there.
void multiplyPart(const Product& product, int64_t from, int64_t k) {
  const auto& kernels = chosenKernels().products;
  const Share share(product.m, product.n, k);
  const bool isLast = from + k == product.k;
  const float* bias = isLast ? product.bias : nullptr;
  const double operations = 2.0 * static_cast<double>(product.m) * static_cast<double>(product.n) *
                            static_cast<double>(k);
  forTasks(share.blocks * share.parts, operations, [&](int64_t task) {
    const int64_t first = task / share.parts * share.columns;
    const int64_t columns = std::min(share.columns, product.n - first);
    const int64_t firstRow = task % share.parts * share.rows;
    const int64_t rows = std::min(share.rows, product.m - firstRow);
    const PackedColumns packed = product.panels
                                     ? PackedColumns(product.panels, first, product.k, from)
                                     : PackedColumns(columns, k);
    if (!product.panels) packed.pack({product.b, first, columns, from, k});
    forTileRows(firstRow, rows, [&](int64_t row, int64_t count) {
      for (int64_t column = 0; column < columns; column += kernels.tile_columns) {
        const kernels::ProductSegment segment{product.a.at(row, from), product.a.stride,
                                              packed.at(column), k};
        kernels.tile({.segments = &segment,
                      .segment_count = 1,
                      .rows = count,
                      .columns = std::min<int64_t>(kernels.tile_columns, columns - column),
                      .is_across = product.a.isAcross,
                      .c = product.c + row * product.n + first + column,
                      .c_stride = product.n,
                      .bias = bias ? bias + first + column : nullptr,
                      .gelu = product.gelu && isLast,
                      .adds = from > 0});
      }
    });
  });
}

struct Free {
  void operator()(float* memory) const { ::operator delete[](memory, std::align_val_t(64)); }
};

float* threadMemory(int64_t floats) {
  thread_local std::unique_ptr<float[], Free> memory;
  thread_local int64_t size = 0;
  if (size < floats) {
    memory.reset();
    size = 0;
    const auto bytes = static_cast<size_t>(floats) * sizeof(float);
    memory.reset(static_cast<float*>(::operator new[](bytes, std::align_val_t(64))));
    size = floats;
  }
  return memory.get();
}

}  // namespace

Operand operandOf(at::Tensor& matrix, int64_t side) {
  const auto isLine = [&](int64_t dim) {
    return matrix.stride(dim) == 1 && matrix.stride(1 - dim) >= matrix.size(dim);
  };
  if (!isLine(0) && !isLine(1)) matrix = matrix.clone(at::MemoryFormat::Contiguous);
  const int64_t line = isLine(1) ? 1 : 0;
  return {matrix.const_data_ptr<float>(), matrix.stride(1 - line), line != side};
}

PackedColumns::PackedColumns(int64_t columns, int64_t k)
    : width_(chosenKernels().products.tile_columns), k_(k) {
  data_ = own_ = threadMemory(ceilDiv(columns, width_) * width_ * k);
}

PackedColumns::PackedColumns(const float* panels, int64_t column, int64_t k, int64_t from)
    : data_(panels + column * k + from * chosenKernels().products.tile_columns),
      width_(chosenKernels().products.tile_columns),
      k_(k) {}

void PackedColumns::pack(const Columns& columns, int64_t column, int64_t k) const {
  for (int64_t done = 0; done < columns.count; done += width_)
    chosenKernels().products.pack({.from = columns.b.at(columns.first + done, columns.from),
                                   .stride = columns.b.stride,
                                   .columns = std::min(width_, columns.count - done),
                                   .k = columns.k,
                                   .is_across = columns.b.isAcross},
                                  own_ + (at(column + done, k) - data_));
}

void multiply(const Product& product) {
  if (product.m == 0 || product.n == 0) return;
  // So many that enough columns of B, and what is read of A again and again, stay in caches.
  constexpr int64_t kMostTogether = 1024;
  const int64_t parts = std::max<int64_t>(1, ceilDiv(product.k, kMostTogether));
  const int64_t together = std::max<int64_t>(1, ceilDiv(product.k, parts));
  for (int64_t from = 0; from == 0 || from < product.k; from += together)
    multiplyPart(product, from, std::min(together, product.k - from));
}

}  // namespace adaptune::packed
