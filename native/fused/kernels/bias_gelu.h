// gelu(z) = z P(X <= z), X standard normal: Hendrycks & Gimpel, "Gaussian Error Linear Units",
// 2016. Its derivative is P(X <= z) + z density(z).
#pragma once

#include "functions.h"

namespace adaptune::kernels {

namespace {

template <typename T>
void biasGeluRows(const BiasGeluRows<T>& job, int64_t begin, int64_t end, void*) {
  using A = Accumulate<T>;
  for (int64_t row = begin; row < end; ++row) {
    const T* x = job.x + row * job.columns;
    T* y = job.y + row * job.columns;
    forColumns<A>(job.columns, [&](int64_t c, auto there) {
      Vec<A> z = there.read(x + c);
      if (job.bias) z += there.read(job.bias + c);
      there.write(y + c, z * normal(z).cumulative);
    });
  }
}

template <typename T>
void biasGeluBackwardRows(const BiasGeluBackwardRows<T>& job, int64_t begin, int64_t end, void*) {
  using A = Accumulate<T>;
  for (int64_t row = begin; row < end; ++row) {
    const T* x = job.x + row * job.columns;
    const T* dy = job.dy + row * job.columns;
    T* dx = job.dx + row * job.columns;
    forColumns<A>(job.columns, [&](int64_t c, auto there) {
      Vec<A> z = there.read(x + c);
      if (job.bias) z += there.read(job.bias + c);
      const Normal<A> at = normal(z);
      const Vec<A> dz = there.read(dy + c) * (at.cumulative + z * at.density);
      there.write(dx + c, dz);
      if (job.dbias) there.write(job.dbias + c, there.read(job.dbias + c) + dz);
    });
  }
}

inline void compareGelu(const GeluComparison& job) {
  for (int64_t row = 0; row < job.rows; ++row) {
    const float* dy = job.dy + row * job.stride;
    const float* z = job.z + row * job.stride;
    const float* other = job.other + row * job.other_stride;
    Vec<float> sum{};
    forColumns<float>(job.columns, [&](int64_t c, auto there) {
      const Vec<float> was = there.read(z + c), would = there.read(other + c);
      // Equal alternatives have to differ by nothing, as the first of an optimizer's steps is as
      // long as any however small the gradient.
      const Vec<float> difference =
          rounded(would * normal(would).cumulative) - rounded(was * normal(was).cumulative);
      sum += there.read(dy + c) * difference;
    });
    job.sums[row] += sumOf<float>(sum);
  }
}

}  // namespace

}  // namespace adaptune::kernels
