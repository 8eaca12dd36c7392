// What the addon exports. TypeScript's side of it is src/torch/native.ts.
#include <ATen/Context.h>
#include <napi.h>

#include <array>
#include <utility>
#include <vector>

#include "aoti.h"
#include "autocast.h"
#include "autograd.h"
#include "autograd_engine.h"
#include "callback.h"
#include "collect.h"
#if defined(ADAPTUNE_CUDA)
#include "cuda/bindings.h"
#endif
#include "determinism.h"
#include "environment.h"
#include "errors.h"
#include "files.h"
#include "function.h"
#include "hooks.h"
#include "hooks_saved.h"
#include "jit.h"
#include "operators.h"
#include "random.h"
#include "recording.h"
#include "scopes.h"
#include "share_memory.h"
#include "share_threads.h"
#include "system.h"
#include "tensor.h"

namespace adaptune {

namespace {

// ({ TorchError, Tensor, handleKey, manyUnscoped, collectGarbage }) -> undefined: what of
// JavaScript the addon uses.
Napi::Value attach(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Environment& environment = Environment::of(env);
  const std::array<std::pair<const char*, napi_ref*>, 5> slots{{
      {"TorchError", &environment.errorClass},
      {"Tensor", &environment.tensorClass},
      {"handleKey", &environment.handleKey},
      {"manyUnscoped", &environment.manyUnscoped},
      {"collectGarbage", &environment.collectGarbage},
  }};
  // All are looked at before any takes the place of the one before, which errors still need.
  std::vector<Napi::Value> given;
  for (const auto& [name, slot] : slots) {
    const Napi::Value value = info[0].IsObject() ? info[0].As<Napi::Object>().Get(name) : info[0];
    const bool isKey = slot == &environment.handleKey;
    if (isKey ? !value.IsSymbol() : !value.IsFunction()) {
      throw Napi::TypeError::New(env, std::string("attach: '") + name + "': expected a " +
                                          (isKey ? "symbol" : "function") + ", given " +
                                          describe(env, value));
    }
    given.push_back(value);
  }
  for (size_t i = 0; i < slots.size(); ++i) {
    napi_ref reference = nullptr;
    check(env, napi_create_reference(env, given[i], 1, &reference));
    std::swap(*slots[i].second, reference);
    if (reference != nullptr) napi_delete_reference(env, reference);
  }
  return env.Undefined();
}

Napi::Value rawFunction(napi_env env, const char* name, napi_callback function) {
  napi_value result = nullptr;
  check(env, napi_create_function(env, name, NAPI_AUTO_LENGTH, function, nullptr, &result));
  return Napi::Value(env, result);
}

Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  system::requireSameLibTorch(env);
  Environment::attach(env);
  autograd::installEngine();
  // Indices beyond a sparse tensor's sizes would be written to all the same.
  at::globalContext().setCheckSparseTensorInvariants(true);
  const auto set = [&](const char* name, Napi::Function function) { exports.Set(name, function); };
  set("attach", bind<attach>(env, "attach"));

  set("resolve", bind<operators::resolve>(env, "torch.ops"));
  exports.Set("call", rawFunction(env, "call", operators::call));
  set("schemas", bind<operators::schemas>(env, "schemas"));
  set("uncovered", bind<operators::uncovered>(env, "uncovered"));
  set("explain", bind<recording::explain>(env, "torch.explain"));

  set("enterScope", bind<scopes::enter>(env, "torch.scope"));
  set("leaveScope", bind<scopes::leave>(env, "torch.scope"));
  set("keep", bind<scopes::keep>(env, "torch.keep"));
  set("release", bind<scopes::release>(env, "release"));
  set("alias", bind<scopes::alias>(env, "Tensor"));
  set("memory", bind<scopes::memory>(env, "torch.memory"));
  set("memoryReport", bind<scopes::report>(env, "torch.memory.report"));
  set("serial", bind<scopes::serial>(env, "torch.memory"));
  set("serialOf", bind<scopes::serialOf>(env, "torch.memory"));
  set("setSite", bind<scopes::setSite>(env, "torch.memory"));
  set("startTurn", bind<scopes::startTurn>(env, "torch.memory"));
  set("watchWeakly", bind<collecting::watch>(env, "torch.memory"));
  set("collect", bind<collecting::collect>(env, "torch.memory"));
  set("dispose", bind<scopes::dispose>(env, "dispose"));
  set("isDisposed", bind<scopes::isDisposed>(env, "isDisposed"));

