#include "random.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>

#include "errors.h"
#include "handle.h"
#include "names.h"
#include "value.h"

namespace adaptune::random {

namespace {

constexpr napi_type_tag kTag = {0x6164617074756e65, 0x67656e657261746f};

// As PyTorch, negative seeds down to -2^63 are those of the same 64 bits.
uint64_t toSeed(Napi::Env env, const Napi::Value& given) {
  const Value value(env, given);
  if (value.isInteger()) return static_cast<uint64_t>(value.toInt());
  if (value.isUnsigned()) return value.toUnsigned();
  throw Napi::TypeError::New(
      env,
      "manualSeed: argument 'seed': expected an integer of -2^63 to 2^64 - 1 (a bigint beyond "
      "2^53), given " +
          describe(env, given));
}

Napi::Value fromSeed(Napi::Env env, uint64_t seed) {
  if (seed > 9007199254740991) return Napi::BigInt::New(env, seed);
  return Napi::Number::New(env, static_cast<double>(seed));
}

at::Device deviceOf(const Napi::Value& name, const char* what) {
  if (name.IsString()) {
    if (const auto device = parseDevice(name.ToString().Utf8Value())) return *device;
  }
  throw Napi::TypeError::New(
      name.Env(), std::string(what) + ": expected a device, given " + describe(name.Env(), name));
}

const at::Generator& defaultGenerator(const Napi::Value& device) {
  return at::globalContext().defaultGenerator(deviceOf(device, "rng"));
}

at::Generator newGenerator(const at::Device& device) {
  if (device.is_cpu()) return at::detail::createCPUGenerator();
  at::globalContext().lazyInitDevice(device.type());
  return at::globalContext()
      .getAcceleratorHooksInterface(device.type())
      .getNewGenerator(device.index());
}

at::Generator& requireGenerator(const Napi::Value& value) {
  at::Generator* generator = generatorOf(value.Env(), value);
  if (generator != nullptr) return *generator;
  throw Napi::TypeError::New(
      value.Env(), "Generator: expected a torch.Generator, given " + describe(value.Env(), value));
}

// One after the other: another thread may draw from a default generator.
class Locked {
 public:
  explicit Locked(const at::Generator& generator)
      : generator_(generator), lock_(generator_.mutex()) {}
  at::Generator* operator->() { return &generator_; }

 private:
  at::Generator generator_;
  std::lock_guard<std::mutex> lock_;
};

void destroy(napi_env, void* generator, void*) {
  delete static_cast<at::Generator*>(generator);
}

}  // namespace

at::Generator* generatorOf(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  bool isOurs = false;
  if (type != napi_object || napi_check_object_type_tag(env, value, &kTag, &isOurs) != napi_ok ||
      !isOurs) {
    return nullptr;
  }
  void* generator = nullptr;
  napi_unwrap(env, value, &generator);
  return static_cast<at::Generator*>(generator);
}

Napi::Value manualSeed(const Napi::CallbackInfo& info) {
  at::manual_seed(toSeed(info.Env(), info[0]));
  return info.Env().Undefined();
}

Napi::Value getRngState(const Napi::CallbackInfo& info) {
  return Napi::Value(info.Env(),
                     toHandle(info.Env(), Locked(defaultGenerator(info[0]))->get_state()));
}

Napi::Value setRngState(const Napi::CallbackInfo& info) {
  const auto& state = requireTensor(info.Env(), info[0], "setRngState: argument 'state'");
  Locked(defaultGenerator(info[1]))->set_state(state);
  return info.Env().Undefined();
}

Napi::Value attach(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  at::Generator generator;
  if (const at::Generator* source = generatorOf(env, info[1])) {
    generator = Locked(*source)->clone();
  } else if (info[2].ToBoolean()) {
    generator = defaultGenerator(info[1]);
  } else {
    generator = newGenerator(deviceOf(info[1], "Generator: argument 'device'"));
  }
  auto owned = std::make_unique<at::Generator>(std::move(generator));
  check(env, napi_type_tag_object(env, info[0], &kTag));
  check(env, napi_wrap(env, info[0], owned.get(), destroy, nullptr, nullptr));
  owned.release();
  return env.Undefined();
}

Napi::Value generatorDevice(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), requireGenerator(info[0]).device().str());
}

Napi::Value generatorSeed(const Napi::CallbackInfo& info) {
  const at::Generator& generator = requireGenerator(info[0]);
  if (info[1].IsUndefined()) return fromSeed(info.Env(), Locked(generator)->seed());
  const uint64_t seed = toSeed(info.Env(), info[1]);
  Locked(generator)->set_current_seed(seed);
  return fromSeed(info.Env(), seed);
}

Napi::Value generatorInitialSeed(const Napi::CallbackInfo& info) {
  return fromSeed(info.Env(), Locked(requireGenerator(info[0]))->current_seed());
}

Napi::Value generatorState(const Napi::CallbackInfo& info) {
  const at::Generator& generator = requireGenerator(info[0]);
  return Napi::Value(info.Env(), toHandle(info.Env(), Locked(generator)->get_state()));
}

Napi::Value setGeneratorState(const Napi::CallbackInfo& info) {
  const at::Generator& generator = requireGenerator(info[0]);
  const auto& state = requireTensor(info.Env(), info[1], "setState: argument 'state'");
  Locked(generator)->set_state(state);
  return info.Env().Undefined();
}

}  // namespace adaptune::random
