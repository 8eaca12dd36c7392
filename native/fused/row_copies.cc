#include "row_copies.h"

#include <ATen/Dispatch.h>
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>

#include <cstring>

namespace adaptune {

const RowKernels* cudaRowKernels = nullptr;

namespace {

// A device's kernels for rows on it; null where LibTorch's operators do it.
const RowKernels* kernelsFor(const at::Tensor& rows) {
  return rows.is_cuda() ? cudaRowKernels : nullptr;
}

int64_t widthOf(const at::Tensor& rows) {
  return rows.size(0) == 0 ? 0 : rows.numel() / rows.size(0);
}

bool isWhole(const Spans& spans, const at::Tensor& all) {
  return spans.rows == all.size(0);
}

// Row numbers on the device of `like`.
at::Tensor indexOf(const Spans& spans, const at::Tensor& like) {
  std::vector<int64_t> rows;
  rows.reserve(spans.rows);
  for (const Span& span : spans.spans)
    for (int64_t row = 0; row < span.length; ++row) rows.push_back(span.first + row);
  return at::tensor(rows, at::kLong).to(like.device());
}

// Calls fn(span, first row in the part) for every span, in parallel.
template <typename Fn>
void forSpans(const Spans& spans, const Fn& fn) {
  std::vector<int64_t> starts;
  int64_t start = 0;
  for (const Span& span : spans.spans) {
    starts.push_back(start);
    start += span.length;
  }
  at::parallel_for(0, static_cast<int64_t>(starts.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) fn(spans.spans[i], starts[i]);
  });
}

}  // namespace

at::Tensor takeRows(const at::Tensor& all, const Spans& spans) {
  if (isWhole(spans, all)) return all;
  if (const auto* kernels = kernelsFor(all)) return kernels->take(all, spans);
  if (!all.device().is_cpu()) return all.index_select(0, indexOf(spans, all));
  const at::Tensor source = all.contiguous();
  auto sizes = all.sizes().vec();
  sizes[0] = spans.rows;
  at::Tensor part = at::empty(sizes, all.options());
  const auto bytes = static_cast<size_t>(widthOf(source)) * source.element_size();
  const auto* from = static_cast<const char*>(source.const_data_ptr());
  auto* to = static_cast<char*>(part.mutable_data_ptr());
  forSpans(spans, [&](const Span& span, int64_t start) {
    std::memcpy(to + start * bytes, from + span.first * bytes, span.length * bytes);
  });
  return part;
}

void putRows(at::Tensor& all, const Spans& spans, const at::Tensor& part) {
  if (spans.rows == 0) return;
  if (const auto* kernels = kernelsFor(all)) return kernels->put(all, spans, part);
  if (!all.device().is_cpu()) {
    all.index_copy_(0, indexOf(spans, all), part);
    return;
  }
  const at::Tensor source = part.contiguous();
  const auto bytes = static_cast<size_t>(widthOf(source)) * source.element_size();
  const auto* from = static_cast<const char*>(source.const_data_ptr());
  auto* to = static_cast<char*>(all.mutable_data_ptr());
  forSpans(spans, [&](const Span& span, int64_t start) {
    std::memcpy(to + span.first * bytes, from + start * bytes, span.length * bytes);
  });
}

at::Tensor differences(const Spans& spans, const at::Tensor& part, const at::Tensor& all) {
  if (const auto* kernels = kernelsFor(all)) return kernels->subtract(spans, part, all);
  if (!all.device().is_cpu()) return part - takeRows(all, spans);
  const at::Tensor own = part.contiguous(), whole = all.contiguous();
  at::Tensor result = at::empty_like(own);
  const int64_t width = widthOf(own);
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, own.scalar_type(), "route_blend", [&] {
    const auto* a = own.const_data_ptr<scalar_t>();
    const auto* b = whole.const_data_ptr<scalar_t>();
    auto* out = result.mutable_data_ptr<scalar_t>();
    forSpans(spans, [&](const Span& span, int64_t start) {
      const int64_t shift = (span.first - start) * width;
      const int64_t end = (start + span.length) * width;
      for (int64_t i = start * width; i < end; ++i) out[i] = a[i] - b[i + shift];
    });
  });
  return result;
}

void addDots(at::Tensor& sums, const Spans& spans, const at::Tensor& all, const at::Tensor& part) {
  if (const auto* kernels = kernelsFor(all)) return kernels->dots(sums, spans, all, part);
  std::vector<int64_t> samples;
  for (const Span& span : spans.spans) samples.push_back(span.sample);
  const at::Tensor index = at::tensor(samples, at::kLong).to(sums.device());
  if (!all.device().is_cpu()) {
    const at::Tensor products = takeRows(all, spans).to(at::kFloat) * part.to(at::kFloat);
    std::vector<int64_t> owners;
    for (size_t i = 0; i < spans.spans.size(); ++i)
      owners.insert(owners.end(), spans.spans[i].length, spans.spans[i].sample);
    const at::Tensor rowSums = products.reshape({spans.rows, -1}).sum(1).to(sums.scalar_type());
    sums.index_add_(0, at::tensor(owners, at::kLong).to(sums.device()), rowSums);
    return;
  }
  const at::Tensor whole = all.contiguous(), own = part.contiguous();
  at::Tensor dots = at::empty({static_cast<int64_t>(samples.size())}, at::kDouble);
  const int64_t width = widthOf(own);
  AT_DISPATCH_FLOATING_TYPES_AND2(
      at::kHalf, at::kBFloat16, own.scalar_type(), "route_blend_backward", [&] {
        // Sums of eight lanes keep their precision and their speed.
        using sum_t = std::conditional_t<std::is_same_v<scalar_t, double>, double, float>;
        const auto* a = whole.const_data_ptr<scalar_t>();
        const auto* b = own.const_data_ptr<scalar_t>();
        auto* out = dots.mutable_data_ptr<double>();
        const Span* firstSpan = spans.spans.data();
        forSpans(spans, [&](const Span& span, int64_t start) {
          double total = 0;
          for (int64_t row = 0; row < span.length; ++row) {
            const scalar_t* x = a + (span.first + row) * width;
            const scalar_t* y = b + (start + row) * width;
            sum_t lanes[16] = {};
            int64_t i = 0;
            for (; i + 16 <= width; i += 16)
              for (int64_t lane = 0; lane < 16; ++lane)
                lanes[lane] += static_cast<sum_t>(x[i + lane]) * static_cast<sum_t>(y[i + lane]);
            for (const sum_t lane : lanes) total += lane;
            for (; i < width; ++i) total += static_cast<double>(x[i]) * static_cast<double>(y[i]);
          }
          out[&span - firstSpan] = total;
        });
      });
  sums.index_add_(0, index, dots.to(sums.scalar_type()));
}

}  // namespace adaptune
