#include "binding.h"

#include <algorithm>
#include <functional>

#include "errors.h"

namespace adaptune {

namespace {

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

}  // namespace

Given::Given(napi_env environment, std::vector<Value> values)
    : env(environment), positional(std::move(values)) {
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

Binding bindCall(const Operator& op, const Given& given) {
  Binding binding;
  for (const auto& overload : op.overloads) {
    if (bindTo(overload, given, binding, nullptr)) return binding;
  }
  throw Napi::TypeError::New(given.env, mismatch(op, given));
}

std::string givenText(const Given& given) {
  std::string text = "(";
  for (const Value& value : given.positional) {
    if (text.size() > 1) text += ", ";
    text += value.describe();
  }
  for (const auto& [name, value] : given.named) {
    if (text.size() > 1) text += ", ";
    text += name + ": " + value.describe();
  }
  return text + ")";
}

}  // namespace adaptune
