// The gradients of select_linear's products.
#include <ATen/Functions.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "select_products.h"
#include "select_tiles.h"

namespace adaptune::select {

namespace {

using kernels::ProductSegment;
using packed::Operand;
using packed::Panels;
using packed::Side;

// Heads of a projection whose outputs are summed up together: so many that a tile of their
// gradient stays in a cache.
struct Heads {
  int64_t projection, first, count, size;

  int64_t outputs() const { return count * size; }
};

std::vector<Heads> headsTogether(const std::vector<at::Tensor>& dys, int64_t heads) {
  std::vector<Heads> parts;
  for (size_t p = 0; p < dys.size(); ++p) {
    if (!dys[p].defined()) continue;
    const int64_t size = dys[p].size(1) / heads;
    const int64_t most = std::max<int64_t>(1, packed::kMostTogether / std::max<int64_t>(1, size));
    const int64_t together = packed::evenPart(heads, most);
    for (int64_t first = 0; first < heads; first += together)
      parts.push_back({static_cast<int64_t>(p), first, std::min(together, heads - first), size});
  }
  return parts;
}

// The picks of a sample's heads, of tiles that begin at a row's panel and in a block of columns.
// Heads next to each other that picked the same go on where the one before ended.
std::vector<ProductSegment> segmentsOf(const Selection& selection, const Heads& heads,
                                       int64_t sample, const float* rows, const float* columns) {
  const int64_t tileRows = packed::widthOf(Side::rows), width = packed::widthOf(Side::columns);
  std::vector<ProductSegment> segments;
  for (int64_t head = 0, last = -1; head < heads.count; ++head) {
    const int64_t k = selection.at(heads.first + head, sample);
    if (k == last) {
      segments.back().k += heads.size;
      continue;
    }
    last = k;
    const int64_t place = head * heads.size;
    segments.push_back({rows + place * tileRows, tileRows,
                        columns + (k * heads.outputs() + place) * width, heads.size});
  }
  return segments;
}

}  // namespace

at::Tensor inputGradient(const std::vector<at::Tensor>& given, const SelectLayers& layers,
                         const Selection& selection) {
  const auto some = std::find_if(given.begin(), given.end(), [](auto& dy) { return dy.defined(); });
  if (some == given.end()) return {};
  const auto& kernels = chosenKernels().products;
  std::vector<at::Tensor> weights = layers.weights.vec(), dys;
  const auto operands = operandsOf(weights, 1);
  for (const at::Tensor& dy : given) dys.push_back(dy.defined() ? dy.contiguous() : dy);
  const SampleTiles tiles(selection.lengths);
  const int64_t rows = some->size(0), n = weights[0].size(1), width = kernels.tile_columns;
  at::Tensor dx = at::empty({rows, n}, some->options());
  const auto parts = headsTogether(dys, selection.heads);
  int64_t mostOutputs = 0;
  double operations = 0;
  for (const Heads& heads : parts) {
    mostOutputs = std::max(mostOutputs, heads.outputs());
    operations += 2.0 * static_cast<double>(rows * n) * static_cast<double>(heads.outputs());
  }
  const Panels rowsOfAll = tiles.panels(mostOutputs);
  const int64_t panels = packed::ceilDiv(n, width), threads = at::get_num_threads();
  std::vector<packed::Phase> phases;
  for (const Heads& heads : parts) {
    const int64_t outputs = heads.outputs(), lines = layers.alternatives * outputs;
    const Panels rowsOfDy = rowsOfAll.of(outputs);
    phases.push_back(tiles.packing(packed::operandOf(dys[heads.projection], 0),
                                   heads.first * heads.size, outputs, rowsOfDy));
    const int64_t most = packed::floatsTogether() / width / std::max<int64_t>(1, lines);
    const int64_t together =
        std::max<int64_t>(1, std::min(most, packed::ceilDiv(panels, 2 * threads))) * width;
    const bool adds = phases.size() > 1;
    phases.push_back(
        {packed::ceilDiv(n, together), [=, &operands, &selection, &tiles, &kernels](int64_t task) {
           const int64_t first = task * together, columns = std::min(together, n - first);
           const auto weight = Panels::ofThread(Side::columns, columns, lines);
           for (int64_t k = 0; k < layers.alternatives; ++k)
             weight.pack({operands[heads.projection * layers.alternatives + k], first, columns,
                          heads.first * heads.size, outputs},
                         0, k * outputs);
           for (int64_t b = 0; b < selection.samples(); ++b)
             tiles.forSample(b, [&](const SampleTiles::Tile& tile) {
               for (int64_t column = 0; column < columns; column += width) {
                 const auto segments =
                     segmentsOf(selection, heads, b, rowsOfDy.at(tile.place), weight.at(column));
                 kernels.tile(
                     {.segments = segments.data(),
                      .segment_count = static_cast<int64_t>(segments.size()),
                      .rows = tile.rows,
                      .columns = std::min(width, columns - column),
                      .is_across = false,
                      .c = dx.mutable_data_ptr<float>() + tile.firstRow * n + first + column,
                      .c_stride = n,
                      .adds = adds});
               }
             });
         }});
  }
  packed::runPhases(phases, operations);
  return dx;
}

namespace {

// Rows next to each other of samples that picked the same.
struct Run {
  int64_t first, rows;
};

// Those of rows `from` .. `end - 1` for which a head picked alternative k.
std::vector<Run> runsOf(const Selection& selection, int64_t head, int64_t k, int64_t from,
                        int64_t end) {
  std::vector<Run> runs;
  int64_t row = 0;
  for (int64_t b = 0; b < selection.samples(); row += selection.lengths[b++]) {
    const int64_t first = std::max(row, from);
    const int64_t rows = std::min(row + selection.lengths[b], end) - first;
    if (selection.at(head, b) != k || rows <= 0) continue;
    if (!runs.empty() && runs.back().first + runs.back().rows == first)
      runs.back().rows += rows;
    else
      runs.push_back({first, rows});
  }
  return runs;
}

// Rows that are summed up together, and outputs of which a weight's gradient is computed.
struct Block {
  int64_t from, end, firstHead, heads, size;

