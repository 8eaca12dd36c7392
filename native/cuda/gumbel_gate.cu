// The gate of native/fused/gumbel_gate.cc, a row a thread: alternatives are few.
#include "grids.cuh"

namespace adaptune::cuda {

namespace {

constexpr unsigned kThreads = 128;

dim3 threadGrid(int64_t rows) {
  return {static_cast<unsigned>((rows + kThreads - 1) / kThreads), 1, 1};
}

}  // namespace

// (logit - log E) / temperature. A draw of exactly zero would score infinity.
template <typename T>
__device__ inline Accumulate<T> scoreOf(const GateRows<T>& job, int64_t at) {
  using A = Accumulate<T>;
  A score = static_cast<A>(job.logits[at]);
  if (job.exponential != nullptr) {
    const A draw = job.exponential[at], least = static_cast<A>(1.17549435e-38f);
    score -= log(draw < least ? least : draw);
  }
  return score / static_cast<A>(job.temperature);
}

template <typename T>
__global__ void gateRows(GateRows<T> job) {
  using A = Accumulate<T>;
  const int64_t row = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (row >= job.rows) return;
  const int64_t first = row * job.alternatives;
  int64_t best = 0;
  A highest = scoreOf(job, first);
  for (int64_t k = 1; k < job.alternatives; ++k) {
    const A score = scoreOf(job, first + k);
    if (score > highest) {
      highest = score;
      best = k;
    }
  }
  A sum = 0;
  for (int64_t k = 0; k < job.alternatives; ++k) sum += exp(scoreOf(job, first + k) - highest);
  for (int64_t k = 0; k < job.alternatives; ++k) {
    job.probabilities[first + k] = static_cast<T>(exp(scoreOf(job, first + k) - highest) / sum);
    job.gate[first + k] = static_cast<T>(k == best ? A{1} : A{0});
  }
  job.choice[row] = best;
}

template <typename T>
__global__ void gateBackwardRows(GateBackwardRows<T> job) {
  using A = Accumulate<T>;
  const int64_t row = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (row >= job.rows) return;
  const int64_t first = row * job.alternatives, end = first + job.alternatives;
  A along = 0;
  for (int64_t at = first; at < end; ++at)
    along += static_cast<A>(job.probabilities[at]) * static_cast<A>(job.dgate[at]);
  for (int64_t at = first; at < end; ++at) {
    const A p = static_cast<A>(job.probabilities[at]);
    job.dlogits[at] = static_cast<T>(p * (static_cast<A>(job.dgate[at]) - along) /
                                     static_cast<A>(job.temperature));
  }
}

template <typename T>
void launch(const GateRows<T>& job, cudaStream_t stream) {
  start(gateRows<T>, threadGrid(job.rows), kThreads, job, stream);
}

template <typename T>
void launch(const GateBackwardRows<T>& job, cudaStream_t stream) {
  start(gateBackwardRows<T>, threadGrid(job.rows), kThreads, job, stream);
}

ADAPTUNE_FOR_ROWS(GateRows)
ADAPTUNE_FOR_ROWS(GateBackwardRows)

}  // namespace adaptune::cuda
