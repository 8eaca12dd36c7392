#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <cuda_runtime_api.h>

#include "bindings.h"
#include "errors.h"

namespace adaptune::cuda {

c10::DeviceIndex deviceOf(const Napi::Value& value, const char* what) {
  if (value.IsUndefined()) return c10::cuda::current_device();
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
  if (!(number >= 0 && number <= 127 && number == static_cast<int>(number)))
    throw Napi::TypeError::New(value.Env(), std::string(what) +
                                                ": expected the number of a CUDA device, given " +
                                                describe(value.Env(), value));
  const auto count = c10::cuda::device_count_ensure_non_zero();
  TORCH_CHECK(number < count, "expected a CUDA device below ", static_cast<int>(count), ", given ",
              number);
  return static_cast<c10::DeviceIndex>(number);
}

namespace {

Napi::Value currentDevice(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), c10::cuda::current_device());
}

// (device) -> undefined
Napi::Value setDevice(const Napi::CallbackInfo& info) {
  c10::cuda::set_device(deviceOf(info[0], "torch.cuda.setDevice"));
  return info.Env().Undefined();
}

// (device or nothing) -> undefined: waits for all streams of the device.
Napi::Value synchronize(const Napi::CallbackInfo& info) {
  const c10::cuda::CUDAGuard guard(deviceOf(info[0], "torch.cuda.synchronize"));
  c10::cuda::device_synchronize();
  return info.Env().Undefined();
}

// (device or nothing) -> { name, major, minor, totalMemory, multiProcessorCount, .. }
Napi::Value properties(const Napi::CallbackInfo& info) {
  cudaDeviceProp found{};
  const auto device = deviceOf(info[0], "torch.cuda.getDeviceProperties");
  C10_CUDA_CHECK(cudaGetDeviceProperties(&found, device));
  auto result = Napi::Object::New(info.Env());
  result.Set("name", found.name);
  result.Set("major", found.major);
  result.Set("minor", found.minor);
  result.Set("totalMemory", static_cast<double>(found.totalGlobalMem));
  result.Set("multiProcessorCount", found.multiProcessorCount);
  result.Set("maxThreadsPerMultiProcessor", found.maxThreadsPerMultiProcessor);
  result.Set("sharedMemoryPerBlock", static_cast<double>(found.sharedMemPerBlockOptin));
  result.Set("l2CacheSize", found.l2CacheSize);
  result.Set("warpSize", found.warpSize);
  return result;
}

}  // namespace

void bindDevices(Napi::Env env, Napi::Object& exports) {
  exports.Set("currentDevice", bind<currentDevice>(env, "torch.cuda.currentDevice"));
  exports.Set("setDevice", bind<setDevice>(env, "torch.cuda.setDevice"));
  exports.Set("synchronize", bind<synchronize>(env, "torch.cuda.synchronize"));
  exports.Set("properties", bind<properties>(env, "torch.cuda.getDeviceProperties"));
}

}  // namespace adaptune::cuda
