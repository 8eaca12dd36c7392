#include "determinism.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>

#include "errors.h"
#include "system.h"

namespace adaptune::determinism {

Napi::Value useDeterministicAlgorithms(const Napi::CallbackInfo& info) {
  at::globalContext().setDeterministicAlgorithms(info[0].ToBoolean(), info[1].ToBoolean());
  return info.Env().Undefined();
}

Napi::Value deterministicAlgorithms(const Napi::CallbackInfo& info) {
  auto result = Napi::Object::New(info.Env());
  result.Set("enabled", at::globalContext().deterministicAlgorithms());
  result.Set("warnOnly", at::globalContext().deterministicAlgorithmsWarnOnly());
  return result;
}

Napi::Value setFloat32MatmulPrecision(const Napi::CallbackInfo& info) {
  at::globalContext().setFloat32MatmulPrecision(info[0].ToString().Utf8Value());
  return info.Env().Undefined();
}

Napi::Value getFloat32MatmulPrecision(const Napi::CallbackInfo& info) {
  const char* names[] = {"highest", "high", "medium"};
  const auto precision = static_cast<size_t>(at::globalContext().float32MatmulPrecision());
  return Napi::String::New(info.Env(), names[precision]);
}

Napi::Value setNumInteropThreads(const Napi::CallbackInfo& info) {
  at::set_num_interop_threads(system::threadCount(info[0], "setNumInteropThreads"));
  return info.Env().Undefined();
}

Napi::Value getNumInteropThreads(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(at::get_num_interop_threads()));
}

}  // namespace adaptune::determinism
