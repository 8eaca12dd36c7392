#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGuard.h>

#include "bindings.h"
#include "errors.h"
#include "handle.h"
#include "wrapped.h"

namespace adaptune::cuda {

using c10::cuda::CUDAStream;

template <>
struct Kind<CUDAStream> {
  static constexpr napi_type_tag tag = {0x6164617074756e65, 0x637564612d737472};
  static constexpr const char* name = "torch.cuda.Stream";
};

CUDAStream streamOf(const Napi::Value& value, const char* what) {
  if (value.IsUndefined()) return c10::cuda::getCurrentCUDAStream();
  return unwrap<CUDAStream>(value, what);
}

namespace {

// (object, "pool", "default" or "current", device or nothing, priority) -> undefined: makes the
// object a stream.
Napi::Value attachStream(const Napi::CallbackInfo& info) {
  const std::string source = info[1].ToString();
  const auto device = deviceOf(info[2], "torch.cuda.Stream");
  const auto stream = [&]() -> CUDAStream {
    if (source == "default") return c10::cuda::getDefaultCUDAStream(device);
    if (source == "current") return c10::cuda::getCurrentCUDAStream(device);
    return c10::cuda::getStreamFromPool(info[3].ToNumber().Int32Value(), device);
  };
  wrap(info[0], std::make_unique<CUDAStream>(stream()));
  return info.Env().Undefined();
}

Napi::Value streamDevice(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), streamOf(info[0], "Stream.device").device_index());
}

Napi::Value streamIsSame(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), streamOf(info[0], "Stream") == streamOf(info[1], "Stream"));
}

// (stream) -> whether all that was given to it is done
Napi::Value streamQuery(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), streamOf(info[0], "Stream.query").query());
}

Napi::Value streamSynchronize(const Napi::CallbackInfo& info) {
  streamOf(info[0], "Stream.synchronize").synchronize();
  return info.Env().Undefined();
}

// (stream, fn) -> what fn gives: the stream, and its device, are current while it runs.
Napi::Value withStream(const Napi::CallbackInfo& info) {
  const c10::cuda::CUDAStreamGuard guard(streamOf(info[0], "torch.cuda.stream"));
  return info[1].As<Napi::Function>().Call(std::initializer_list<napi_value>{});
}

// (tensor, stream) -> undefined: its memory is used by no other tensor before the stream is done.
Napi::Value recordStream(const Napi::CallbackInfo& info) {
  const at::Tensor& tensor = requireTensor(info.Env(), info[0], "Stream.record");
  TORCH_CHECK(tensor.is_cuda(), "expected a tensor on CUDA, given one on ", tensor.device());
  c10::cuda::CUDACachingAllocator::recordStream(tensor.storage().data_ptr(),
                                                streamOf(info[1], "Stream.record"));
  return info.Env().Undefined();
}

}  // namespace

void bindStreams(Napi::Env env, Napi::Object& exports) {
  exports.Set("attachStream", bind<attachStream>(env, "torch.cuda.Stream"));
  exports.Set("streamDevice", bind<streamDevice>(env, "Stream.device"));
  exports.Set("streamIsSame", bind<streamIsSame>(env, "Stream.equals"));
  exports.Set("streamQuery", bind<streamQuery>(env, "Stream.query"));
  exports.Set("streamSynchronize", bind<streamSynchronize>(env, "Stream.synchronize"));
  exports.Set("withStream", bind<withStream>(env, "torch.cuda.stream"));
  exports.Set("recordStream", bind<recordStream>(env, "Stream.record"));
}

}  // namespace adaptune::cuda
