#include <ATen/Context.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGraphsC10Utils.h>
#include <c10/cuda/CUDAGuard.h>
#include <cuda_runtime_api.h>

#include "bindings.h"
#include "collect.h"
#include "errors.h"

namespace adaptune::cuda {

namespace {

namespace allocator = c10::cuda::CUDACachingAllocator;
using c10::CachingAllocator::Stat;
using c10::CachingAllocator::StatArray;

// The allocator has nothing to tell before LibTorch has started with CUDA.
c10::DeviceIndex startedDevice(const Napi::Value& device, const char* what) {
  at::globalContext().lazyInitDevice(c10::DeviceType::CUDA);
  return deviceOf(device, what);
}

void put(Napi::Object& result, const std::string& name, const Stat& stat) {
  result.Set(name + ".current", static_cast<double>(stat.current));
  result.Set(name + ".peak", static_cast<double>(stat.peak));
  result.Set(name + ".allocated", static_cast<double>(stat.allocated));
  result.Set(name + ".freed", static_cast<double>(stat.freed));
}

void put(Napi::Object& result, const std::string& name, const StatArray& stats) {
  const char* const pools[] = {"all", "small_pool", "large_pool"};
  for (size_t pool = 0; pool < std::size(pools); ++pool)
    put(result, name + "." + pools[pool], stats[pool]);
}

// (device or nothing) -> { "allocated_bytes.all.current": number, .. }: PyTorch's names.
Napi::Value memoryStats(const Napi::CallbackInfo& info) {
  const auto stats = allocator::getDeviceStats(startedDevice(info[0], "torch.cuda.memoryStats"));
  auto result = Napi::Object::New(info.Env());
  put(result, "allocation", stats.allocation);
  put(result, "segment", stats.segment);
  put(result, "active", stats.active);
  put(result, "inactive_split", stats.inactive_split);
  put(result, "allocated_bytes", stats.allocated_bytes);
  put(result, "reserved_bytes", stats.reserved_bytes);
  put(result, "active_bytes", stats.active_bytes);
  put(result, "inactive_split_bytes", stats.inactive_split_bytes);
  put(result, "requested_bytes", stats.requested_bytes);
  put(result, "oversize_allocations", stats.oversize_allocations);
  put(result, "oversize_segments", stats.oversize_segments);
  result.Set("num_alloc_retries", static_cast<double>(stats.num_alloc_retries));
  result.Set("num_ooms", static_cast<double>(stats.num_ooms));
  return result;
}

Napi::Value resetPeakMemoryStats(const Napi::CallbackInfo& info) {
  allocator::resetPeakStats(startedDevice(info[0], "torch.cuda.resetPeakMemoryStats"));
  return info.Env().Undefined();
}

Napi::Value emptyCache(const Napi::CallbackInfo& info) {
  at::globalContext().lazyInitDevice(c10::DeviceType::CUDA);
  allocator::emptyCache();
  return info.Env().Undefined();
}

// (device or nothing) -> [free, total] bytes
Napi::Value memGetInfo(const Napi::CallbackInfo& info) {
  const c10::cuda::CUDAGuard guard(deviceOf(info[0], "torch.cuda.memGetInfo"));
  size_t free = 0, total = 0;
  C10_CUDA_CHECK(cudaMemGetInfo(&free, &total));
  auto result = Napi::Array::New(info.Env(), 2);
  result.Set(0u, static_cast<double>(free));
  result.Set(1u, static_cast<double>(total));
  return result;
}

// The allocator asks before it takes more memory of the device. JavaScript's dead tensors are
// collected when they may be a share of what is free that is worth the milliseconds: as that
// shrinks, the smallest is.
class CollectDeadTensors : public c10::FreeMemoryCallback {
 public:
  bool Execute() override {
    const size_t uncollected = bytesToCollect();
    const bool isCapturing =
        c10::cuda::currentStreamCaptureStatusMayInitCtx() != c10::cuda::CaptureStatus::None;
    if (uncollected == 0 || isCapturing) return false;
    size_t free = 0, total = 0;
    if (cudaMemGetInfo(&free, &total) != cudaSuccess) {
      cudaGetLastError();
      return false;
    }
    return uncollected >= free / 16 && collectDeadTensors() > 0;
  }
};

// Of what the macro makes.
using c10::FreeCudaMemoryCallbacksRegistry, c10::RegistererFreeCudaMemoryCallbacksRegistry;
C10_REGISTER_CLASS(FreeCudaMemoryCallbacksRegistry, adaptune_collect_dead_tensors,
                   CollectDeadTensors);

}  // namespace

void bindMemory(Napi::Env env, Napi::Object& exports) {
  exports.Set("memoryStats", bind<memoryStats>(env, "torch.cuda.memoryStats"));
  exports.Set("resetPeakMemoryStats",
              bind<resetPeakMemoryStats>(env, "torch.cuda.resetPeakMemoryStats"));
  exports.Set("emptyCache", bind<emptyCache>(env, "torch.cuda.emptyCache"));
  exports.Set("memGetInfo", bind<memGetInfo>(env, "torch.cuda.memGetInfo"));
}

}  // namespace adaptune::cuda