  set("shape", bind<tensors::shape>(env, "shape"));
  set("strides", bind<tensors::strides>(env, "strides"));
  set("dtype", bind<tensors::dtype>(env, "dtype"));
  set("device", bind<tensors::device>(env, "device"));
  set("layout", bind<tensors::layout>(env, "layout"));
  set("numel", bind<tensors::numel>(env, "numel"));
  set("isContiguous", bind<tensors::isContiguous>(env, "isContiguous"));
  set("isSame", bind<tensors::isSame>(env, "isSame"));
  set("fromTypedArray", bind<tensors::fromTypedArray>(env, "tensor"));
  set("toTypedArray", bind<tensors::toTypedArray>(env, "toTypedArray"));
  set("item", bind<tensors::item>(env, "item"));

  set("requiresGrad", bind<autograd::requiresGrad>(env, "requiresGrad"));
  set("setRequiresGrad", bind<autograd::setRequiresGrad>(env, "requiresGrad_"));
  set("isLeaf", bind<autograd::isLeaf>(env, "isLeaf"));
  set("gradient", bind<autograd::gradient>(env, "grad"));
  set("setGradient", bind<autograd::setGradient>(env, "grad"));
  set("gradFn", bind<autograd::gradFn>(env, "gradFn"));
  set("backward", bind<autograd::backward>(env, "backward"));
  set("grad", bind<autograd::grad>(env, "grad"));
  set("withGradMode", bind<autograd::withGradMode>(env, "gradMode"));
  set("inferenceMode", bind<autograd::inferenceMode>(env, "inferenceMode"));
  set("setGradEnabled", bind<autograd::setGradEnabled>(env, "setGradEnabled"));
  set("isInferenceMode", bind<autograd::isInferenceMode>(env, "isInferenceModeEnabled"));
  set("isGradEnabled", bind<autograd::isGradEnabled>(env, "isGradEnabled"));

  set("detectAnomaly", bind<autograd::detectAnomaly>(env, "detectAnomaly"));
  set("isAnomalyEnabled", bind<autograd::isAnomalyEnabled>(env, "isAnomalyEnabled"));
  set("currentGraphTask", bind<autograd::currentGraphTask>(env, "currentGraphTask"));
  set("afterBackward", bind<autograd::afterBackward>(env, "afterBackward"));

  set("receive", bind<callbacks::receive>(env, "callback"));
  set("give", bind<callbacks::give>(env, "callback"));
  set("registerHook", bind<hooks::registerHook>(env, "registerHook"));
  set("registerPostAccumulateGradHook",
      bind<hooks::registerPostAccumulateGradHook>(env, "registerPostAccumulateGradHook"));
  set("withSavedTensorsHooks", bind<hooks::withSavedTensorsHooks>(env, "savedTensorsHooks"));
  set("finishFunction", bind<function::finish>(env, "Function"));

  set("withAutocast", bind<autocast::withAutocast>(env, "autocast"));
  set("isAutocastEnabled", bind<autocast::isEnabled>(env, "isAutocastEnabled"));
  set("autocastDtype", bind<autocast::dtype>(env, "getAutocastDtype"));
  set("isAutocastCacheEnabled", bind<autocast::isCacheEnabled>(env, "isAutocastCacheEnabled"));

