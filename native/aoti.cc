#include "aoti.h"

#include <ATen/DynamicLibrary.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/inductor/aoti_package/model_package_loader.h>

#include <cstdlib>
#include <mutex>

#include "errors.h"
#include "handle.h"

namespace adaptune::aoti {

namespace {

using torch::inductor::AOTIModelPackageLoader;

AOTIModelPackageLoader& modelOf(const Napi::CallbackInfo& info) {
  TORCH_CHECK(info[0].IsExternal(), "expected a model of torch.inductor");
  return *info[0].As<Napi::External<AOTIModelPackageLoader>>().Data();
}

// Compiled code reads its inputs as what it was compiled for. It checks that they are only when the
// environment says so; without, a wrong dtype or shape reads beyond their memory.
void checkInputs() {
  static std::once_flag once;
  std::call_once(once, [] { setenv("AOTI_RUNTIME_CHECK_INPUTS", "1", /*overwrite=*/1); });
}

// The compiled code takes as many inputs as it was compiled for without looking how many there are.
// Only its own library knows; a runner keeps that to its subclasses.
struct Runner : torch::inductor::AOTIModelContainerRunner {
  static size_t inputCount(torch::inductor::AOTIModelContainerRunner& runner) {
    at::DynamicLibrary& library = *(runner.*(&Runner::model_so_));
    const auto count = reinterpret_cast<decltype(&AOTInductorModelContainerGetNumInputs)>(
        library.sym("AOTInductorModelContainerGetNumInputs"));
    size_t inputs = 0;
    TORCH_CHECK(count(runner.*(&Runner::container_handle_), &inputs) == AOTI_RUNTIME_SUCCESS,
                "the number of inputs is not known");
    return inputs;
  }
};

std::vector<at::Tensor> toTensors(Napi::Env env, const Napi::Array& array, const char* what) {
  std::vector<at::Tensor> tensors;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    tensors.push_back(requireTensor(env, array.Get(i), what));
  }
  return tensors;
}

// Compiled code reads as much of a constant as it was compiled for.
void checkConstants(AOTIModelPackageLoader& model,
                    const std::unordered_map<std::string, at::Tensor>& given) {
  const auto present = model.get_runner()->extract_constants_map(/*use_inactive=*/false);
  for (const auto& [name, tensor] : present) {
    const auto found = given.find(name);
    TORCH_CHECK(found != given.end(), "the constant '", name, "' is missing");
    const at::Tensor& other = found->second;
    TORCH_CHECK(other.sizes() == tensor.sizes() && other.scalar_type() == tensor.scalar_type(),
                "the constant '", name, "' is of ", tensor.scalar_type(), " ", tensor.sizes(),
                ", given ", other.scalar_type(), " ", other.sizes());
  }
  for (const auto& [name, tensor] : given) {
    TORCH_CHECK(present.count(name) > 0, "the model has no constant '", name, "'");
  }
}

Napi::Array toStrings(Napi::Env env, const std::vector<std::string>& strings) {
  auto array = Napi::Array::New(env, strings.size());
  for (uint32_t i = 0; i < strings.size(); ++i) array.Set(i, strings[i]);
  return array;
}

}  // namespace

Napi::Value load(const Napi::CallbackInfo& info) {
  checkInputs();
  const auto runners = static_cast<size_t>(info[3].ToNumber().Int64Value());
  const auto device = static_cast<c10::DeviceIndex>(info[2].ToNumber().Int32Value());
  auto model = std::make_unique<AOTIModelPackageLoader>(
      info[0].ToString().Utf8Value(), info[1].ToString().Utf8Value(),
      /*run_single_threaded=*/false, runners, device);
  const auto result = Napi::External<AOTIModelPackageLoader>::New(
      info.Env(), model.get(), [](Napi::Env, AOTIModelPackageLoader* own) { delete own; });
  model.release();
  return result;
}

Napi::Value run(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto inputs = toTensors(env, info[1].As<Napi::Array>(), "run");
  AOTIModelPackageLoader& model = modelOf(info);
  const size_t expected = Runner::inputCount(*model.get_runner());
  TORCH_CHECK(inputs.size() == expected, "expected ", expected, " tensors, given ", inputs.size());
  const at::NoGradGuard noGrad;  // compiled for inference
  const auto outputs = model.run(inputs);
  auto array = Napi::Array::New(env, outputs.size());
  for (uint32_t i = 0; i < outputs.size(); ++i) {
    array.Set(i, Napi::Value(env, toTensorObject(env, outputs[i])));
  }
  return array;
}

Napi::Value constantNames(const Napi::CallbackInfo& info) {
  return toStrings(info.Env(), modelOf(info).get_constant_fqns());
}

Napi::Value loadConstants(const Napi::CallbackInfo& info) {
  std::unordered_map<std::string, at::Tensor> constants;
  const auto pairs = info[1].As<Napi::Array>();
  for (uint32_t i = 0; i < pairs.Length(); ++i) {
    const auto pair = pairs.Get(i).As<Napi::Array>();
    constants.emplace(
        pair.Get(uint32_t{0}).ToString(),
        requireTensor(info.Env(), pair.Get(uint32_t{1}), "loadConstants").detach().contiguous());
  }
  AOTIModelPackageLoader& model = modelOf(info);
  checkConstants(model, constants);
  model.load_constants(constants, /*use_inactive=*/false, /*check_full_update=*/true);
  return info.Env().Undefined();
}

Napi::Value metadata(const Napi::CallbackInfo& info) {
  auto result = Napi::Object::New(info.Env());
  for (const auto& [key, text] : modelOf(info).get_metadata()) result.Set(key, text);
  return result;
}

Napi::Value callSpec(const Napi::CallbackInfo& info) {
  return toStrings(info.Env(), modelOf(info).get_call_spec());
}

}  // namespace adaptune::aoti
