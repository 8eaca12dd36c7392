#include "system.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <torch/version.h>

#include <string_view>

#include "errors.h"
#include "fused/matrix_products.h"
#include "names.h"

namespace adaptune::system {

namespace {

// A test has an addon with other digits here, so it is read at run time.
const char* volatile builtAgainst = "adaptune is built against LibTorch " TORCH_VERSION;

std::string_view versionIn(std::string_view text, std::string_view before) {
  const auto found = text.find(before);
  if (found == std::string_view::npos) return {};
  text.remove_prefix(found + before.size());
  return text.substr(0, text.find_first_not_of("0123456789."));
}

// "2.13" of "2.13.1": patches keep the binary interface.
std::string_view release(std::string_view version) {
  return version.substr(0, version.find('.', version.find('.') + 1));
}

}  // namespace

void requireSameLibTorch(Napi::Env env) {
  const std::string config = at::show_config();
  const auto loaded = versionIn(config, "TORCH_VERSION=");
  const auto built = versionIn(builtAgainst, "LibTorch ");
  if (loaded.empty() || release(loaded) == release(built)) return;
  throw Napi::Error::New(env, "it was built against LibTorch " + std::string(built) + ", and " +
                                  std::string(loaded) + " is there now");
}

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
