#include "system.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <torch/version.h>

#include <future>
#include <string_view>
#include <thread>
#include <vector>

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

// Of so many threads those that the system lets run at once. Where it lets too few, OpenMP ends the
// process, so they are tried first.
size_t startedTogether(size_t count) {
  std::vector<std::thread> threads;
  std::promise<void> all;
  const std::shared_future<void> wait = all.get_future().share();
  try {
    threads.reserve(count);
    while (threads.size() < count) threads.emplace_back([wait] { wait.wait(); });
  } catch (const std::exception&) {
    // as many as there are
  }
  all.set_value();
  for (auto& thread : threads) thread.join();
  return threads.size();
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

int threadCount(const Napi::Value& given, const char* what) {
  const double count = given.IsNumber() ? given.As<Napi::Number>().DoubleValue() : 0;
  if (!(count >= 1 && count <= kMostThreads && count == static_cast<int>(count))) {
    throw Napi::TypeError::New(
        given.Env(), std::string(what) + ": argument 'count': expected an integer of 1 to " +
                         std::to_string(kMostThreads) + ", given " + describe(given.Env(), given));
  }
  const auto wanted = static_cast<size_t>(count);
  const size_t started = startedTogether(wanted - 1);
  TORCH_CHECK(started + 1 >= wanted, "the system starts no more than ", started + 1,
              " threads for this process, asked for ", wanted);
  return static_cast<int>(count);
}

Napi::Value setNumThreads(const Napi::CallbackInfo& info) {
  at::set_num_threads(threadCount(info[0], "setNumThreads"));
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
