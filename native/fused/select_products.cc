#include "select_products.h"

#include <ATen/Functions.h>

#include <algorithm>

#include "kept_panels.h"
#include "packed_products.h"

namespace adaptune::select {

namespace {

using kernels::ProductSegment;
using packed::Operand;

// Rows of samples next to each other that took the same turn.
struct Run {
  int64_t first, rows, turn;
};

// Which turn makes each sample's pick alternative k, as runs.
std::vector<Run> runsOf(const Selection& selection, int64_t head, int64_t k) {
  std::vector<Run> runs;
  int64_t row = 0;
  for (int64_t b = 0; b < selection.samples(); ++b) {
    const int64_t rows = selection.lengths[b];
    const int64_t turn =
        (k - selection.at(head, b) + selection.alternatives) % selection.alternatives;
    if (!runs.empty() && runs.back().turn == turn)
      runs.back().rows += rows;
    else
      runs.push_back({row, rows, turn});
    row += rows;
  }
  return runs;
}

double operationsOf(int64_t rows, const at::Tensor& weight, int64_t layers) {
  return 2.0 * static_cast<double>(rows) * static_cast<double>(weight.numel()) *
         static_cast<double>(layers);
}

int64_t roundedUp(int64_t columns) {
  const int64_t width = chosenKernels().products.tile_columns;
  return (columns + width - 1) / width * width;
}

// Operands of all weights, in their order; `side` is the dimension that C has too.
std::vector<Operand> operandsOf(std::vector<at::Tensor>& tensors, int64_t side) {
  std::vector<Operand> operands;
  for (at::Tensor& tensor : tensors) operands.push_back(packed::operandOf(tensor, side));
  return operands;
}

// Panels of the W^T of layers [m,n], those that are kept packed or made for a while.
class PanelsOfLayers {
 public:
  explicit PanelsOfLayers(std::vector<at::Tensor>& weights)
      : inputs_(weights[0].size(1)), width_(chosenKernels().products.tile_columns) {
    for (const at::Tensor& weight : weights) kept_.push_back(packed::keptPanels(weight));
    operands_ = operandsOf(weights, 0);
  }

  // Packs outputs `first` .. of a layer, as the columns from `place` on, unless they are kept.
  void pack(int64_t layer, int64_t first, int64_t count, const packed::PackedColumns& to,
            int64_t place) const {
    if (!isKept(layer, first)) to.pack({operands_[layer], first, count, 0, inputs_}, place);
  }

  // The panel from an output of a layer on: the kept one, or `made`.
  const float* at(int64_t layer, int64_t output, const float* made) const {
    return isKept(layer, output) ? kept_[layer].get() + output * inputs_ : made;
  }

 private:
  // A head's outputs may begin in the middle of a panel.
  bool isKept(int64_t layer, int64_t first) const { return kept_[layer] && first % width_ == 0; }

