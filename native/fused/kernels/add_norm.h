// LayerNorm(residual + dropout(x)) and its gradient, a row at a time: what is between the steps
// stays in the nearest cache.
#pragma once

#include <math.h>

#include "philox.h"

namespace adaptune::kernels {

namespace {

// The parameters of a row's alternative: a vector of them, or a constant where there are none.
template <typename A>
struct Parameter {
  const A* values;
  A otherwise;

  template <typename There>
  Vec<A> at(int64_t column, There there) const {
    return values ? there.read(values + column) : all(otherwise);
  }
};

template <typename A>
Parameter<A> parameterOf(const A* const* of, const int32_t* choice, int64_t row, A otherwise) {
  return {of ? of[choice ? choice[row] : 0] : nullptr, otherwise};
}

template <typename T>
void addNormRows(const AddNormRows<T>& job, int64_t begin, int64_t end, void* scratch) {
  using A = Accumulate<T>;
  const int64_t columns = job.columns;
  auto* sums = static_cast<A*>(scratch);
  auto* keep = reinterpret_cast<int32_t*>(static_cast<double*>(scratch) + columns + 64);
  const A scale = job.dropout ? static_cast<A>(job.dropout->scale) : 1;
  for (int64_t row = begin; row < end; ++row) {
    const T* x = job.x + row * columns;
    const T* residual = job.residual + row * columns;
    Vec<A> total{};
    const auto add = [&](int64_t c, auto there, Vec<A> dropped) {
      const Vec<A> sum = there.read(residual + c) + dropped;
      store(sums + c, sum);
      total += sum;
    };
    if (job.dropout) {
      keepRow(*job.dropout, row, 0, columns, keep);
      forColumns<A>(columns, [&](int64_t c, auto there) {
        add(c, there, masked<A>(there.read(x + c) * scale, maskAt<A>(keep + c)));
      });
    } else {
      forColumns<A>(columns, [&](int64_t c, auto there) { add(c, there, there.read(x + c)); });
    }
    const A mean = sumOf<A>(total) / columns;
    Vec<A> squares{};
    forColumns<A>(columns, [&](int64_t c, auto there) {
      const Vec<A> centred = load(sums + c) - mean;
      squares += there.orElse(centred * centred, A{0});
    });
    const A rstd = 1 / static_cast<A>(sqrt(sumOf<A>(squares) / columns + job.eps));
    const auto weight = parameterOf<A>(job.weights, job.choice, row, 1);
    const auto bias = parameterOf<A>(job.biases, job.choice, row, 0);
    T* y = job.y + row * columns;
    T* normed = job.normed ? job.normed + row * columns : nullptr;
    forColumns<A>(columns, [&](int64_t c, auto there) {
      const Vec<A> value = (load(sums + c) - mean) * rstd;
      if (normed) there.write(normed + c, value);
      there.write(y + c, value * weight.at(c, there) + bias.at(c, there));
    });
    if (job.rstd) job.rstd[row] = rstd;
  }
}

// With g = dy w:  dh = rstd (g - mean(g) - x^ mean(g x^)),  dresidual = dh,  dx = dropout(dh).
template <typename T>
void addNormBackwardRows(const AddNormBackwardRows<T>& job, int64_t begin, int64_t end,
                         void* scratch) {
  using A = Accumulate<T>;
  const int64_t columns = job.columns;
  auto* keep = reinterpret_cast<int32_t*>(static_cast<double*>(scratch) + columns + 64);
  const A scale = job.dropout ? static_cast<A>(job.dropout->scale) : 1;
  for (int64_t row = begin; row < end; ++row) {
    const T* dy = job.dy + row * columns;
    const T* normed = job.normed + row * columns;
    const int32_t k = job.choice ? job.choice[row] : 0;
    A* dweight = job.dweights ? job.dweights[k] : nullptr;
    A* dbias = job.dbiases ? job.dbiases[k] : nullptr;
    const auto weight = parameterOf<A>(job.weights, job.choice, row, 1);
    Vec<A> total{}, along{};
    forColumns<A>(columns, [&](int64_t c, auto there) {
      const Vec<A> gradient = there.read(dy + c), value = there.read(normed + c);
      const Vec<A> weighted = gradient * weight.at(c, there);
      total += weighted;
      along += weighted * value;
      if (dweight) there.write(dweight + c, there.read(dweight + c) + gradient * value);
      if (dbias) there.write(dbias + c, there.read(dbias + c) + gradient);
    });
    if (!job.dx && !job.dresidual) continue;
    const A mean = sumOf<A>(total) / columns, slope = sumOf<A>(along) / columns;
    const A rstd = job.rstd[row];
    T* dx = job.dx ? job.dx + row * columns : nullptr;
    T* dresidual = job.dresidual ? job.dresidual + row * columns : nullptr;
    if (dx && job.dropout) keepRow(*job.dropout, row, 0, columns, keep);
    forColumns<A>(columns, [&](int64_t c, auto there) {
      const Vec<A> weighted = there.read(dy + c) * weight.at(c, there);
      const Vec<A> dsum = rstd * (weighted - mean - there.read(normed + c) * slope);
      if (dresidual) there.write(dresidual + c, dsum);
      if (!dx) return;
      there.write(dx + c, job.dropout ? masked<A>(dsum * scale, maskAt<A>(keep + c)) : dsum);
    });
  }
}

}  // namespace

}  // namespace adaptune::kernels