  int64_t rows() const { return end - from; }
  // Of a head in panels of rows, as each begins a tile.
  int64_t places() const {
    const int64_t tileRows = packed::widthOf(Side::rows);
    return packed::ceilDiv(size, tileRows) * tileRows;
  }
};

// What packs the columns of x [R,n] at the rows `from` .. `end - 1`.
packed::Phase packingColumns(const Operand& x, int64_t n, int64_t from, int64_t end,
                             const Panels& to) {
  const int64_t together = 8 * packed::widthOf(Side::columns);
  return {packed::ceilDiv(n, together), [=](int64_t task) {
            const int64_t first = task * together;
            to.pack({x, first, std::min(together, n - first), from, end - from}, first);
          }};
}

// What packs the transposed dy [R,m] of a block.
packed::Phase packingGradients(const Operand& dy, const Block& block, const Panels& to) {
  return {block.heads, [=](int64_t head) {
            const int64_t first = (block.firstHead + head) * block.size;
            to.pack({dy, first, block.size, block.from, block.rows()}, head * block.places());
          }};
}

// What computes a block of dW, of the rows that picked its alternative, for one that is not empty.
packed::Phase addingGradient(const WeightGradient& gradient, const Block& block,
                             const Panels& rowsOfDy, const Panels& columnsOfX,
                             const Selection& selection) {
  const int64_t n = gradient.dw.size(1), width = packed::widthOf(Side::columns);
  const int64_t most = packed::floatsTogether() / width / std::max<int64_t>(1, block.rows());
  const int64_t together = std::max<int64_t>(1, std::min(most, packed::ceilDiv(n, width))) * width;
  auto* dw = gradient.dw.mutable_data_ptr<float>();
  const auto add = [=, &selection, k = gradient.k](int64_t task) {
    const auto& kernels = chosenKernels().products;
    const int64_t head = task % block.heads, first = task / block.heads * together;
    const int64_t end = std::min(first + together, n), tileRows = kernels.tile_rows;
    const auto runs = runsOf(selection, block.firstHead + head, k, block.from, block.end);
    for (int64_t output = 0; output < block.size; output += tileRows)
      for (int64_t column = first; column < end; column += width) {
        std::vector<ProductSegment> segments;
        for (const Run& run : runs)
          segments.push_back({rowsOfDy.at(head * block.places() + output, run.first - block.from),
                              tileRows, columnsOfX.at(column, run.first - block.from), run.rows});
        const int64_t row = (block.firstHead + head) * block.size + output;
        kernels.tile({.segments = segments.data(),
                      .segment_count = static_cast<int64_t>(segments.size()),
                      .rows = std::min(tileRows, block.size - output),
                      .columns = std::min(width, end - column),
                      .is_across = false,
                      .c = dw + row * n + column,
                      .c_stride = n,
                      .adds = block.from > 0});
      }
  };
  return {packed::ceilDiv(n, together) * block.heads, add};
}

}  // namespace

void weightGradients(std::vector<WeightGradient>& gradients, const at::Tensor& given,
                     const Selection& selection) {
  if (gradients.empty()) return;
  at::Tensor x = given;
  const Operand operand = packed::operandOf(x, 1);
  const int64_t rows = x.size(0), n = x.size(1);
  const int64_t rowsTogether = packed::evenPart(rows, packed::kMostTogether);
  const auto headsTogether = [&](int64_t size) {
    return std::max<int64_t>(1, packed::kMostTogether / std::max<int64_t>(1, size));
  };
  std::vector<at::Tensor> dys;
  int64_t mostPlaces = 0;
  double operations = 0;
  for (WeightGradient& gradient : gradients) {
    dys.push_back(gradient.dy.contiguous());
    const int64_t m = gradient.dy.size(1), size = m / selection.heads;
    gradient.dw = at::empty({m, n}, x.options());
    const Block block{0, 0, 0, std::min(headsTogether(size), selection.heads), size};
    mostPlaces = std::max(mostPlaces, block.heads * block.places());
    operations += operationsOf(rows, gradient.dw, 1);
  }
  const Panels columnsOfAll = Panels::shared(Side::columns, n, rowsTogether);
  const Panels rowsOfAll = Panels::shared(Side::rows, mostPlaces, rowsTogether);
  std::vector<packed::Phase> phases;
  for (int64_t from = 0; from == 0 || from < rows; from += rowsTogether) {
    const int64_t end = std::min(from + rowsTogether, rows);
    const Panels columnsOfX = columnsOfAll.of(end - from), rowsOfDy = rowsOfAll.of(end - from);
    phases.push_back(packingColumns(operand, n, from, end, columnsOfX));
    for (size_t i = 0; i < gradients.size();) {
      // Those after it that are of the same dy, by other alternatives.
      size_t next = i + 1;
      while (next < gradients.size() && dys[next].is_same(dys[i])) ++next;
      const int64_t size = dys[i].size(1) / selection.heads, most = headsTogether(size);
      for (int64_t head = 0; head < selection.heads; head += most) {
        const Block block{from, end, head, std::min(most, selection.heads - head), size};
        phases.push_back(packingGradients(packed::operandOf(dys[i], 1), block, rowsOfDy));
        for (size_t j = i; j < next; ++j)
          phases.push_back(addingGradient(gradients[j], block, rowsOfDy, columnsOfX, selection));
      }
      i = next;
    }
  }
  packed::runPhases(phases, operations);
}

at::Tensor biasGradient(const at::Tensor& given, int64_t k, const Selection& selection) {
  const at::Tensor dy = given.contiguous();
  const int64_t m = dy.size(1), size = m / selection.heads;
  at::Tensor db = at::zeros({m}, dy.options());
  auto* sums = db.mutable_data_ptr<float>();
  const auto* data = dy.const_data_ptr<float>();
  at::parallel_for(0, selection.heads, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> sample(static_cast<size_t>(size));
    for (int64_t head = begin; head < end; ++head) {
      int64_t first = 0;
      for (int64_t b = 0; b < selection.samples(); first += selection.lengths[b++]) {
        if (selection.at(head, b) != k) continue;
        // Sums of sums are more exact than one long sum.
        std::fill(sample.begin(), sample.end(), 0.0F);
        for (int64_t row = first; row < first + selection.lengths[b]; ++row)
          for (int64_t i = 0; i < size; ++i) sample[i] += data[row * m + head * size + i];
        for (int64_t i = 0; i < size; ++i) sums[head * size + i] += sample[i];
      }
    }
  });
  return db;
}

}  // namespace adaptune::select
