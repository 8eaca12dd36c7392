#include "operators.h"

#include <ATen/core/stack.h>

#include <array>

#include "binding.h"
#include "environment.h"
#include "errors.h"
#include "fast_call.h"
#include "handle.h"
#include "results.h"

namespace adaptune {

namespace {

torch::jit::Stack toStack(const Binding& binding, const Given& given) {
  const auto& arguments = binding.overload->arguments;
  torch::jit::Stack stack;
  stack.reserve(arguments.size());
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (binding.values[i].isGiven()) {
      stack.push_back(arguments[i].convert(binding.values[i]));
    } else if (arguments[i].defaultValue) {
      stack.push_back(*arguments[i].defaultValue);
    } else if (arguments[i].kind == Kind::Generator) {
      stack.emplace_back();
    } else {  // the list of a variadic call
      c10::List<int64_t> list;
      for (size_t k = i; k < given.positional.size(); ++k) {
        list.push_back(given.positional[k].toInt());
      }
      stack.emplace_back(std::move(list));
    }
  }
  return stack;
}

// The JavaScript values of one call as they come: a number, a mask of those that are handles.
struct Raw {
  std::array<napi_value, 16> few;
  std::vector<napi_value> many;
  napi_value* values = few.data();
  size_t count = few.size();

  Raw(napi_env env, napi_callback_info info) {
    napi_get_cb_info(env, info, &count, values, nullptr, nullptr);
    if (count <= few.size()) return;
    many.resize(count);
    values = many.data();
    napi_get_cb_info(env, info, &count, values, nullptr, nullptr);
  }
};

std::vector<Value> toValues(napi_env env, const Raw& raw, uint32_t handles) {
  std::vector<Value> values;
  values.reserve(raw.count - 2);
  for (size_t i = 2; i < raw.count; ++i) {
    const bool isHandle = i - 2 < 32 && (handles >> (i - 2) & 1) != 0;
    values.push_back(isHandle ? Value::ofHandle(env, raw.values[i]) : Value(env, raw.values[i]));
  }
  return values;
}

napi_value toNumber(napi_env env, double number) {
  napi_value result = nullptr;
  check(env, napi_create_double(env, number, &result));
  return result;
}

// In-place and out results are the very object that was given: -(n + 1) for the positional one n.
napi_value givenAlias(const Binding& binding, const Given& given, int argument) {
  if (argument < 0) return nullptr;
  const Value& value = binding.values[argument];
  for (size_t i = 0; i < given.positional.size(); ++i) {
    if (given.positional[i].raw == value.raw) return toNumber(given.env, -1.0 - i);
  }
  return value.raw;
}

napi_value toResult(const Binding& binding, const Given& given, torch::jit::Stack& stack) {
  const napi_env env = given.env;
  const auto& returns = binding.overload->handle.schema().returns();
  const auto& aliases = binding.overload->aliases;
  if (returns.empty()) return Napi::Env(env).Undefined();
  if (binding.requiresGrad) stack[0].toTensor().set_requires_grad(true);
  if (returns.size() == 1) {
    if (napi_value same = givenAlias(binding, given, aliases[0])) return same;
    return toReturned(env, stack[0], *returns[0].real_type());
  }
  auto results = Napi::Array::New(env, returns.size());
  for (size_t i = 0; i < returns.size(); ++i) {
    // Those written to are keywords wherever there are several.
    const Value same = aliases[i] < 0 ? Value() : binding.values[aliases[i]];
    const bool isObject = same.isGiven() && Napi::Value(env, same.raw).IsObject();
    results.Set(static_cast<uint32_t>(i),
                isObject ? same.raw : toJavaScript(env, stack[i], *returns[i].real_type()));
  }
  return results;
}

napi_value callSlowly(napi_env env, const Operator& op, std::vector<Value> values) {
  const Given given(env, std::move(values));
  const Binding binding = bindCall(op, given);
  torch::jit::Stack stack;
  try {
    stack = toStack(binding, given);
  } catch (const Napi::Error& error) {
    throw Napi::TypeError::New(env, op.name + ": " + error.Message());
  }
  try {
    callGuarded(*binding.overload, stack);
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::exception& error) {
    throw torchError(
        env, op.name + ": " + conciseMessage(error) + "\n  called with " + givenText(given));
  }
  return toResult(binding, given, stack);
}

napi_value callOperator(napi_env env, napi_callback_info info) {
  const Raw raw(env, info);
  const auto& known = Environment::of(env).operators;
  double number = -1, handles = 0;
  if (raw.count >= 2) {
    napi_get_value_double(env, raw.values[0], &number);
    napi_get_value_double(env, raw.values[1], &handles);
  }
  if (!(number >= 0 && number < static_cast<double>(known.size())))
    throw Napi::TypeError::New(env, "call: unknown operator number");
  Operator& op = *known[static_cast<size_t>(number)];
  const auto mask = static_cast<uint32_t>(handles);
  if (napi_value result = callFast(env, op, raw.values + 2, raw.count - 2, mask)) return result;
  return callSlowly(env, op, toValues(env, raw, mask));
}

}  // namespace

namespace operators {

Napi::Value resolve(const Napi::CallbackInfo& info) {
  const std::string name = info[0].ToString();
  std::optional<std::string> overload;
  if (info[1].IsString()) overload = info[1].As<Napi::String>().Utf8Value();
  auto op = std::make_unique<Operator>(findOperator(name, overload));
  // Python's name for the overload that has none.
  if (overload == "default" && op->overloads.empty()) *op = findOperator(name, "");
  if (op->overloads.empty()) {
    const std::string full = overload ? name + "." + *overload : name;
    throw Napi::TypeError::New(info.Env(),
                               "torch.ops: expected the name of an operator of this LibTorch, "
                               "given \"" +
                                   full + "\"");
  }
  auto& known = Environment::of(info.Env()).operators;
  known.push_back(std::move(op));
  return Napi::Number::New(info.Env(), static_cast<double>(known.size() - 1));
}

// Not a Napi::Function, whose wrapping costs a tenth of a small operator.
napi_value call(napi_env env, napi_callback_info info) {
  try {
    return guarded(Napi::Env(env), "call", [&] { return callOperator(env, info); });
  } catch (const Napi::Error& error) {
    error.ThrowAsJavaScriptException();
    return nullptr;
  }
}

}  // namespace operators

}  // namespace adaptune
