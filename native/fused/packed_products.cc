#include "packed_products.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <new>
#include <thread>

namespace adaptune::packed {

namespace {

// How C is shared out: blocks of columns, which a thread packs one at a time, and parts of the rows
// where there are fewer blocks than threads.
struct Share {
  int64_t columns, blocks, rows, parts;

  Share(int64_t m, int64_t n, int64_t k) {
    const auto& kernels = chosenKernels().products;
    const int64_t threads = at::get_num_threads();
    const int64_t panels = ceilDiv(n, kernels.tile_columns);
    const int64_t most = floatsTogether() / std::max<int64_t>(1, k);
    const int64_t fewest = ceilDiv(panels, std::max<int64_t>(1, most / kernels.tile_columns));
    const int64_t blocksWanted = threads == 1 ? fewest : std::max(fewest, 4 * threads);
    const int64_t together = ceilDiv(panels, std::min(panels, blocksWanted));
    columns = together * kernels.tile_columns;
    blocks = ceilDiv(panels, together);
    const int64_t tiles = ceilDiv(m, kernels.tile_rows);
    parts = std::min(ceilDiv(tiles, 4), ceilDiv(2 * threads, blocks));
    rows = ceilDiv(tiles, parts) * kernels.tile_rows;
    parts = ceilDiv(m, rows);
  }
};

// Whether A is packed: where that is little beside the product, or where its lines would fall on
// the same few places of a cache, those of a power of two above all.
bool packsRows(const Product& product) {
  constexpr int64_t kPage = 4096 / sizeof(float), kOften = 256;
  const Operand& a = product.a;
  const bool collides = a.isAcross ? a.stride % (kPage / 2) == 0 : a.stride >= kPage / 2;
  return product.n > (collides ? chosenKernels().products.tile_columns : kOften);
}

// Rows of C and k that are computed before others.
struct Step {
  int64_t firstRow, rows, from, k;
};

// What packs A's rows of a step.
Phase packingRows(const Product& product, const Step& step, const Panels& to) {
  constexpr int64_t kTilesTogether = 16;
  const int64_t together = kTilesTogether * widthOf(Side::rows);
  return {ceilDiv(step.rows, together), [=](int64_t task) {
            const int64_t first = task * together, count = std::min(together, step.rows - first);
            to.pack({product.a, step.firstRow + first, count, step.from, step.k}, first);
          }};
}

// What computes a step's sums over k: the first are written, others are added to what is there.
Phase multiplying(const Product& product, const Step& step, const Panels& rowsOfA) {
  const auto& kernels = chosenKernels().products;
  const Share share(step.rows, product.n, step.k);
  const bool isLast = step.from + step.k == product.k, isPacked = packsRows(product);
  const float* bias = isLast ? product.bias : nullptr;
  return {
      share.blocks * share.parts, [=, &kernels](int64_t task) {
        const int64_t first = task / share.parts * share.columns;
        const int64_t columns = std::min(share.columns, product.n - first);
        const int64_t begin = task % share.parts * share.rows;
        const int64_t end = std::min(begin + share.rows, step.rows);
        const Panels packed =
            product.panels ? Panels(Side::columns, product.panels + first * product.k, product.k)
                           : Panels::ofThread(Side::columns, columns, step.k);
        const int64_t from = product.panels ? step.from : 0;
        if (!product.panels) packed.pack({product.b, first, columns, step.from, step.k});
        for (int64_t row = begin; row < end; row += kernels.tile_rows)
          for (int64_t column = 0; column < columns; column += kernels.tile_columns) {
            const int64_t rowOfC = step.firstRow + row;
            const kernels::ProductSegment segment{
                isPacked ? rowsOfA.at(row) : product.a.at(rowOfC, step.from),
                isPacked ? kernels.tile_rows : product.a.stride, packed.at(column, from), step.k};
            kernels.tile({.segments = &segment,
                          .segment_count = 1,
                          .rows = std::min<int64_t>(kernels.tile_rows, end - row),
                          .columns = std::min<int64_t>(kernels.tile_columns, columns - column),
                          .is_across = !isPacked && product.a.isAcross,
                          .c = product.c + rowOfC * product.n + first + column,
                          .c_stride = product.n,
                          .bias = bias ? bias + first + column : nullptr,
                          .gelu = product.gelu && isLast,
                          .adds = step.from > 0});
          }
      }};
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

// Zero where the system does not tell.
int64_t secondLevelCache() {
#if defined(_SC_LEVEL2_CACHE_SIZE)
  return sysconf(_SC_LEVEL2_CACHE_SIZE);
#else
  return 0;
#endif
}

}  // namespace

int64_t floatsTogether() {
  static const int64_t bytes = [] {
    constexpr int64_t kUsual = 1 << 20, kMost = 1 << 22;
    const int64_t told = secondLevelCache();
    return told > 0 ? std::min(told, kMost) : kUsual;
  }();
  return bytes / 2 / static_cast<int64_t>(sizeof(float));
}

Operand operandOf(at::Tensor& matrix, int64_t side) {
  const auto isLine = [&](int64_t dim) {
    return matrix.stride(dim) == 1 && matrix.stride(1 - dim) >= matrix.size(dim);
  };
  if (!isLine(0) && !isLine(1)) matrix = matrix.clone(at::MemoryFormat::Contiguous);
  const int64_t line = isLine(1) ? 1 : 0;
  return {matrix.const_data_ptr<float>(), matrix.stride(1 - line), line != side};
}

Panels Panels::shared(Side side, int64_t count, int64_t k) {
  Panels panels(side, nullptr, k);
  panels.memory_ = at::empty({ceilDiv(count, panels.width_), k, panels.width_}, at::kFloat);
  panels.data_ = panels.own_ = panels.memory_.mutable_data_ptr<float>();
  return panels;
}

Panels Panels::ofThread(Side side, int64_t count, int64_t k) {
  Panels panels(side, nullptr, k);
  const int64_t floats = ceilDiv(count, panels.width_) * panels.width_ * k;
  panels.data_ = panels.own_ = threadMemory(floats);
  return panels;
}

void Panels::pack(const Part& part, int64_t place, int64_t k) const {
  const auto& kernels = chosenKernels().products;
  const auto pack = side_ == Side::rows ? kernels.pack_rows : kernels.pack_columns;
  pack({.from = part.operand.at(part.first, part.from),
        .stride = part.operand.stride,
        .columns = part.count,
        .k = part.k,
        .is_across = part.operand.isAcross,
        .panel_stride = k_ * width_},
       own_ + (at(place, k) - data_));
}

void runPhases(const std::vector<Phase>& phases, double operations) {
  struct Progress {
    std::atomic<int64_t> next{0}, done{0};
  };
  int64_t most = 0;
  for (const Phase& phase : phases) most = std::max(most, phase.tasks);
  const int64_t threads = operations < 1e6 ? 1 : std::min<int64_t>(most, at::get_num_threads());
  std::vector<Progress> progress(phases.size());
  std::atomic<bool> failed{false};
  at::parallel_for(0, threads, 1, [&](int64_t, int64_t) {
    try {
      for (size_t i = 0; i < phases.size() && !failed; ++i) {
        const auto& [tasks, run] = phases[i];
        auto& [next, done] = progress[i];
        for (int64_t task = next++; task < tasks; task = next++, ++done) run(task);
        constexpr int kPatience = 1000;
        for (int spins = 0; i + 1 < phases.size() && done < tasks && !failed; ++spins)
          if (spins > kPatience) std::this_thread::yield();
      }
    } catch (...) {
      failed = true;
      throw;
    }
  });
}

void multiply(const Product& product) {
  if (product.m == 0 || product.n == 0) return;
  // So many rows that B is packed again for them without loss.
  constexpr int64_t kMostRows = 4096;
  const int64_t rows = std::min(kMostRows, product.m);
  const int64_t k = evenPart(product.k, kMostTogether);
  const bool isPacked = packsRows(product);
  const auto rowsOfA = Panels::shared(Side::rows, isPacked ? rows : 0, k);
  std::vector<Phase> phases;
  for (int64_t row = 0; row < product.m; row += rows)
    for (int64_t from = 0; from == 0 || from < product.k; from += k) {
      const Step step{row, std::min(rows, product.m - row), from, std::min(k, product.k - from)};
      if (isPacked) phases.push_back(packingRows(product, step, rowsOfA.of(step.k)));
      phases.push_back(multiplying(product, step, rowsOfA.of(step.k)));
    }
  runPhases(phases, 2.0 * static_cast<double>(product.m) * static_cast<double>(product.n) *
                        static_cast<double>(product.k));
}

}  // namespace adaptune::packed
