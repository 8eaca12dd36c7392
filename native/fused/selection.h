// Which of several alternatives each head of each sample picked.
#pragma once

#include <ATen/Parallel.h>
#include <c10/util/ArrayRef.h>
#include <c10/util/Exception.h>

#include <cstdint>
#include <limits>
#include <vector>

namespace adaptune {

// How many rows samples have together; throws for what is no count of rows.
inline int64_t totalRows(at::IntArrayRef lengths) {
  int64_t rows = 0;
  for (const int64_t length : lengths) {
    TORCH_CHECK(length >= 0 && length <= std::numeric_limits<int32_t>::max(),
                "argument 'lengths': expected row counts, given ", length);
    rows += length;
  }
  return rows;
}

// Throws for what is not the number of an alternative.
inline void checkChoice(at::IntArrayRef choice, int64_t alternatives) {
  for (const int64_t pick : choice)
    TORCH_CHECK(pick >= 0 && pick < alternatives, "argument 'choice': expected values from 0 to ",
                alternatives - 1, ", given ", pick);
}

// The picks, and where the rows of each sample are.
struct Selection {
  std::vector<int64_t> choice;  // [H*B], head by head
  std::vector<int64_t> lengths;
  int64_t heads, alternatives;

  int64_t samples() const { return static_cast<int64_t>(lengths.size()); }
  int64_t at(int64_t head, int64_t sample) const { return choice[head * samples() + sample]; }
};

// The same picks by so many slices of outputs, as if each were a head.
inline Selection sliced(const Selection& selection, int64_t slices) {
  Selection result{{}, selection.lengths, selection.heads * slices, selection.alternatives};
  for (int64_t head = 0; head < selection.heads; ++head) {
    const auto first = selection.choice.begin() + head * selection.samples();
    for (int64_t slice = 0; slice < slices; ++slice)
      result.choice.insert(result.choice.end(), first, first + selection.samples());
  }
  return result;
}

// The alternative number `turn` after the one that was picked.
inline int64_t turned(const Selection& selection, int64_t head, int64_t sample, int64_t turn) {
  return (selection.at(head, sample) + turn) % selection.alternatives;
}

// Calls fn(sample, first row, rows) for every sample, in parallel.
template <typename Fn>
void forSamples(const Selection& selection, const Fn& fn) {
  std::vector<int64_t> first{0};
  for (const int64_t length : selection.lengths) first.push_back(first.back() + length);
  at::parallel_for(0, selection.samples(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) fn(b, first[b], selection.lengths[b]);
  });
}

}  // namespace adaptune