  int64_t inputs_, width_;
  std::vector<Operand> operands_;
  std::vector<std::shared_ptr<const float>> kept_;
};

}  // namespace

std::vector<at::Tensor> forward(const at::Tensor& given, const SelectLayers& layers,
                                const Selection& selection, bool compare, bool gelu) {
  const auto& kernels = chosenKernels().products;
  at::Tensor x = given;
  const Operand rowsOfX = packed::operandOf(x, 0);
  const int64_t n = x.size(1), turns = compare ? layers.alternatives : 1;
  std::vector<at::Tensor> weights = layers.weights.vec(), biases, results;
  const PanelsOfLayers panels(weights);
  for (const auto& bias : layers.biases) biases.push_back(bias.contiguous());
  std::vector<int64_t> sizes, places;  // of a head's columns in each projection, and in the panels
  int64_t columns = 0;
  for (int64_t p = 0; p < layers.projections; ++p) {
    const int64_t m = layers.weight(p, 0).size(0);
    for (int64_t turn = 0; turn < turns; ++turn)
      results.push_back(at::empty({x.size(0), m}, x.options()));
    sizes.push_back(m / selection.heads);
    places.push_back(columns);
    columns += roundedUp(sizes.back());
  }
  const double operations =
      operationsOf(x.size(0), weights[0], layers.projections * (compare ? layers.alternatives : 1));
  packed::forTasks(selection.heads * layers.alternatives, operations, [&](int64_t task) {
    const int64_t head = task / layers.alternatives, k = task % layers.alternatives;
    std::vector<Run> runs = runsOf(selection, head, k);
    std::erase_if(runs, [&](const Run& run) { return run.turn >= turns; });
    if (runs.empty()) return;
    const packed::PackedColumns weight(columns, n);
    for (int64_t p = 0; p < layers.projections; ++p)
      panels.pack(p * layers.alternatives + k, head * sizes[p], sizes[p], weight, places[p]);
    for (const Run& run : runs)
      packed::forTileRows(run.first, run.rows, [&](int64_t row, int64_t count) {
        for (int64_t p = 0; p < layers.projections; ++p) {
          at::Tensor& y = results[p * turns + run.turn];
          const auto* bias = biases[p * layers.alternatives + k].const_data_ptr<float>();
          for (int64_t column = 0; column < sizes[p]; column += kernels.tile_columns) {
            const float* panel = panels.at(p * layers.alternatives + k, head * sizes[p] + column,
                                           weight.at(places[p] + column));
            const ProductSegment segment{rowsOfX.at(row), rowsOfX.stride, panel, n};
            const int64_t place = head * sizes[p] + column;
            kernels.tile({.segments = &segment,
                          .segment_count = 1,
                          .rows = count,
                          .columns = std::min<int64_t>(kernels.tile_columns, sizes[p] - column),
                          .is_across = rowsOfX.isAcross,
                          .c = y.mutable_data_ptr<float>() + row * y.size(1) + place,
                          .c_stride = y.size(1),
                          .bias = bias + place,
                          .gelu = gelu});
          }
        }
      });
  });
  return results;
}

at::Tensor inputGradient(const std::vector<at::Tensor>& dys, const SelectLayers& layers,
                         const Selection& selection) {
  const auto some = std::find_if(dys.begin(), dys.end(), [](auto& dy) { return dy.defined(); });
  if (some == dys.end()) return {};
  const auto& kernels = chosenKernels().products;
  std::vector<at::Tensor> weights = layers.weights.vec();
  const auto operands = operandsOf(weights, 1);
  // Where each layer's rows are in the panels; nowhere if its projection has no gradient.
  std::vector<int64_t> places;
  std::vector<at::Tensor> rowsOfDys;
  int64_t lines = 0;
  for (int64_t p = 0; p < layers.projections; ++p) {
    rowsOfDys.push_back(dys[p].defined() ? dys[p].contiguous() : dys[p]);
    for (int64_t k = 0; k < layers.alternatives; ++k) {
      places.push_back(lines);
      if (dys[p].defined()) lines += weights[p * layers.alternatives + k].size(0);
    }
  }
  const int64_t rows = some->size(0), n = weights[0].size(1), width = kernels.tile_columns;
  at::Tensor dx = at::empty({rows, n}, some->options());
  const double operations = operationsOf(rows, weights[0], layers.projections);
  packed::forTasks((n + width - 1) / width, operations, [&](int64_t task) {
    const int64_t column = task * width, columns = std::min(width, n - column);
    const packed::PackedColumns weight(columns, lines);
    for (size_t layer = 0; layer < weights.size(); ++layer)
      if (rowsOfDys[layer / layers.alternatives].defined())
        weight.pack({operands[layer], column, columns, 0, weights[layer].size(0)}, 0,
                    places[layer]);
    int64_t first = 0;
    for (int64_t b = 0; b < selection.samples(); first += selection.lengths[b++]) {
      packed::forTileRows(first, selection.lengths[b], [&](int64_t row, int64_t count) {
        std::vector<ProductSegment> segments;
        for (int64_t p = 0; p < layers.projections; ++p) {
          if (!rowsOfDys[p].defined()) continue;
          const int64_t m = rowsOfDys[p].size(1), size = m / selection.heads;
          const auto* dy = rowsOfDys[p].const_data_ptr<float>() + row * m;
          // Heads next to each other that picked the same go on where the one before ended.
          for (int64_t head = 0, k = -1; head < selection.heads; ++head) {
            if (selection.at(head, b) == k) {
              segments.back().k += size;
              continue;
            }
            k = selection.at(head, b);
            const int64_t place = places[p * layers.alternatives + k] + head * size;
            segments.push_back({dy + head * size, m, weight.at(0, place), size});
          }
        }
        kernels.tile({.segments = segments.data(),
                      .segment_count = static_cast<int64_t>(segments.size()),
                      .rows = count,
                      .columns = columns,
                      .is_across = true,
                      .c = dx.mutable_data_ptr<float>() + row * n + column,
                      .c_stride = n});
      });
    }
  });
  return dx;
}

void weightGradients(std::vector<WeightGradient>& gradients, const at::Tensor& given,
                     const Selection& selection) {
  if (gradients.empty()) return;
  const auto& kernels = chosenKernels().products;
  at::Tensor x = given;
  const Operand rowsOfX = packed::operandOf(x, 1);
  const int64_t rows = x.size(0), n = x.size(1), width = kernels.tile_columns;
  std::vector<at::Tensor> dys;
  double operations = 0;
  for (WeightGradient& gradient : gradients) {
    dys.push_back(gradient.dy.contiguous());
    gradient.dw = at::empty({gradient.dy.size(1), n}, x.options());
    operations += operationsOf(rows, gradient.dw, 1);
  }
  // So many rows at a time that all of a panel's stay in a cache.
  constexpr int64_t kRowsTogether = 1024;
  for (int64_t from = 0; from == 0 || from < rows; from += kRowsTogether) {
    const int64_t end = std::min(from + kRowsTogether, rows);
    packed::forTasks((n + width - 1) / width, operations, [&](int64_t task) {
      const int64_t column = task * width, columns = std::min(width, n - column);
      const packed::PackedColumns packedX(columns, end - from);
      packedX.pack({rowsOfX, column, columns, from, end - from});
      for (size_t i = 0; i < gradients.size(); ++i) {
        at::Tensor& dw = gradients[i].dw;
        const int64_t m = dw.size(0), size = m / selection.heads;
        const auto* dy = dys[i].const_data_ptr<float>();
        for (int64_t head = 0; head < selection.heads; ++head) {
          std::vector<ProductSegment> segments;
          for (const Run& run : runsOf(selection, head, gradients[i].k)) {
            const int64_t first = std::max(run.first, from);
            const int64_t count = std::min(run.first + run.rows, end) - first;
            if (run.turn == 0 && count > 0)
              segments.push_back({dy + first * m, m, packedX.at(0, first - from), count});
          }
          packed::forTileRows(head * size, size, [&](int64_t row, int64_t count) {
            std::vector<ProductSegment> ofRows = segments;
            for (ProductSegment& segment : ofRows) segment.a += row;
            kernels.tile({.segments = ofRows.data(),
                          .segment_count = static_cast<int64_t>(ofRows.size()),
                          .rows = count,
                          .columns = columns,
                          .is_across = false,
                          .c = dw.mutable_data_ptr<float>() + row * n + column,
                          .c_stride = n,
                          .adds = from > 0});
          });
        }
      }
    });
  }
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

int64_t slicesOf(int64_t m, int64_t n) {
  const int64_t width = chosenKernels().products.tile_columns;
  const int64_t most = std::max(width, packed::kFloatsTogether / std::max<int64_t>(1, n));
  // Of whole tiles where there are any.
  for (int64_t slices = (m + most - 1) / most; slices < m; ++slices)
    if (m % slices == 0 && (m / slices) % width == 0) return slices;
  return 1;
}

at::Tensor compareGelu(const Comparison& comparison) {
  const auto& [dy, z, given, layers, selection, compared] = comparison;
  const auto& kernels = chosenKernels().products;
  const int64_t alternatives = selection.alternatives, samples = selection.samples();
  const int64_t m = z.size(1), n = given.size(1), slices = slicesOf(m, n), width = m / slices;
  at::Tensor x = given;
  const Operand rowsOfX = packed::operandOf(x, 0);
  std::vector<at::Tensor> weights = layers.weights.vec(), biases;
  const PanelsOfLayers panels(weights);
  for (const auto& bias : layers.biases) biases.push_back(bias.contiguous());
  const at::Tensor gradient = dy.contiguous();
  // Every task has sums of its own, so that the total does not depend on who did which.
  const at::Tensor sums = at::zeros({slices, samples, alternatives}, at::kDouble);
  const double operations = operationsOf(x.size(0), weights[0], alternatives - 1);
  packed::forTasks(slices * alternatives, operations, [&](int64_t task) {
    const int64_t slice = task / alternatives, k = task % alternatives;
    const int64_t column = slice * width;
    const packed::PackedColumns weight(width, n);
    panels.pack(k, column, width, weight, 0);
    std::vector<float> tile(static_cast<size_t>(kernels.tile_rows) * kernels.tile_columns);
    std::vector<double> ofRows(static_cast<size_t>(kernels.tile_rows));
    auto* ofSamples = sums.mutable_data_ptr<double>() + slice * samples * alternatives;
    int64_t first = 0;
    for (int64_t b = 0; b < samples; first += selection.lengths[b++]) {
      if ((compared[b] >> k & 1) == 0) continue;
      packed::forTileRows(first, selection.lengths[b], [&](int64_t row, int64_t count) {
        std::fill(ofRows.begin(), ofRows.end(), 0.0);
        for (int64_t c = 0; c < width; c += kernels.tile_columns) {
          const ProductSegment segment{rowsOfX.at(row), rowsOfX.stride,
                                       panels.at(k, column + c, weight.at(c)), n};
          const int64_t columns = std::min<int64_t>(kernels.tile_columns, width - c);
          const int64_t place = row * m + column + c;
          kernels.tile({.segments = &segment,
                        .segment_count = 1,
                        .rows = count,
                        .columns = columns,
                        .is_across = rowsOfX.isAcross,
                        .c = tile.data(),
                        .c_stride = kernels.tile_columns,
                        .bias = biases[k].const_data_ptr<float>() + column + c});
          kernels.compare_gelu({.dy = gradient.const_data_ptr<float>() + place,
                                .z = z.const_data_ptr<float>() + place,
                                .other = tile.data(),
                                .stride = m,
                                .other_stride = kernels.tile_columns,
                                .rows = count,
                                .columns = columns,
                                .sums = ofRows.data()});
        }
        for (const double sum : ofRows) ofSamples[b * alternatives + k] += sum;
      });
    }
  });
  return sums.sum(0);
}

}  // namespace adaptune::select
