// How the products of select_linear are cut up: rows by samples, as these pick one by one.
#pragma once

#include <algorithm>
#include <vector>

#include "packed_products.h"

namespace adaptune::select {

inline double operationsOf(int64_t rows, const at::Tensor& weight, int64_t layers) {
  return 2.0 * static_cast<double>(rows) * static_cast<double>(weight.numel()) *
         static_cast<double>(layers);
}

// Operands of all tensors, in their order; `side` is the dimension that C has too.
inline std::vector<packed::Operand> operandsOf(std::vector<at::Tensor>& tensors, int64_t side) {
  std::vector<packed::Operand> operands;
  for (at::Tensor& tensor : tensors) operands.push_back(packed::operandOf(tensor, side));
  return operands;
}

// Rows of samples by tiles, of which none has rows of two: samples pick one by one.
class SampleTiles {
 public:
  struct Tile {
    int64_t firstRow, rows, place;  // in panels
  };

  explicit SampleTiles(const std::vector<int64_t>& lengths) {
    const int64_t most = packed::widthOf(packed::Side::rows);
    int64_t row = 0;
    for (int64_t rows : lengths) {
      first_.push_back(static_cast<int64_t>(tiles_.size()));
      for (int64_t tiles = packed::ceilDiv(rows, most); tiles > 0; --tiles) {
        const int64_t count = packed::ceilDiv(rows, tiles);
        tiles_.push_back({row, count, static_cast<int64_t>(tiles_.size()) * most});
        row += count;
        rows -= count;
      }
    }
    first_.push_back(static_cast<int64_t>(tiles_.size()));
  }

  // Calls fn(tile) for those of a sample.
  template <typename Fn>
  void forSample(int64_t sample, const Fn& fn) const {
    for (int64_t i = first_[sample]; i < first_[sample + 1]; ++i) fn(tiles_[i]);
  }

  // Room for all rows.
  packed::Panels panels(int64_t k) const {
    return packed::Panels::shared(packed::Side::rows, count() * packed::widthOf(packed::Side::rows),
                                  k);
  }

  // What packs all rows at k `from` .. `from + k - 1` in panels of so many k.
  packed::Phase packing(const packed::Operand& rows, int64_t from, int64_t k,
                        const packed::Panels& to) const {
    return {count(), [=, this](int64_t task) {
              const Tile& tile = tiles_[task];
              to.pack({rows, tile.firstRow, tile.rows, from, k}, tile.place);
            }};
  }

 private:
  int64_t count() const { return static_cast<int64_t>(tiles_.size()); }

  std::vector<Tile> tiles_;
  std::vector<int64_t> first_;
};

}  // namespace adaptune::select
