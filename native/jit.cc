#include "jit.h"

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include "errors.h"
#include "handle.h"
#include "jit_values.h"
#include "names.h"

namespace adaptune::jit {

namespace {

using torch::jit::Module;

Module& moduleOf(const Napi::CallbackInfo& info) {
  TORCH_CHECK(info[0].IsExternal(), "expected a TorchScript module");
  return *info[0].As<Napi::External<Module>>().Data();
}

std::optional<at::Device> deviceOf(const Napi::Value& value) {
  if (value.IsNull()) return std::nullopt;
  const std::string name = value.ToString();
  const auto device = parseDevice(name);
  TORCH_CHECK(device, "expected a device (\"cpu\", \"cuda:0\"), given \"", name, "\"");
  return device;
}

// `arguments` after self, in the schema's order; what is left out has its default.
std::vector<c10::IValue> argumentsOf(Napi::Env env, const c10::FunctionSchema& schema,
                                     const Napi::Array& given) {
  const auto& declared = schema.arguments();
  const size_t expected = declared.size() - 1;
  if (given.Length() > expected) {
    throw Napi::TypeError::New(env, schema.name() + ": expected at most " +
                                        std::to_string(expected) + " arguments, given " +
                                        std::to_string(given.Length()));
  }
  std::vector<c10::IValue> values;
  for (uint32_t i = 0; i < expected; ++i) {
    const c10::Argument& argument = declared[i + 1];
    const Napi::Value value = given.Get(i);
    const std::string what = schema.name() + ": argument '" + argument.name() + "'";
    const bool isGiven = i < given.Length() && !value.IsUndefined();
    if (!isGiven && argument.default_value()) {
      values.push_back(*argument.default_value());
    } else {
      values.push_back(fromJavaScript(env, value, argument.type(), what));
    }
  }
  return values;
}

template <typename List>
Napi::Array namedTensors(Napi::Env env, const List& list) {
  auto result = Napi::Array::New(env);
  for (const auto& named : list) {
    auto pair = Napi::Array::New(env, 2);
    pair.Set(uint32_t{0}, named.name);
    pair.Set(uint32_t{1}, Napi::Value(env, toTensorObject(env, named.value)));
    result.Set(result.Length(), pair);
  }
  return result;
}

}  // namespace

Napi::Value load(const Napi::CallbackInfo& info) {
  auto module =
      std::make_unique<Module>(torch::jit::load(info[0].ToString().Utf8Value(), deviceOf(info[1])));
  const auto result = Napi::External<Module>::New(info.Env(), module.get(),
                                                  [](Napi::Env, Module* own) { delete own; });
  module.release();
  return result;
}

Napi::Value methods(const Napi::CallbackInfo& info) {
  auto result = Napi::Object::New(info.Env());
  for (const auto& method : moduleOf(info).get_methods()) {
    result.Set(method.name(), c10::toString(method.function().getSchema()));
  }
  return result;
}

Napi::Value run(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string name = info[1].ToString();
  const Module& module = moduleOf(info);
  const auto method = module.find_method(name);
  if (!method) {
    std::string known;
    for (const auto& other : module.get_methods()) {
      known += (known.empty() ? "" : ", ") + other.name();
    }
    throw Napi::TypeError::New(
        env, "torch.jit: the module has no method '" + name + "'; it has " + known);
  }
  auto arguments = argumentsOf(env, method->function().getSchema(), info[2].As<Napi::Array>());
  return guarded(env, name.c_str(),
                 [&] { return toJavaScript(env, (*method)(std::move(arguments)), name); });
}

Napi::Value tensors(const Napi::CallbackInfo& info) {
  const Module& module = moduleOf(info);
  const bool wantsParameters = info[1].ToString().Utf8Value() == "parameters";
  if (wantsParameters) return namedTensors(info.Env(), module.named_parameters());
  return namedTensors(info.Env(), module.named_buffers());
}

Napi::Value to(const Napi::CallbackInfo& info) {
  Module& module = moduleOf(info);
  if (!info[1].IsNull()) {
    const auto dtype = parseDtype(info[1].ToString().Utf8Value());
    TORCH_CHECK(dtype, "expected a dtype, given ", info[1].ToString().Utf8Value());
    module.to(*dtype);
  }
  if (const auto device = deviceOf(info[2])) module.to(*device);
  return info.Env().Undefined();
}

Napi::Value train(const Napi::CallbackInfo& info) {
  moduleOf(info).train(info[1].ToBoolean());
  return info.Env().Undefined();
}

Napi::Value isTraining(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), moduleOf(info).is_training());
}

}  // namespace adaptune::jit
