#include "fast_call.h"

#include <ATen/core/stack.h>

#include <array>
#include <utility>

#include "binding.h"
#include "environment.h"
#include "errors.h"
#include "handle.h"
#include "results.h"

namespace adaptune {

namespace {

constexpr size_t kMostValues = 12;
constexpr size_t kMostSizes = 8;

// Four bits of a call's key. Which overload takes a value depends on nothing else.
enum Shape : uint64_t { kTensor = 1, kInteger, kNumber, kBoolean, kString, kNull, kIntegers };

struct Argument {
  Value value;
  std::array<int64_t, kMostSizes> sizes;
  size_t length = 0;
};

bool readIntegers(Argument& argument) {
  const Value& list = argument.value;
  uint32_t length = 0;
  if (!list.isArray()) return false;
  napi_get_array_length(list.env, list.raw, &length);
  if (length == 0 || length > kMostSizes) return false;
  for (uint32_t i = 0; i < length; ++i) {
    napi_value element = nullptr;
    if (napi_get_element(list.env, list.raw, i, &element) != napi_ok) return false;
    const Value value(list.env, element);
    if (!value.isNumber() || !value.isInteger()) return false;
    argument.sizes[i] = value.toInt();
  }
  argument.length = length;
  return true;
}

// 0 for what has no shape that says it all.
uint64_t shapeOf(Argument& argument) {
  const Value& value = argument.value;
  if (value.isTensor()) return kTensor;
  switch (value.type) {
    case napi_number:
      return value.isInteger() ? kInteger : kNumber;
    case napi_boolean:
      return kBoolean;
    case napi_string:
      return kString;
    case napi_null:
      return kNull;
    case napi_object:
      return readIntegers(argument) ? uint64_t{kIntegers} : 0;
    default:
      return 0;
  }
}

// The overload that binds these values, remembered by their key; nullptr when none simply does.
const Overload* overloadFor(Operator& op, uint64_t key, napi_env env, const Argument* arguments,
                            size_t count) {
  for (const auto& [known, overload] : op.remembered) {
    if (known == key) return overload;
  }
  std::vector<Value> values;
  for (size_t i = 0; i < count; ++i) values.push_back(arguments[i].value);
  const Binding binding = bindCall(op, Given(env, std::move(values)));
  if (binding.variadic || binding.requiresGrad) return nullptr;
  op.remembered.emplace_back(key, binding.overload);
  return binding.overload;
}

// The stack of a call, whose memory the next one uses again. Calls nest where one calls JavaScript.
class CallStack {
 public:
  CallStack() : values(std::move(spare)) {}
  ~CallStack() {
    values.clear();
    spare = std::move(values);
  }
  CallStack(const CallStack&) = delete;
  CallStack& operator=(const CallStack&) = delete;

  torch::jit::Stack values;

 private:
  static thread_local torch::jit::Stack spare;
};

thread_local torch::jit::Stack CallStack::spare;

void push(torch::jit::Stack& stack, const ArgumentSpec& spec, const Argument& argument) {
  if (spec.kind == Kind::Tensor && argument.value.isTensor() && !argument.value.isDisposed()) {
    stack.emplace_back(argument.value.tensor->tensor);
  } else if (spec.kind == Kind::IntList && argument.length > 0) {
    c10::List<int64_t> list;
    list.reserve(argument.length);
    for (size_t i = 0; i < argument.length; ++i) list.push_back(argument.sizes[i]);
    stack.emplace_back(spec.fitted(std::move(list), argument.value));
  } else {
    stack.push_back(spec.convert(argument.value));
  }
}

}  // namespace

napi_value callFast(napi_env env, Operator& op, napi_value* values, size_t count,
                    uint32_t handles) {
  if (count > kMostValues) return nullptr;
  std::array<Argument, kMostValues> given;
  uint64_t key = 0;
  for (size_t i = 0; i < count; ++i) {
    const bool isHandle = (handles >> i & 1) != 0;
    given[i].value = isHandle ? Value::ofHandle(env, values[i]) : Value(env, values[i]);
    const uint64_t shape = shapeOf(given[i]);
    if (shape == 0) return nullptr;
    key = key << 4 | shape;
  }
  const Overload* overload = overloadFor(op, key, env, given.data(), count);
  if (overload == nullptr) return nullptr;

  const auto describeCall = [&] {
    std::vector<Value> all;
    for (size_t i = 0; i < count; ++i) all.push_back(given[i].value);
    return "\n  called with " + givenText(Given(env, std::move(all)));
  };
  CallStack kept;
  torch::jit::Stack& stack = kept.values;
  stack.reserve(overload->arguments.size());
  try {
    for (size_t i = 0; i < overload->arguments.size(); ++i) {
      const ArgumentSpec& spec = overload->arguments[i];
      if (i < count) {
        push(stack, spec, given[i]);
      } else {
        stack.push_back(spec.defaultValue.value_or(c10::IValue()));
      }
    }
  } catch (const Napi::Error& error) {
    throw Napi::TypeError::New(env, op.name + ": " + error.Message());
  }
  try {
    callGuarded(*overload, stack);
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::exception& error) {
    throw torchError(env, op.name + ": " + conciseMessage(error) + describeCall());
  }
  const auto& returns = overload->handle.schema().returns();
  if (returns.empty()) return Napi::Env(env).Undefined();
  if (returns.size() == 1) {
    const int alias = overload->aliases[0];
    if (alias < 0 && stack[0].isTensor()) return toHandle(env, std::move(stack[0]).toTensor());
    if (alias < 0) return toReturned(env, stack[0], *returns[0].real_type());
    return Napi::Number::New(env, -1.0 - alias);
  }
  auto results = Napi::Array::New(env, returns.size());
  for (size_t i = 0; i < returns.size(); ++i) {
    results.Set(static_cast<uint32_t>(i), toJavaScript(env, stack[i], *returns[i].real_type()));
  }
  return results;
}

}  // namespace adaptune
