// Operators and their schemas as the dispatcher has them.
#include <algorithm>
#include <map>
#include <set>

#include "errors.h"
#include "operators.h"
#include "refusals.h"
#include "results.h"

namespace adaptune {

namespace {

// The unnamed overload is the plain one; those that write into given tensors come last.
void sortOverloads(std::vector<Overload>& overloads) {
  const auto key = [](const Overload& overload) {
    const auto& name = overload.handle.operator_name().overload_name;
    return std::make_tuple(overload.writesOut(), !name.empty(), name);
  };
  std::sort(overloads.begin(), overloads.end(),
            [&](const Overload& a, const Overload& b) { return key(a) < key(b); });
}

// Those whose first argument Python's own functions take as a number, too: torch.sub(1, x).
bool takesNumberAsSelf(const std::string& name) {
  static const std::set<std::string> all{
      "aten::add", "aten::div",      "aten::divide",      "aten::mul",         "aten::multiply",
      "aten::sub", "aten::subtract", "aten::true_divide", "aten::floor_divide"};
  return all.count(name) > 0;
}

// Names are looked up in a map made once: the dispatcher has no search by name without overload.
const std::multimap<std::string, c10::OperatorName>& allNames() {
  static const auto names = [] {
    std::multimap<std::string, c10::OperatorName> all;
    for (auto& name : c10::Dispatcher::singleton().getAllOpNames()) all.emplace(name.name, name);
    return all;
  }();
  return names;
}

const char* kindName(Kind kind) {
  switch (kind) {
    case Kind::Tensor:
      return "Tensor";
    case Kind::TensorList:
      return "TensorList";
    case Kind::OptionalTensorList:
      return "OptionalTensorList";
    case Kind::Int:
      return "Int";
    case Kind::IntList:
      return "IntList";
    case Kind::Float:
      return "Float";
    case Kind::FloatList:
      return "FloatList";
    case Kind::Bool:
      return "Bool";
    case Kind::BoolList:
      return "BoolList";
    case Kind::Scalar:
      return "Scalar";
    case Kind::ScalarList:
      return "ScalarList";
    case Kind::String:
      return "String";
    case Kind::StringList:
      return "StringList";
    case Kind::Dtype:
      return "Dtype";
    case Kind::Layout:
      return "Layout";
    case Kind::MemoryFormat:
      return "MemoryFormat";
    case Kind::Device:
      return "Device";
    case Kind::Generator:
      return "Generator";
    case Kind::Unsupported:
      return "Unsupported";
  }
  return "Unsupported";
}

Napi::Object describeArgument(Napi::Env env, const ArgumentSpec& argument) {
  auto result = Napi::Object::New(env);
  result.Set("name", argument.camelName);
  result.Set("kind", kindName(argument.kind));
  result.Set("optional", argument.optional);
  const bool isGenerator = argument.kind == Kind::Generator && argument.keywordOnly;
  result.Set("hasDefault", argument.defaultValue.has_value() || isGenerator);
  result.Set("keywordOnly", argument.keywordOnly);
  result.Set("written", argument.written);
  result.Set("acceptsSingle", argument.acceptsSingle);
  result.Set("isReduction", argument.isReduction);
  result.Set("acceptsNumber", argument.acceptsNumber);
  return result;
}

Napi::Object describeOverload(Napi::Env env, const Overload& overload) {
  const auto& schema = overload.handle.schema();
  auto result = Napi::Object::New(env);
  result.Set("name", schema.name());
  result.Set("overload", schema.overload_name());
  result.Set("schema", overload.signature());
  result.Set("variadic", overload.variadic);
  result.Set("factory", overload.factory);
  auto arguments = Napi::Array::New(env);
  for (uint32_t i = 0; i < overload.arguments.size(); ++i) {
    auto argument = describeArgument(env, overload.arguments[i]);
    if (const auto& value = overload.arguments[i].defaultValue) {
      argument.Set("default", toJavaScript(env, *value, *schema.arguments()[i].real_type()));
    }
    arguments.Set(i, argument);
  }
  result.Set("arguments", arguments);
  auto returns = Napi::Array::New(env);
  for (uint32_t i = 0; i < schema.returns().size(); ++i) {
    returns.Set(i, describeArgument(env, ArgumentSpec(schema.returns()[i])));
  }
  result.Set("returns", returns);
  return result;
}

}  // namespace

Overload::Overload(const c10::OperatorHandle& operatorHandle) : handle(operatorHandle) {
  for (const auto& argument : handle.schema().arguments()) arguments.emplace_back(argument);
  if (takesNumberAsSelf(handle.operator_name().name)) arguments[0].acceptsNumber = true;
  // Python takes sizes loose when the list is all that there is besides self.
  const auto positional = std::count_if(arguments.begin(), arguments.end(),
                                        [](const auto& argument) { return !argument.keywordOnly; });
  const bool hasSelf = !arguments.empty() && arguments[0].kind == Kind::Tensor;
  variadic = positional == (hasSelf ? 2 : 1) && arguments[positional - 1].kind == Kind::IntList;
  const auto has = [&](const char* name) {
    return std::any_of(arguments.begin(), arguments.end(),
                       [&](const auto& argument) { return argument.name == name; });
  };
  const auto& declared = handle.schema().arguments();
  for (const auto& result : handle.schema().returns()) {
    const auto* alias = result.alias_info();
    const bool written = alias != nullptr && alias->isWrite();
    const auto same = std::find_if(declared.begin(), declared.end(), [&](const auto& argument) {
      const auto* other = argument.alias_info();
      return written && other != nullptr && other->beforeSets() == alias->beforeSets();
    });
    aliases.push_back(same == declared.end() ? -1 : static_cast<int>(same - declared.begin()));
  }
  factory = has("dtype") && has("layout") && has("device") && has("pin_memory");
  resizes = writesOut() || adaptune::resizes(handle.operator_name());
  guard = guardOf(handle.operator_name());
  trustsLayouts = adaptune::trustsLayouts(handle);
  instead = insteadOf(handle.operator_name().name);
}

std::string Overload::obstacle() const {
  if (handle.schema().is_vararg()) return "any number of arguments, none of them declared";
  for (const auto& argument : arguments) {
    if (argument.kind == Kind::Unsupported) return "arguments of type " + argument.type;
  }
  std::set<std::string> names;
  for (const auto& argument : arguments) {
    if (!names.insert(argument.name).second) return "two arguments of one name";
  }
  for (const auto& result : handle.schema().returns()) {
    const bool isScheme = result.real_type()->kind() == c10::TypeKind::QSchemeType;
    if (ArgumentSpec(result).kind == Kind::Unsupported && !isScheme) {
      return "results of type " + result.real_type()->str();
    }
  }
  return "";
}

bool Overload::writesOut() const {
  return std::any_of(arguments.begin(), arguments.end(), [](const ArgumentSpec& argument) {
    return argument.keywordOnly && argument.written;
  });
}

std::string Overload::signature() const {
  std::ostringstream out;
  out << handle.schema();
  return out.str();
}

Operator findOperator(const std::string& qualifiedName,
                      const std::optional<std::string>& overload) {
  Operator op;
  op.name = qualifiedName.substr(
      qualifiedName.find(':') == std::string::npos ? 0 : qualifiedName.rfind(':') + 1);
  const auto [first, last] = allNames().equal_range(qualifiedName);
  for (auto found = first; found != last; ++found) {
    const c10::OperatorName& name = found->second;
    if (overload && name.overload_name != *overload) continue;
    if (const auto handle = c10::Dispatcher::singleton().findSchema(name)) {
      Overload candidate(*handle);
      if (candidate.obstacle().empty()) op.overloads.push_back(std::move(candidate));
    }
  }
  sortOverloads(op.overloads);
  return op;
}

namespace operators {

Napi::Value schemas(const Napi::CallbackInfo& info) {
  auto result = Napi::Array::New(info.Env());
  uint32_t count = 0;
  std::string previous;
  for (const auto& [name, ignored] : allNames()) {
    if (name == previous) continue;
    previous = name;
    for (const auto& overload : findOperator(name, std::nullopt).overloads) {
      result.Set(count++, describeOverload(info.Env(), overload));
    }
  }
  return result;
}

Napi::Value uncovered(const Napi::CallbackInfo& info) {
  auto result = Napi::Array::New(info.Env());
  uint32_t count = 0;
  for (const auto& [ignored, name] : allNames()) {
    const auto handle = c10::Dispatcher::singleton().findSchema(name);
    if (!handle) continue;
    const Overload overload(*handle);
    const std::string because = overload.obstacle();
    if (because.empty()) continue;
    auto entry = Napi::Object::New(info.Env());
    entry.Set("schema", overload.signature());
    entry.Set("because", because);
    result.Set(count++, entry);
  }
  return result;
}

}  // namespace operators

}  // namespace adaptune
