#if __has_include(<c10/cuda/CUDAEvent.h>)
#include <c10/cuda/CUDAEvent.h>
#else
#include <ATen/cuda/CUDAEvent.h>
#endif
#include <c10/cuda/CUDAGuard.h>

#include "bindings.h"
#include "errors.h"
#include "wrapped.h"

namespace adaptune::cuda {

#if __has_include(<c10/cuda/CUDAEvent.h>)
using c10::cuda::CUDAEvent;
#else
using at::cuda::CUDAEvent;
#endif

template <>
struct Kind<CUDAEvent> {
  static constexpr napi_type_tag tag = {0x6164617074756e65, 0x637564612d65766e};
  static constexpr const char* name = "torch.cuda.Event";
};

namespace {

// (object, with timing) -> undefined: makes the object an event.
Napi::Value attachEvent(const Napi::CallbackInfo& info) {
  const unsigned flags = info[1].ToBoolean() ? cudaEventDefault : cudaEventDisableTiming;
  wrap(info[0], std::make_unique<CUDAEvent>(flags));
  return info.Env().Undefined();
}

// (event, stream or nothing) -> undefined: it happens when all that the stream has by now is done.
Napi::Value eventRecord(const Napi::CallbackInfo& info) {
  unwrap<CUDAEvent>(info[0], "Event.record").record(streamOf(info[1], "Event.record"));
  return info.Env().Undefined();
}

// (event, stream or nothing) -> undefined: what the stream is given from now on waits for it.
Napi::Value eventWait(const Napi::CallbackInfo& info) {
  unwrap<CUDAEvent>(info[0], "Event.wait").block(streamOf(info[1], "Event.wait"));
  return info.Env().Undefined();
}

Napi::Value eventQuery(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), unwrap<CUDAEvent>(info[0], "Event.query").query());
}

Napi::Value eventSynchronize(const Napi::CallbackInfo& info) {
  unwrap<CUDAEvent>(info[0], "Event.synchronize").synchronize();
  return info.Env().Undefined();
}

// (event, later event) -> milliseconds between them
Napi::Value eventElapsed(const Napi::CallbackInfo& info) {
  const auto& start = unwrap<CUDAEvent>(info[0], "Event.elapsedTime");
  const auto& end = unwrap<CUDAEvent>(info[1], "Event.elapsedTime");
  TORCH_CHECK(start.isCreated() && end.isCreated(),
              "expected events that were recorded, given one that was not: call record() first");
  return Napi::Number::New(info.Env(), start.elapsed_time(end));
}

}  // namespace

void bindEvents(Napi::Env env, Napi::Object& exports) {
  exports.Set("attachEvent", bind<attachEvent>(env, "torch.cuda.Event"));
  exports.Set("eventRecord", bind<eventRecord>(env, "Event.record"));
  exports.Set("eventWait", bind<eventWait>(env, "Event.wait"));
  exports.Set("eventQuery", bind<eventQuery>(env, "Event.query"));
  exports.Set("eventSynchronize", bind<eventSynchronize>(env, "Event.synchronize"));
  exports.Set("eventElapsed", bind<eventElapsed>(env, "Event.elapsedTime"));
}

}  // namespace adaptune::cuda
