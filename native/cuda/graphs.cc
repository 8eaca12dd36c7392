#include <ATen/Context.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGuard.h>

#include "bindings.h"
#include "errors.h"
#include "wrapped.h"

namespace adaptune::cuda {

// A graph and the memory pool that its tensors are in.
struct Recording {
  at::cuda::CUDAGraph graph;
  c10::MempoolId_t pool = at::cuda::graph_pool_handle();
};

template <>
struct Kind<Recording> {
  static constexpr napi_type_tag tag = {0x6164617074756e65, 0x637564612d677068};
  static constexpr const char* name = "torch.cuda.Graph";
};

namespace {

// (object, graph whose memory is shared or nothing) -> undefined: makes the object a graph.
Napi::Value attachGraph(const Napi::CallbackInfo& info) {
  auto recording = std::make_unique<Recording>();
  if (!info[1].IsUndefined())
    recording->pool = unwrap<Recording>(info[1], "torch.cuda.graph: option 'pool'").pool;
  wrap(info[0], std::move(recording));
  return info.Env().Undefined();
}

// Calls fn; an error of it does not count, nor is it what the next call of CUDA's would report.
template <typename Fn>
void attempt(const Fn& fn) noexcept {
  try {
    fn();
  } catch (const std::exception&) {
    cudaGetLastError();
  }
}

// Puts everything back that an unfinished capture leaves behind in LibTorch: the stream, the
// allocator, which goes on to serve the graph's pool, and random numbers, which are drawn for it.
void abandon(Recording& recording, at::Generator generator, const at::Generator& before) noexcept {
  const auto device = before.device().index();
  bool ended = false;
  attempt([&] {
    recording.graph.capture_end();
    ended = true;
  });
  if (!ended) {
    namespace allocator = c10::cuda::CUDACachingAllocator;
    attempt([&] { allocator::endAllocateToPool(device, recording.pool); });
    attempt([&] { allocator::releasePool(device, recording.pool); });
  }
  attempt([&] { recording.graph.reset(); });
  attempt([&] { generator.graphsafe_set_state(before); });
}

// (graph, stream, fn) -> what fn gives: what it asks of the device is recorded, not done.
Napi::Value capture(const Napi::CallbackInfo& info) {
  auto& recording = unwrap<Recording>(info[0], "torch.cuda.graph");
  const auto stream = streamOf(info[1], "torch.cuda.graph");
  const c10::cuda::CUDAStreamGuard guard(stream);
  const at::Generator generator = at::globalContext().defaultGenerator(stream.device());
  const at::Generator before = generator.clone();
  // Other threads, of workers or of LibTorch's, may go on with work of their own.
  recording.graph.capture_begin(recording.pool, cudaStreamCaptureModeThreadLocal);
  try {
    const Napi::Value result =
        info[2].As<Napi::Function>().Call(std::initializer_list<napi_value>{});
    recording.graph.capture_end();
    return result;
  } catch (...) {
    abandon(recording, generator, before);
    throw;
  }
}

Napi::Value replay(const Napi::CallbackInfo& info) {
  unwrap<Recording>(info[0], "Graph.replay").graph.replay();
  return info.Env().Undefined();
}

// (graph) -> undefined: it can not be replayed any more, and its memory is free.
Napi::Value reset(const Napi::CallbackInfo& info) {
  unwrap<Recording>(info[0], "Graph.reset").graph.reset();
  return info.Env().Undefined();
}

}  // namespace

void bindGraphs(Napi::Env env, Napi::Object& exports) {
  exports.Set("attachGraph", bind<attachGraph>(env, "torch.cuda.graph"));
  exports.Set("capture", bind<capture>(env, "torch.cuda.graph"));
  exports.Set("replay", bind<replay>(env, "Graph.replay"));
  exports.Set("resetGraph", bind<reset>(env, "Graph.reset"));
}

}  // namespace adaptune::cuda
