// Rows that go to other places, on CUDA: native/fused/row_copies.h.
#include "fused/row_copies.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <limits>

#include "tensors.h"

namespace adaptune::cuda {

namespace {

int64_t widthOf(const at::Tensor& rows) {
  return rows.size(0) == 0 ? 0 : rows.numel() / rows.size(0);
}

void add(SpanTable& table, int64_t part, const Span& span) {
  const int n = table.count++;
  table.part[n] = static_cast<int32_t>(part);
  table.whole[n] = static_cast<int32_t>(span.first);
  table.length[n] = static_cast<int32_t>(span.length);
  table.longest = std::max(table.longest, table.length[n]);
}

// Spans that follow each other in the whole are one range.
std::vector<Span> joined(const Spans& spans) {
  std::vector<Span> ranges;
  for (const Span& span : spans.spans) {
    if (span.length == 0) continue;
    const bool follows =
        !ranges.empty() && ranges.back().first + ranges.back().length == span.first;
    if (follows)
      ranges.back().length += span.length;
    else
      ranges.push_back(span);
  }
  return ranges;
}

// Calls fn(table, the spans in it) for as many spans as a launch takes at a time.
template <typename Fn>
void forTables(const std::vector<Span>& spans, const at::Tensor& whole, const Fn& fn) {
  TORCH_CHECK(whole.size(0) <= std::numeric_limits<int32_t>::max(), "expected at most ",
              std::numeric_limits<int32_t>::max(), " rows, given ", whole.size(0));
  int64_t part = 0;
  for (size_t next = 0; next < spans.size();) {
    SpanTable table;
    const Span* first = spans.data() + next;
    for (; next < spans.size() && table.count < kMostSpans; ++next) {
      add(table, part, spans[next]);
      part += spans[next].length;
    }
    fn(table, first);
  }
}

void copy(const Spans& spans, const at::Tensor& from, const at::Tensor& to, bool toPart) {
  if (from.numel() == 0 || to.numel() == 0) return;
  const int64_t bytes = widthOf(from) * static_cast<int64_t>(from.element_size());
  forTables(joined(spans), toPart ? from : to, [&](const SpanTable& table, const Span*) {
    run(CopySpans{from.const_data_ptr(), to.mutable_data_ptr(), bytes, toPart, table});
  });
}

at::Tensor take(const at::Tensor& all, const Spans& spans) {
  const c10::cuda::CUDAGuard guard(all.device());
  auto sizes = all.sizes().vec();
  sizes[0] = spans.rows;
  const at::Tensor part = at::empty(sizes, all.options());
  copy(spans, all.contiguous(), part, true);
  return part;
}

void put(at::Tensor& all, const Spans& spans, const at::Tensor& part) {
  const c10::cuda::CUDAGuard guard(all.device());
  copy(spans, part.contiguous(), all, false);
}

at::Tensor subtract(const Spans& spans, const at::Tensor& part, const at::Tensor& all) {
  const c10::cuda::CUDAGuard guard(all.device());
  const at::Tensor own = part.contiguous(), whole = all.contiguous();
  at::Tensor result = at::empty_like(own);
  if (own.numel() == 0) return result;
  withRows("route_blend", own, [&](auto element) {
    using T = decltype(element);
    forTables(joined(spans), whole, [&](const SpanTable& table, const Span*) {
      run(SubtractSpans<T>{readFrom<T>(own), readFrom<T>(whole), writeTo<T>(result), widthOf(own),
                           table});
    });
  });
  return result;
}

void addDots(at::Tensor& sums, const Spans& spans, const at::Tensor& all, const at::Tensor& part) {
  const c10::cuda::CUDAGuard guard(all.device());
  const at::Tensor whole = all.contiguous(), own = part.contiguous();
  if (own.numel() == 0) return;
  // Gates of yet another type are added to afterwards.
  const bool isOwn =
      sums.scalar_type() == own.scalar_type() || sums.scalar_type() == accumulateType(own);
  const at::Tensor target =
      isOwn ? sums : at::zeros(sums.sizes(), sums.options().dtype(accumulateType(own)));
  withRowsAndParameters(
      "route_blend_backward", own, target.scalar_type(), [&](auto element, auto sum) {
        using T = decltype(element);
        using S = decltype(sum);
        forTables(spans.spans, whole, [&](const SpanTable& table, const Span* first) {
          DotSpans<T, S> job{readFrom<T>(own),
                             readFrom<T>(whole),
                             writeTo<S>(target),
                             widthOf(own),
                             target.stride(0),
                             table,
                             {}};
          for (int n = 0; n < table.count; ++n)
            job.sample[n] = static_cast<int32_t>(first[n].sample);
          run(job);
        });
      });
  if (!isOwn) sums.add_(target);
}

const RowKernels kernels{take, put, subtract, addDots};
// When the addon is loaded.
[[maybe_unused]] const bool installed = (cudaRowKernels = &kernels, true);

}  // namespace

at::Tensor onDevice(const std::vector<int32_t>& numbers, at::Device device) {
  const c10::cuda::CUDAGuard guard(device);
  const auto count = static_cast<int64_t>(numbers.size());
  at::Tensor result = at::empty({count}, at::TensorOptions().dtype(at::kInt).device(device));
  for (int64_t first = 0; first < count; first += kMostNumbers) {
    WriteNumbers job{writeTo<int32_t>(result) + first,
                     static_cast<int32_t>(std::min<int64_t>(kMostNumbers, count - first)),
                     {}};
    std::copy_n(numbers.begin() + first, job.count, job.numbers);
    run(job);
  }
  return result;
}

}  // namespace adaptune::cuda
