// Rows that go to other places (native/fused/row_copies.h). blockIdx.y is the span; a span's rows
// lie one after the other on both sides, so that it is one range of elements.
#include "grids.cuh"

namespace adaptune::cuda {

namespace {

constexpr unsigned kThreads = 256;

// Enough blocks along the longest span for four units a thread.
dim3 spanGrid(const SpanTable& spans, int64_t unitsOfRow) {
  const int64_t units = spans.longest * unitsOfRow;
  const int64_t along = std::clamp<int64_t>((units + kThreads * 4 - 1) / (kThreads * 4), 1, 1024);
  return {static_cast<unsigned>(along), static_cast<unsigned>(spans.count), 1};
}

// Whether rows of so many bytes can be read in units of U from here on.
template <typename U>
bool isUnit(const void* rows, int64_t bytes) {
  return bytes % sizeof(U) == 0 && reinterpret_cast<uintptr_t>(rows) % alignof(U) == 0;
}

}  // namespace

template <typename U>
__global__ void copySpans(CopySpans job) {
  const int64_t units = job.bytes / static_cast<int64_t>(sizeof(U));
  const int span = blockIdx.y;
  const int64_t part = job.spans.part[span] * units, whole = job.spans.whole[span] * units;
  const U* from = static_cast<const U*>(job.from) + (job.toPart ? whole : part);
  U* to = static_cast<U*>(job.to) + (job.toPart ? part : whole);
  const int64_t count = job.spans.length[span] * units;
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x;
  for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < count;
       i += step)
    to[i] = from[i];
}

template <typename T, int N>
__global__ void subtractSpans(SubtractSpans<T> job) {
  using A = Accumulate<T>;
  const int span = blockIdx.y;
  const T* a = job.part + job.spans.part[span] * job.columns;
  const T* b = job.whole + job.spans.whole[span] * job.columns;
  T* out = job.out + job.spans.part[span] * job.columns;
  const int64_t count = job.spans.length[span] * job.columns;
  const int64_t step = static_cast<int64_t>(gridDim.x) * blockDim.x * N;
  for (int64_t i = (static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) * N; i < count;
       i += step) {
    auto left = load<N>(a + i);
    const auto right = load<N>(b + i);
#pragma unroll
    for (int n = 0; n < N; ++n)
      left.values[n] =
          static_cast<T>(static_cast<A>(left.values[n]) - static_cast<A>(right.values[n]));
    store(out + i, left);
  }
}

// A block a span: the order of its sum never changes.
template <typename T, typename S, int N>
__global__ void dotSpans(DotSpans<T, S> job) {
  using A = Accumulate<T>;
  const int span = blockIdx.x;
  const T* a = job.part + job.spans.part[span] * job.columns;
  const T* b = job.whole + job.spans.whole[span] * job.columns;
  const int64_t count = job.spans.length[span] * job.columns;
  A own = 0;
  for (int64_t i = static_cast<int64_t>(threadIdx.x) * N; i < count;
       i += static_cast<int64_t>(blockDim.x) * N) {
    const auto left = load<N>(a + i), right = load<N>(b + i);
#pragma unroll
    for (int n = 0; n < N; ++n)
      own += static_cast<A>(left.values[n]) * static_cast<A>(right.values[n]);
  }
  const A total = blockSum(own);
  S* sum = job.sums + job.sample[span] * job.stride;
  if (threadIdx.x == 0) *sum = static_cast<S>(static_cast<A>(*sum) + total);
}

__global__ void writeNumbers(WriteNumbers job) {
  for (int i = threadIdx.x; i < job.count; i += blockDim.x) job.to[i] = job.numbers[i];
}

void launch(const CopySpans& job, cudaStream_t stream) {
  const auto run = [&](auto unit) {
    using U = decltype(unit);
    start(copySpans<U>, spanGrid(job.spans, job.bytes / static_cast<int64_t>(sizeof(U))), kThreads,
          job, stream);
  };
  const auto fits = [&](auto unit) {
    using U = decltype(unit);
    return isUnit<U>(job.from, job.bytes) && isUnit<U>(job.to, job.bytes);
  };
  if (fits(uint4{}))
    run(uint4{});
  else if (fits(uint2{}))
    run(uint2{});
  else if (fits(uint32_t{}))
    run(uint32_t{});
  else if (fits(uint16_t{}))
    run(uint16_t{});
  else
    run(uint8_t{});
}

template <typename T>
void launch(const SubtractSpans<T>& job, cudaStream_t stream) {
  constexpr int N = kWidth<T>;
  const bool whole = isAligned<N>(job.part, job.columns) && isAligned<N>(job.whole, job.columns) &&
                     isAligned<N>(job.out, job.columns);
  const auto kernel = whole ? subtractSpans<T, N> : subtractSpans<T, 1>;
  start(kernel, spanGrid(job.spans, job.columns / (whole ? N : 1)), kThreads, job, stream);
}

template <typename T, typename S>
void launch(const DotSpans<T, S>& job, cudaStream_t stream) {
  constexpr int N = kWidth<T>;
  const bool whole = isAligned<N>(job.part, job.columns) && isAligned<N>(job.whole, job.columns);
  const auto kernel = whole ? dotSpans<T, S, N> : dotSpans<T, S, 1>;
  start(kernel, static_cast<unsigned>(job.spans.count), 512, job, stream);
}

void launch(const WriteNumbers& job, cudaStream_t stream) {
  start(writeNumbers, 1, kThreads, job, stream);
}

ADAPTUNE_FOR_ROWS(SubtractSpans)
// The gate's type is that of the rows, or single precision.
ADAPTUNE_FOR_ROWS_AND_PARAMETERS(DotSpans)

}  // namespace adaptune::cuda
