#include "operators.h"

#include <ATen/core/stack.h>

#include <algorithm>
#include <functional>

#include "environment.h"
#include "errors.h"
#include "handle.h"
#include "results.h"

namespace adaptune {

namespace {

// The JavaScript values of one call, seen as positional ones and keywords.
struct Given {
  napi_env env;
  std::vector<Value> positional;
  Value keywords;  // a plain object, or nothing
  std::vector<std::pair<std::string, Value>> named;

  explicit Given(const Napi::CallbackInfo& info);
};

Given::Given(const Napi::CallbackInfo& info) : env(info.Env()) {
  positional.reserve(info.Length() - 1);
  for (size_t i = 1; i < info.Length(); ++i) positional.emplace_back(env, info[i]);
  if (!positional.empty() && positional.back().isPlainObject()) {
    keywords = positional.back();
    positional.pop_back();
  }
  // Trailing undefined is as good as absent: f(x, undefined) is f(x).
  while (!positional.empty() && positional.back().type == napi_undefined) positional.pop_back();
  if (!keywords.isGiven()) return;
  const Napi::Object object(env, keywords.raw);
  const auto names = object.GetPropertyNames();
  for (uint32_t i = 0; i < names.Length(); ++i) {
    const std::string name = names.Get(i).ToString();
    const Value value(env, object.Get(name));
    if (value.type != napi_undefined) named.emplace_back(name, value);
  }
}

// How a call maps onto an overload: for each argument what was given, or nothing for its default.
struct Binding {
  const Overload* overload = nullptr;
  std::vector<Value> values;
  bool variadic = false;  // the last positional values together make the list argument
  bool requiresGrad = false;
};

constexpr const char* kRequiresGrad = "requiresGrad";

size_t positionalCount(const Overload& overload) {
  const auto& arguments = overload.arguments;
  return std::count_if(arguments.begin(), arguments.end(),
                       [](const ArgumentSpec& argument) { return !argument.keywordOnly; });
}

const ArgumentSpec* findArgument(const Overload& overload, const std::string& name) {
  for (const auto& argument : overload.arguments) {
    if (argument.camelName == name || argument.name == name) return &argument;
  }
  return nullptr;
}

// The first positional argument that must be given and is not.
const ArgumentSpec* firstMissing(const Overload& overload, const Binding& binding) {
  for (size_t i = 0; i < overload.arguments.size(); ++i) {
    const ArgumentSpec& argument = overload.arguments[i];
    const bool isRequired = !argument.keywordOnly && !argument.defaultValue;
    if (isRequired && !binding.values[i].isGiven()) return &argument;
  }
  return nullptr;
}

// view(2, 3): from the list's position on, all is integers.
bool isVariadicCall(const Overload& overload, const Given& given) {
  if (!overload.variadic) return false;
  const size_t at = positionalCount(overload) - 1;
  if (given.positional.size() <= at) return false;
  ArgumentSpec const& list = overload.arguments[at];
  if (given.positional.size() == at + 1 && list.acceptsSingle) return false;
  return std::all_of(given.positional.begin() + at, given.positional.end(),
                     std::mem_fn(&Value::isInteger));
}

// Maps the call onto the overload. Without `reason` it only says whether that works; with it, it
// also explains why not (texts are made on failure alone).
bool bindTo(const Overload& overload, const Given& given, Binding& binding, std::string* reason) {
  const auto fail = [&](auto&& text) {
    if (reason != nullptr) *reason = text();
    return false;
  };
  binding.overload = &overload;
  binding.values.assign(overload.arguments.size(), Value());
  binding.variadic = isVariadicCall(overload, given);
  binding.requiresGrad = false;
  const size_t positional = positionalCount(overload);
  const size_t taken = binding.variadic ? positional - 1 : given.positional.size();
  if (taken > positional) {
    return fail([&] {
      return "expected at most " + std::to_string(positional) + " positional arguments, given " +
             std::to_string(given.positional.size());
    });
  }
  for (size_t i = 0; i < taken; ++i) {
    const ArgumentSpec& argument = overload.arguments[i];
    const Value& value = given.positional[i];
    if (value.type == napi_undefined && argument.defaultValue) continue;
    if (!argument.accepts(value)) {
      return fail([&] { return argument.refusal(value); });
    }
    binding.values[i] = value;
  }
  for (const auto& [name, value] : given.named) {
    const ArgumentSpec* argument = findArgument(overload, name);
    if (argument == nullptr) {
      if (overload.factory && name == kRequiresGrad) {
        binding.requiresGrad = Napi::Value(given.env, value.raw).ToBoolean();
        continue;
      }
      return fail([&, &name = name] {
        // relu({ handle: 1 }): the object was meant as the argument.
        const ArgumentSpec* missing = firstMissing(overload, binding);
        if (missing != nullptr) return missing->refusal(given.keywords);
        return "expected no option '" + name + "', given one";
      });
    }
    Value& slot = binding.values[argument - overload.arguments.data()];
    if (slot.isGiven()) {
      return fail(
          [&] { return "argument '" + argument->camelName + "': expected once, given twice"; });
    }
    if (!argument->accepts(value)) {
      return fail([&, &value = value] { return argument->refusal(value); });
    }
    slot = value;
  }
  for (size_t i = 0; i < overload.arguments.size(); ++i) {
    const ArgumentSpec& argument = overload.arguments[i];
    const bool isList = binding.variadic && i == positional - 1;
    if (binding.values[i].isGiven() || argument.defaultValue || isList) continue;
    if (argument.kind == Kind::Generator) continue;
    return fail([&] {
      return "argument '" + argument.camelName + "': expected " + argument.expectation() +
             ", given nothing";
    });
  }
  return true;
}

std::string givenText(const Given& given) {
  std::string text = "(";
  for (const Value& value : given.positional) {
    if (text.size() > 1) text += ", ";
    text += describe(given.env, value.raw);
  }
  for (const auto& [name, value] : given.named) {
    if (text.size() > 1) text += ", ";
    text += name + ": " + describe(given.env, value.raw);
  }
  return text + ")";
}

// What a caller may have meant: forms with `out` only when one was given.
std::vector<const Overload*> candidates(const Operator& op, const Given& given) {
  const auto isOut = [](const std::string& name) { return name == "out"; };
  const bool wantsOut = std::any_of(given.named.begin(), given.named.end(),
                                    [&](const auto& named) { return isOut(named.first); });
  std::vector<const Overload*> result;
  for (const auto& overload : op.overloads) {
    if (overload.writesOut() == wantsOut) result.push_back(&overload);
  }
  if (result.empty()) {
    for (const auto& overload : op.overloads) result.push_back(&overload);
  }
  return result;
}

std::string mismatch(const Operator& op, const Given& given) {
  Binding ignored;
  std::string reason;
  const auto overloads = candidates(op, given);
  if (overloads.size() == 1) {
    bindTo(*overloads[0], given, ignored, &reason);
    return op.name + ": " + reason + "\n  " + overloads[0]->signature();
  }
  std::string text = op.name + ": expected one of these signatures, given " + givenText(given);
  for (const auto* overload : overloads) {
    bindTo(*overload, given, ignored, &reason);
    text += "\n  " + overload->signature() + "\n    " + reason;
  }
  return text;
}

Binding bindCall(const Operator& op, const Given& given) {
  Binding binding;
  for (const auto& overload : op.overloads) {
    if (bindTo(overload, given, binding, nullptr)) return binding;
  }
  throw Napi::TypeError::New(given.env, mismatch(op, given));
}

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

// In-place and out results are the very object that was given.
napi_value givenAlias(const Binding& binding, const c10::Argument& result) {
  const auto* alias = result.alias_info();
  if (alias == nullptr || !alias->isWrite()) return nullptr;
  const auto& declared = binding.overload->handle.schema().arguments();
  for (size_t i = 0; i < declared.size(); ++i) {
    const auto* other = declared[i].alias_info();
    if (other != nullptr && other->beforeSets() == alias->beforeSets())
      return binding.values[i].raw;
  }
  return nullptr;
}

napi_value toResult(napi_env env, const Binding& binding, torch::jit::Stack& stack) {
  const auto& returns = binding.overload->handle.schema().returns();
  const auto convert = [&](size_t i) {
    if (napi_value same = givenAlias(binding, returns[i])) return same;
    if (binding.requiresGrad) stack[i].toTensor().set_requires_grad(true);
    return toJavaScript(env, stack[i], *returns[i].real_type());
  };
  if (returns.empty()) return Napi::Env(env).Undefined();
  if (returns.size() == 1) return convert(0);
  auto results = Napi::Array::New(env, returns.size());
  for (size_t i = 0; i < returns.size(); ++i) results.Set(static_cast<uint32_t>(i), convert(i));
  return results;
}

}  // namespace

namespace operators {

Napi::Value resolve(const Napi::CallbackInfo& info) {
  const std::string name = info[0].ToString();
  std::optional<std::string> overload;
  if (info[1].IsString()) overload = info[1].As<Napi::String>().Utf8Value();
  auto op = std::make_unique<Operator>(findOperator(name, overload));
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

Napi::Value call(const Napi::CallbackInfo& info) {
  const auto& known = Environment::of(info.Env()).operators;
  const uint32_t number =
      info[0].IsNumber() ? info[0].As<Napi::Number>().Uint32Value() : UINT32_MAX;
  if (number >= known.size())
    throw Napi::TypeError::New(info.Env(), "call: unknown operator number");
  const Operator& op = *known[number];
  const Given given(info);
  const Binding binding = bindCall(op, given);
  torch::jit::Stack stack;
  try {
    stack = toStack(binding, given);
  } catch (const Napi::Error& error) {
    throw Napi::TypeError::New(info.Env(), op.name + ": " + error.Message());
  }
  try {
    binding.overload->handle.callBoxed(stack);
  } catch (const std::exception& error) {
    throw torchError(
        info.Env(), op.name + ": " + conciseMessage(error) + "\n  called with " + givenText(given));
  }
  return Napi::Value(info.Env(), toResult(info.Env(), binding, stack));
}

}  // namespace operators

}  // namespace adaptune
