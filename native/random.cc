#include "random.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>

#include "errors.h"
#include "handle.h"
#include "names.h"

namespace adaptune::random {

namespace {

uint64_t toSeed(Napi::Env env, const Napi::Value& value) {
  if (value.IsBigInt()) {
    bool lossless = false;
    const uint64_t seed = value.As<Napi::BigInt>().Uint64Value(&lossless);
    if (lossless) return seed;
  } else if (value.IsNumber()) {
    const double number = value.As<Napi::Number>();
    if (number >= 0 && number <= 9007199254740991.0 &&
        number == static_cast<double>(static_cast<uint64_t>(number))) {
      return static_cast<uint64_t>(number);
    }
  }
  throw Napi::TypeError::New(
      env, "manualSeed: argument 'seed': expected a non-negative integer, given " +
               describe(env, value));
}

const at::Generator& generatorOf(Napi::Env env, const Napi::Value& name) {
  const auto device = parseDevice(name.ToString());
  if (!device)
    throw Napi::TypeError::New(env, "rng: expected a device, given " + describe(env, name));
  return at::globalContext().defaultGenerator(*device);
}

}  // namespace

Napi::Value manualSeed(const Napi::CallbackInfo& info) {
  at::manual_seed(toSeed(info.Env(), info[0]));
  return info.Env().Undefined();
}

Napi::Value getRngState(const Napi::CallbackInfo& info) {
  at::Generator generator = generatorOf(info.Env(), info[0]);
  const std::lock_guard<std::mutex> lock(generator.mutex());
  return Napi::Value(info.Env(), toHandle(info.Env(), generator.get_state()));
}

Napi::Value setRngState(const Napi::CallbackInfo& info) {
  const auto& state = requireTensor(info.Env(), info[0], "setRngState: argument 'state'");
  at::Generator generator = generatorOf(info.Env(), info[1]);
  const std::lock_guard<std::mutex> lock(generator.mutex());
  generator.set_state(state);
  return info.Env().Undefined();
}

}  // namespace adaptune::random
