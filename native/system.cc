#include "system.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <torch/version.h>

#include "errors.h"
#include "fused/matrix_products.h"
#include "names.h"

namespace adaptune::system {

Napi::Value getNumThreads(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), at::get_num_threads());
}

Napi::Value setNumThreads(const Napi::CallbackInfo& info) {
  const double count = info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : 0;
  if (!(count >= 1 && count <= 65536 && count == static_cast<int>(count))) {
    throw Napi::TypeError::New(
        info.Env(), "setNumThreads: argument 'count': expected an integer of at least 1, given " +
                        describe(info.Env(), info[0]));
  }
  at::set_num_threads(static_cast<int>(count));
  return info.Env().Undefined();
}

Napi::Value cudaDeviceCount(const Napi::CallbackInfo& info) {
  const bool present = at::hasCUDA();
  const int count = present ? at::detail::getCUDAHooks().getNumGPUs() : 0;
  return Napi::Number::New(info.Env(), count);
}

Napi::Value build(const Napi::CallbackInfo& info) {
  auto result = Napi::Object::New(info.Env());
  result.Set("torch", TORCH_VERSION);
  result.Set("cpuCapability", at::get_cpu_capability());
  result.Set("config", at::show_config());
  return result;
}

Napi::Value matrixProducts(const Napi::CallbackInfo& info) {
  auto result = Napi::Object::New(info.Env());
  for (const auto& [product, way] : products::choices()) result.Set(product, way);
  return result;
}

Napi::Value chooseMatrixProducts(const Napi::CallbackInfo& info) {
  const auto given = info[0].As<Napi::Object>();
  for (const auto& [product, way] : given) {
    const Napi::Value value = way;
    products::choose({product.As<Napi::String>(), value.ToString()});
  }
  return info.Env().Undefined();
}

Napi::Value measureMatrixProducts(const Napi::CallbackInfo& info) {
  const auto dtype = parseDtype(info[0].ToString().Utf8Value());
  TORCH_CHECK(dtype, "matrixProducts.measure: argument 'dtype': expected a dtype, given ",
              describe(info.Env(), info[0]));
  products::measure(*dtype);
  return info.Env().Undefined();
}

}  // namespace adaptune::system
