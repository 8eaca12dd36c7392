#include <ucontext.h>

#include <cstdlib>
#include <vector>

#include "cuda_runtime_api.h"

dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace {

constexpr size_t kStack = 64 << 10;
constexpr unsigned kWarp = 32;

// Threads of the block that runs.
struct Thread {
  ucontext_t context;
  std::vector<char> stack = std::vector<char>(kStack);
  dim3 index;
  unsigned number = 0;
  bool done = false;
  // How many barriers of the block, and exchanges of the warp, it has come to.
  unsigned barriers = 0, exchanges = 0;
  double given[2] = {};
};

ucontext_t scheduler;
std::vector<Thread> threads;
Thread* running = nullptr;
const std::function<void()>* kernel = nullptr;

void pause() {
  swapcontext(&running->context, &scheduler);
  threadIdx = running->index;
}

void start() {
  threadIdx = running->index;
  (*kernel)();
  running->done = true;
}

template <typename Ready>
void waitFor(unsigned first, unsigned end, const Ready& ready) {
  for (unsigned turns = 0;; ++turns) {
    bool all = true;
    for (unsigned n = first; n < end; ++n) all = all && (threads[n].done || ready(threads[n]));
    if (all) return;
    if (turns > 100'000) abort();  // threads that wait for each other for ever
    pause();
  }
}

void runBlock() {
  for (unsigned n = 0; n < threads.size(); ++n) {
    Thread& thread = threads[n];
    thread.number = n;
    thread.index = {n % blockDim.x, n / blockDim.x % blockDim.y, n / blockDim.x / blockDim.y};
    thread.done = false;
    thread.barriers = thread.exchanges = 0;
    getcontext(&thread.context);
    thread.context.uc_stack.ss_sp = thread.stack.data();
    thread.context.uc_stack.ss_size = thread.stack.size();
    thread.context.uc_link = &scheduler;
    makecontext(&thread.context, start, 0);
  }
  for (bool any = true; any;) {
    any = false;
    for (Thread& thread : threads) {
      if (thread.done) continue;
      any = true;
      running = &thread;
      swapcontext(&scheduler, &thread.context);
    }
  }
}

}  // namespace

void __syncthreads() {
  const unsigned own = ++running->barriers;
  waitFor(0, static_cast<unsigned>(threads.size()),
          [own](const Thread& thread) { return thread.barriers >= own; });
}

double exchange(double value, int mask) {
  Thread& self = *running;
  const unsigned own = ++self.exchanges, first = self.number / kWarp * kWarp;
  // The place before last is free: all lanes have come to the last exchange.
  self.given[own % 2] = value;
  waitFor(first, first + kWarp, [own](const Thread& thread) { return thread.exchanges >= own; });
  return threads[self.number ^ static_cast<unsigned>(mask)].given[own % 2];
}

void emulate(dim3 grid, dim3 block, const std::function<void()>& given) {
  kernel = &given;
  blockDim = block;
  gridDim = grid;
  threads.resize(block.x * block.y * block.z);
  for (unsigned z = 0; z < grid.z; ++z)
    for (unsigned y = 0; y < grid.y; ++y)
      for (unsigned x = 0; x < grid.x; ++x) {
        blockIdx = {x, y, z};
        runBlock();
      }
}
