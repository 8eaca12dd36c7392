#include "collect.h"

#include <algorithm>

#include "environment.h"
#include "errors.h"
#include "handle.h"

namespace adaptune {

void Collector::watch(napi_env env, napi_value tensor) {
  const TensorHandle* handle = handleOf(env, tensor);
  if (handle == nullptr || handle->disposed()) return;
  // Tensors that were disposed leave their references behind.
  if (watched_.size() >= sweepAt_) sweep();
  napi_ref object = nullptr;
  check(env, napi_create_reference(env, tensor, 0, &object));
  watched_.push_back({object, handle->number()});
  if (handle->tensor.has_storage()) uncollected_ += handle->tensor.storage().nbytes();
}

size_t Collector::collect() {
  const Napi::Env env = environment_.env();
  if (isCollecting_ || environment_.collectGarbage == nullptr) return 0;
  const Napi::HandleScope scope(env);
  napi_value function = nullptr, receiver = nullptr;
  check(env, napi_get_reference_value(env, environment_.collectGarbage, &function));
  check(env, napi_get_undefined(env, &receiver));
  isCollecting_ = true;
  const napi_status status = napi_call_function(env, receiver, function, 0, nullptr, nullptr);
  isCollecting_ = false;
  if (status != napi_ok) return 0;
  uncollected_ = 0;
  return sweep();
}

size_t Collector::sweep() {
  const napi_env env = environment_.env();
  const Napi::HandleScope scope(env);
  size_t freed = 0;
  const auto isDone = [&](const Watched& watched) {
    TensorHandle* handle = environment_.handles.find(watched.number);
    napi_value object = nullptr;
    check(env, napi_get_reference_value(env, watched.object, &object));
    const bool isDisposed = handle == nullptr || handle->disposed();
    if (object != nullptr && !isDisposed) return false;
    if (!isDisposed) {
      dispose(env, *handle);
      ++freed;
    }
    check(env, napi_delete_reference(env, watched.object));
    return true;
  };
  watched_.erase(std::remove_if(watched_.begin(), watched_.end(), isDone), watched_.end());
  sweepAt_ = std::max<size_t>(1024, watched_.size() * 2);
  return freed;
}

namespace {

Collector* collectorOfThread() {
  Environment* environment = Environment::ofThread();
  return environment == nullptr ? nullptr : &environment->collector;
}

}  // namespace

size_t bytesToCollect() {
  const Collector* collector = collectorOfThread();
  return collector == nullptr ? 0 : collector->uncollected();
}

size_t collectDeadTensors() {
  Collector* collector = collectorOfThread();
  return collector == nullptr ? 0 : collector->collect();
}

namespace collecting {

Napi::Value watch(const Napi::CallbackInfo& info) {
  const at::Tensor& tensor = requireTensor(info.Env(), info[0], "watch");
  if (tensor.is_cuda() || info[1].ToBoolean())
    Environment::of(info.Env()).collector.watch(info.Env(), info[0]);
  return info.Env().Undefined();
}

Napi::Value collect(const Napi::CallbackInfo& info) {
  const auto freed = Environment::of(info.Env()).collector.collect();
  return Napi::Number::New(info.Env(), static_cast<double>(freed));
}

}  // namespace collecting

}  // namespace adaptune
