// Attention's weights with dropout: P = softmax(scores), D = dropout(P). With dP = dropout(dD):
// dscores = P (dP - <P, dP>).
#pragma once

#include <math.h>

#include "functions.h"
#include "philox.h"

namespace adaptune::kernels {

namespace {

// As keepRow, for row (sample, head, query) and the positions of the keys. `every` has room for all
// positions up to the last key's.
inline const int32_t* keepKeys(const AttentionDropout& attention, int64_t row, int64_t columns,
                               int32_t* keep, int32_t* every) {
  const int64_t query = row % attention.queries;
  const int64_t head = row / attention.queries % attention.heads;
  const int64_t sample = row / attention.queries / attention.heads;
  const auto stream =
      static_cast<uint32_t>(attention.head_numbers ? attention.head_numbers[head] : head);
  const int64_t queryRow = sample * attention.queries + query;
  if (!attention.key_rows) {
    keepRow(attention.dropout, queryRow, stream, columns, keep);
    return keep;
  }
  keepRow(attention.dropout, queryRow, stream, attention.last_key + 1, every);
  const int64_t* keys = attention.key_rows + sample * columns;
  for (int64_t key = 0; key < columns; ++key) keep[key] = every[static_cast<uint32_t>(keys[key])];
  return keep;
}

template <typename T>
void softmaxDropoutRows(const SoftmaxDropoutRows<T>& job, int64_t begin, int64_t end,
                        void* scratch) {
  using A = Accumulate<T>;
  const int64_t columns = job.columns;
  auto* values = static_cast<A*>(scratch);
  auto* keep = reinterpret_cast<int32_t*>(static_cast<double*>(scratch) + columns + 64);
  const A scale = static_cast<A>(job.dropout->dropout.scale);
  for (int64_t row = begin; row < end; ++row) {
    const T* scores = job.scores + row * columns;
    Vec<A> highest = all(-static_cast<A>(INFINITY));
    forColumns<A>(columns, [&](int64_t c, auto there) {
      const Vec<A> score = there.orElse(there.read(scores + c), -static_cast<A>(INFINITY));
      store(values + c, score);
      highest = choose<A>(score > highest, score, highest);
    });
    const A largest = maximumOf<A>(highest);
    // A query that attends to nothing gets nothing.
    const A shift = largest == -static_cast<A>(INFINITY) ? 0 : largest;
    Vec<A> total{};
    forColumns<A>(columns, [&](int64_t c, auto) {
      const Vec<A> weight = exponential(load(values + c) - shift);
      store(values + c, weight);
      total += weight;
    });
    const A sum = sumOf<A>(total);
    const A inverse = sum == 0 ? 0 : 1 / sum;
    T* weights = job.weights + row * columns;
    T* dropped = job.dropped + row * columns;
    const int32_t* kept = keepKeys(*job.dropout, row, columns, keep, keep + columns + 64);
    forColumns<A>(columns, [&](int64_t c, auto there) {
      const Vec<A> weight = load(values + c) * inverse;
      there.write(weights + c, weight);
      there.write(dropped + c, masked<A>(weight * scale, maskAt<A>(kept + c)));
    });
  }
}

template <typename T>
void softmaxDropoutBackwardRows(const SoftmaxDropoutBackwardRows<T>& job, int64_t begin,
                                int64_t end, void* scratch) {
  using A = Accumulate<T>;
  const int64_t columns = job.columns;
  auto* keep = reinterpret_cast<int32_t*>(static_cast<double*>(scratch) + columns + 64);
  const A scale = static_cast<A>(job.dropout->dropout.scale);
  for (int64_t row = begin; row < end; ++row) {
    const T* weights = job.weights + row * columns;
    const T* ddropped = job.ddropped + row * columns;
    T* dscores = job.dscores + row * columns;
    T* dropped = job.dropped + row * columns;
    const int32_t* kept = keepKeys(*job.dropout, row, columns, keep, keep + columns + 64);
    Vec<A> total{};
    forColumns<A>(columns, [&](int64_t c, auto there) {
      const Vec<A> used = masked<A>(there.read(weights + c) * scale, maskAt<A>(kept + c));
      there.write(dropped + c, used);
      total += used * there.read(ddropped + c);
    });
    const A along = sumOf<A>(total);
    forColumns<A>(columns, [&](int64_t c, auto there) {
      const Bits<A> mask = maskAt<A>(kept + c);
      const Vec<A> dweight = masked<A>(there.read(ddropped + c) * scale, mask);
      there.write(dscores + c, there.read(weights + c) * (dweight - along));
    });
  }
}

}  // namespace

}  // namespace adaptune::kernels
