#pragma once

#include "philox.h"

namespace adaptune::kernels {

namespace {

template <typename T>
void dropoutRows(const DropoutRows<T>& job, int64_t begin, int64_t end, void* scratch) {
  using A = Accumulate<T>;
  auto* keep = static_cast<int32_t*>(scratch);
  const Vec<A> scale = all(static_cast<A>(job.dropout->scale));
  for (int64_t row = begin; row < end; ++row) {
    const T* x = job.x + row * job.columns;
    T* y = job.y + row * job.columns;
    keepRow(*job.dropout, row, 0, job.columns, keep);
    forColumns<A>(job.columns, [&](int64_t c, auto there) {
      there.write(y + c, masked<A>(there.read(x + c) * scale, maskAt<A>(keep + c)));
    });
  }
}

}  // namespace

}  // namespace adaptune::kernels