  set("useDeterministicAlgorithms",
      bind<determinism::useDeterministicAlgorithms>(env, "useDeterministicAlgorithms"));
  set("deterministicAlgorithms",
      bind<determinism::deterministicAlgorithms>(env, "areDeterministicAlgorithmsEnabled"));
  set("setFloat32MatmulPrecision",
      bind<determinism::setFloat32MatmulPrecision>(env, "setFloat32MatmulPrecision"));
  set("getFloat32MatmulPrecision",
      bind<determinism::getFloat32MatmulPrecision>(env, "getFloat32MatmulPrecision"));
  set("setNumInteropThreads", bind<determinism::setNumInteropThreads>(env, "setNumInteropThreads"));
  set("getNumInteropThreads", bind<determinism::getNumInteropThreads>(env, "getNumInteropThreads"));

  set("attachGenerator", bind<random::attach>(env, "Generator"));
  set("generatorDevice", bind<random::generatorDevice>(env, "Generator"));
  set("generatorSeed", bind<random::generatorSeed>(env, "seed"));
  set("generatorInitialSeed", bind<random::generatorInitialSeed>(env, "initialSeed"));
  set("generatorState", bind<random::generatorState>(env, "getState"));
  set("setGeneratorState", bind<random::setGeneratorState>(env, "setState"));
  set("manualSeed", bind<random::manualSeed>(env, "manualSeed"));
  set("getRngState", bind<random::getRngState>(env, "getRngState"));
  set("setRngState", bind<random::setRngState>(env, "setRngState"));

  set("mapTensors", bind<files::mapTensors>(env, "load"));
  set("writeTensor", bind<files::writeTensor>(env, "save"));
  set("storageOf", bind<files::storageOf>(env, "save"));
  set("storageBytes", bind<files::storageBytes>(env, "save"));
  set("crc32", bind<files::crc32>(env, "save"));

  set("overTypedArray", bind<shared_memory::fromTypedArray>(env, "frombuffer"));
  set("isTensorMemory", bind<shared_memory::isTensorMemory>(env, "frombuffer"));
  set("asTypedArray", bind<shared_memory::asTypedArray>(env, "asTypedArray"));
  set("shareTensor", bind<shared_threads::share>(env, "torch.share"));
  set("receiveTensor", bind<shared_threads::receive>(env, "torch.receive"));
  set("unshareTensor", bind<shared_threads::unshare>(env, "torch.unshare"));

  set("jitLoad", bind<jit::load>(env, "torch.jit.load"));
  set("jitMethods", bind<jit::methods>(env, "methods"));
  set("jitRun", bind<jit::run>(env, "torch.jit"));
  set("jitTensors", bind<jit::tensors>(env, "torch.jit"));
  set("jitTo", bind<jit::to>(env, "to"));
  set("jitTrain", bind<jit::train>(env, "train"));
  set("jitIsTraining", bind<jit::isTraining>(env, "training"));
  set("aotiLoad", bind<aoti::load>(env, "torch.inductor.load"));
  set("aotiRun", bind<aoti::run>(env, "run"));
  set("aotiConstantNames", bind<aoti::constantNames>(env, "constantNames"));
  set("aotiLoadConstants", bind<aoti::loadConstants>(env, "loadConstants"));
  set("aotiMetadata", bind<aoti::metadata>(env, "metadata"));
  set("aotiCallSpec", bind<aoti::callSpec>(env, "callSpec"));

  set("getNumThreads", bind<system::getNumThreads>(env, "getNumThreads"));
  set("setNumThreads", bind<system::setNumThreads>(env, "setNumThreads"));
  set("cudaDeviceCount", bind<system::cudaDeviceCount>(env, "cuda.deviceCount"));
  set("matrixProducts", bind<system::matrixProducts>(env, "matrixProducts"));
  set("chooseMatrixProducts", bind<system::chooseMatrixProducts>(env, "matrixProducts.choose"));
  set("measureMatrixProducts", bind<system::measureMatrixProducts>(env, "matrixProducts.measure"));
  set("build", bind<system::build>(env, "build"));
#if defined(ADAPTUNE_CUDA)
  exports.Set("cuda", cuda::bindings(env));
#endif
  return exports;
}

}  // namespace

}  // namespace adaptune

static Napi::Object initialize(Napi::Env env, Napi::Object exports) {
  return adaptune::initialize(env, exports);
}

NODE_API_MODULE(NODE_GYP_MODULE_NAME, initialize)
