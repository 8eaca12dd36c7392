#include "select_products.h"

#include <ATen/Functions.h>

#include <algorithm>

#include "kept_panels.h"
#include "select_tiles.h"

namespace adaptune::select {

namespace {

using kernels::ProductSegment;
using packed::Operand;
using packed::Panels;
using packed::Side;

// How many turns after a head's pick of a sample alternative k comes.
int64_t turnTo(const Selection& selection, int64_t head, int64_t sample, int64_t k) {
  return (k - selection.at(head, sample) + selection.alternatives) % selection.alternatives;
}

int64_t roundedUp(int64_t columns) {
  const int64_t width = packed::widthOf(Side::columns);
  return packed::ceilDiv(columns, width) * width;
}

// Panels of the W^T of layers [m,n], those that are kept packed or made for a while.
class PanelsOfLayers {
 public:
  explicit PanelsOfLayers(std::vector<at::Tensor>& weights)
      : inputs_(weights[0].size(1)), width_(packed::widthOf(Side::columns)) {
    for (const at::Tensor& weight : weights) kept_.push_back(packed::keptPanels(weight));
    operands_ = operandsOf(weights, 0);
  }

  // Packs outputs `first` .. of a layer, as the columns from `place` on, unless they are kept.
  void pack(int64_t layer, int64_t first, int64_t count, const Panels& to, int64_t place) const {
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
  const int64_t n = x.size(1), turns = compare ? layers.alternatives : 1;
  const SampleTiles tiles(selection.lengths);
  const Panels rowsOfX = tiles.panels(n);
  const auto packing = tiles.packing(packed::operandOf(x, 0), 0, n, rowsOfX);
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
  const auto multiply = [&](int64_t task) {
    const int64_t head = task / layers.alternatives, k = task % layers.alternatives;
    // Which turn makes each sample's pick alternative k.
    std::vector<int64_t> turnOf;
    for (int64_t b = 0; b < selection.samples(); ++b)
      turnOf.push_back(turnTo(selection, head, b, k));
    if (std::all_of(turnOf.begin(), turnOf.end(), [&](int64_t turn) { return turn >= turns; }))
      return;
    const auto weight = Panels::ofThread(Side::columns, columns, n);
    for (int64_t p = 0; p < layers.projections; ++p)
      panels.pack(p * layers.alternatives + k, head * sizes[p], sizes[p], weight, places[p]);
    for (int64_t b = 0; b < selection.samples(); ++b) {
      if (turnOf[b] >= turns) continue;
      tiles.forSample(b, [&](const SampleTiles::Tile& tile) {
        for (int64_t p = 0; p < layers.projections; ++p) {
          at::Tensor& y = results[p * turns + turnOf[b]];
          const auto* bias = biases[p * layers.alternatives + k].const_data_ptr<float>();
          for (int64_t column = 0; column < sizes[p]; column += kernels.tile_columns) {
            const int64_t place = head * sizes[p] + column;
            const float* panel =
                panels.at(p * layers.alternatives + k, place, weight.at(places[p] + column));
            const ProductSegment segment{rowsOfX.at(tile.place), kernels.tile_rows, panel, n};
            kernels.tile({.segments = &segment,
                          .segment_count = 1,
                          .rows = tile.rows,
                          .columns = std::min<int64_t>(kernels.tile_columns, sizes[p] - column),
                          .is_across = false,
                          .c = y.mutable_data_ptr<float>() + tile.firstRow * y.size(1) + place,
                          .c_stride = y.size(1),
                          .bias = bias + place,
                          .gelu = gelu});
          }
        }
      });
    }
  };
  packed::runPhases({packing, {selection.heads * layers.alternatives, multiply}}, operations);
  return results;
}

int64_t slicesOf(int64_t m, int64_t n) {
  const int64_t width = chosenKernels().products.tile_columns;
  const int64_t most = std::max(width, packed::floatsTogether() / std::max<int64_t>(1, n));
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
  const SampleTiles tiles(selection.lengths);
  const Panels rowsOfX = tiles.panels(n);
  const auto packing = tiles.packing(packed::operandOf(x, 0), 0, n, rowsOfX);
  std::vector<at::Tensor> weights = layers.weights.vec(), biases;
  const PanelsOfLayers panels(weights);
  for (const auto& bias : layers.biases) biases.push_back(bias.contiguous());
  const at::Tensor gradient = dy.contiguous();
  // Every task has sums of its own, so that the total does not depend on who did which.
  const at::Tensor sums = at::zeros({slices, samples, alternatives}, at::kDouble);
  const double operations = operationsOf(x.size(0), weights[0], alternatives - 1);
  const auto compare = [&](int64_t task) {
    const int64_t slice = task / alternatives, k = task % alternatives;
    const int64_t column = slice * width;
    const auto weight = Panels::ofThread(Side::columns, width, n);
    panels.pack(k, column, width, weight, 0);
    std::vector<float> results(static_cast<size_t>(kernels.tile_rows) * kernels.tile_columns);
    std::vector<double> ofRows(static_cast<size_t>(kernels.tile_rows));
    auto* ofSamples = sums.mutable_data_ptr<double>() + slice * samples * alternatives;
    for (int64_t b = 0; b < samples; ++b) {
      if ((compared[b] >> k & 1) == 0) continue;
      tiles.forSample(b, [&](const SampleTiles::Tile& tile) {
        std::fill(ofRows.begin(), ofRows.end(), 0.0);
        for (int64_t c = 0; c < width; c += kernels.tile_columns) {
          const ProductSegment segment{rowsOfX.at(tile.place), kernels.tile_rows,
                                       panels.at(k, column + c, weight.at(c)), n};
          const int64_t columns = std::min<int64_t>(kernels.tile_columns, width - c);
          const int64_t place = tile.firstRow * m + column + c;
          kernels.tile({.segments = &segment,
                        .segment_count = 1,
                        .rows = tile.rows,
                        .columns = columns,
                        .is_across = false,
                        .c = results.data(),
                        .c_stride = kernels.tile_columns,
                        .bias = biases[k].const_data_ptr<float>() + column + c});
          kernels.compare_gelu({.dy = gradient.const_data_ptr<float>() + place,
                                .z = z.const_data_ptr<float>() + place,
                                .other = results.data(),
                                .stride = m,
                                .other_stride = kernels.tile_columns,
                                .rows = tile.rows,
                                .columns = columns,
                                .sums = ofRows.data()});
        }
        for (const double sum : ofRows) ofSamples[b * alternatives + k] += sum;
      });
    }
  };
  packed::runPhases({packing, {slices * alternatives, compare}}, operations);
  return sums.sum(0);
}

}  // namespace adaptune::select
