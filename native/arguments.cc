#include "arguments.h"

#include <ATen/ScalarOps.h>
#include <ATen/core/Reduction.h>
#include <ATen/core/jit_type.h>

#include <cmath>
#include <functional>

#include "errors.h"
#include "names.h"
#include "random.h"

namespace adaptune {

namespace {

Kind listKind(const c10::Type& element) {
  switch (element.kind()) {
    case c10::TypeKind::TensorType:
      return Kind::TensorList;
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType:
      return Kind::IntList;
    case c10::TypeKind::FloatType:
      return Kind::FloatList;
    case c10::TypeKind::BoolType:
      return Kind::BoolList;
    case c10::TypeKind::NumberType:
      return Kind::ScalarList;
    case c10::TypeKind::StringType:
      return Kind::StringList;
    case c10::TypeKind::OptionalType: {
      const auto inner = element.castRaw<c10::OptionalType>()->getElementType();
      return inner->kind() == c10::TypeKind::TensorType ? Kind::OptionalTensorList
                                                        : Kind::Unsupported;
    }
    default:
      return Kind::Unsupported;
  }
}

Kind kindOf(const c10::Type& type) {
  switch (type.kind()) {
    case c10::TypeKind::TensorType:
      return Kind::Tensor;
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType:
      return Kind::Int;
    case c10::TypeKind::FloatType:
    case c10::TypeKind::SymFloatType:
      return Kind::Float;
    case c10::TypeKind::BoolType:
    case c10::TypeKind::SymBoolType:
      return Kind::Bool;
    case c10::TypeKind::NumberType:
      return Kind::Scalar;
    case c10::TypeKind::StringType:
      return Kind::String;
    case c10::TypeKind::ScalarTypeType:
      return Kind::Dtype;
    case c10::TypeKind::LayoutType:
      return Kind::Layout;
    case c10::TypeKind::MemoryFormatType:
      return Kind::MemoryFormat;
    case c10::TypeKind::DeviceObjType:
      return Kind::Device;
    case c10::TypeKind::GeneratorType:
      return Kind::Generator;
    case c10::TypeKind::ListType:
      return listKind(*type.castRaw<c10::ListType>()->getElementType());
    default:
      return Kind::Unsupported;
  }
}

using Test = bool (Value::*)() const;

// What each element of a list must pass; nothing for kinds that are no lists.
Test elementTest(Kind kind) {
  switch (kind) {
    case Kind::TensorList:
      return &Value::isTensor;
    case Kind::OptionalTensorList:
      return &Value::isTensorOrNull;
    case Kind::IntList:
      return &Value::isInteger;
    case Kind::FloatList:
      return &Value::isNumber;
    case Kind::BoolList:
      return &Value::isBoolean;
    case Kind::ScalarList:
      return &Value::isScalar;
    case Kind::StringList:
      return &Value::isString;
    default:
      return nullptr;
  }
}

// Calls `visit(index, element)` until it returns false.
template <typename Visit>
void eachElement(const Value& list, Visit visit) {
  uint32_t length = 0;
  napi_get_array_length(list.env, list.raw, &length);
  for (uint32_t i = 0; i < length; ++i) {
    napi_value element = nullptr;
    check(list.env, napi_get_element(list.env, list.raw, i, &element));
    if (!visit(i, Value(list.env, element))) return;
  }
}

// The first element that fails; nothing when all pass.
std::optional<uint32_t> firstBadElement(const Value& list, Test accepts) {
  std::optional<uint32_t> bad;
  eachElement(list, [&](uint32_t i, const Value& element) {
    if (!(element.*accepts)()) bad = i;
    return !bad;
  });
  return bad;
}

// JavaScript has one kind of number: a whole one becomes an integer scalar, as a PyTorch user
// writes it, so that `ints.mul(2)` stays of integers.
at::Scalar toScalar(const Value& value) {
  if (value.isBoolean()) return value.toBool();
  if (value.isComplex()) return value.toComplex();
  if (value.isUnsigned()) return value.toUnsigned();
  if (!value.isInteger()) return value.toDouble();
  const bool isMinusZero = value.isNumber() && std::signbit(value.toDouble()) && value.toInt() == 0;
  if (isMinusZero) return value.toDouble();
  return value.toInt();
}

template <typename Element, typename Convert>
c10::List<Element> toList(const Value& value, Convert convert) {
  c10::List<Element> list;
  eachElement(value, [&](uint32_t, const Value& element) {
    list.push_back(convert(element));
    return true;
  });
  return list;
}

template <typename Parsed>
Parsed known(std::optional<Parsed> parsed, const std::string& argument, const char* expected,
             const Value& given) {
  if (parsed) return *parsed;
  throw Napi::TypeError::New(given.env, "argument '" + argument + "': expected " + expected +
                                            ", given " + given.describe());
}

std::optional<int64_t> parseReduction(const std::string& name) {
  if (name == "none") return at::Reduction::None;
  if (name == "mean") return at::Reduction::Mean;
  if (name == "sum") return at::Reduction::Sum;
  return std::nullopt;
}

std::string typeText(const c10::Argument& argument) {
  std::string text = argument.real_type()->str();
  if (!argument.N()) return text;
  const auto brackets = text.find("[]");
  if (brackets != std::string::npos) text.insert(brackets + 1, std::to_string(*argument.N()));
  return text;
}

}  // namespace

ArgumentSpec::ArgumentSpec(const c10::Argument& argument)
    : name(argument.name()),
      camelName(camelCase(argument.name())),
      type(typeText(argument)),
      keywordOnly(argument.kwarg_only()),
      written(argument.alias_info() != nullptr && argument.alias_info()->isWrite()),
      defaultValue(argument.default_value()) {
  c10::TypePtr declared = argument.real_type();
  if (const auto* inner = declared->castRaw<c10::OptionalType>()) {
    optional = true;
    declared = inner->getElementType();
  }
  kind = kindOf(*declared);
  acceptsSingle = argument.N().has_value();
  if (kind == Kind::IntList) length = argument.N().value_or(0);
  isReduction = kind == Kind::Int && name == "reduction";
}

bool ArgumentSpec::accepts(const Value& value) const {
  if (value.isNothing()) return optional || kind == Kind::Generator;
  if (const Test test = elementTest(kind)) {
    if (value.isArray()) return !firstBadElement(value, test);
    return acceptsSingle && (value.*test)();
  }
  switch (kind) {
    case Kind::Tensor:
      return value.isTensor() || (acceptsNumber && value.isScalar());
    case Kind::Int:
      return value.isInteger() || (isReduction && value.isString());
    case Kind::Float:
      return value.isNumber();
    case Kind::Bool:
      return value.isBoolean();
    case Kind::Scalar:
      return value.isScalar();
    case Kind::String:
    case Kind::Dtype:
    case Kind::Layout:
    case Kind::MemoryFormat:
    case Kind::Device:
      return value.isString();
    case Kind::Generator:
      return random::generatorOf(value.env, value.raw) != nullptr;
    default:
      return false;
  }
}

std::string ArgumentSpec::refusal(const Value& value) const {
  std::string text =
      "argument '" + camelName + "': expected " + expectation() + ", given " + value.describe();
  const Test test = elementTest(kind);
  if (test == nullptr || !value.isArray()) return text;
  eachElement(value, [&](uint32_t i, const Value& element) {
    if ((element.*test)()) return true;
    text += "; its element " + std::to_string(i) + " is " + element.describe();
    return false;
  });
  return text;
}

c10::IValue ArgumentSpec::convert(const Value& value) const {
  if (value.isNothing()) return c10::IValue();
  const auto tensor = [this](const Value& given) -> at::Tensor {
    if (given.isTensor() && given.isDisposed()) throwDisposed(given.env, name.c_str());
    return requireTensor(given.env, given.tensor, given.raw, name.c_str());
  };
  switch (kind) {
    case Kind::Tensor:
      if (!value.isTensor()) return at::native::wrapped_scalar_tensor(toScalar(value));
      return value.isDisposed() ? tensor(value) : value.tensor->tensor;
    case Kind::TensorList:
      return toList<at::Tensor>(value, tensor);
    case Kind::OptionalTensorList:
      return toList<std::optional<at::Tensor>>(
          value, [&](const Value& given) -> std::optional<at::Tensor> {
            if (given.isNothing()) return std::nullopt;
            return tensor(given);
          });
    case Kind::Int:
      if (isReduction && value.isString()) {
        const auto reduction = parseReduction(value.toString());
        return known(reduction, name, "\"none\", \"mean\" or \"sum\"", value);
      }
      return value.toInt();
    case Kind::IntList:
      if (value.isInteger()) return fitted({value.toInt()}, value);
      return fitted(toList<int64_t>(value, std::mem_fn(&Value::toInt)), value);
    case Kind::Float:
      return value.toDouble();
    case Kind::FloatList:
      if (value.isNumber()) return c10::List<double>({value.toDouble()});
      return toList<double>(value, std::mem_fn(&Value::toDouble));
    case Kind::Bool:
      return value.toBool();
    case Kind::BoolList:
      if (value.isBoolean()) return c10::List<bool>({value.toBool()});
      return toList<bool>(value, std::mem_fn(&Value::toBool));
    case Kind::Scalar:
      return toScalar(value);
    case Kind::ScalarList:
      return toList<at::Scalar>(value, toScalar);
    case Kind::String:
      return value.toString();
    case Kind::StringList:
      return toList<std::string>(value, std::mem_fn(&Value::toString));
    case Kind::Dtype:
      return known(parseDtype(value.toString()), name,
                   "a dtype (\"float32\", \"float64\", \"bfloat16\", \"int64\", \"bool\", ...)",
                   value);
    case Kind::Layout:
      return known(parseLayout(value.toString()), name,
                   "a layout (\"strided\", \"sparse_coo\", ...)", value);
    case Kind::MemoryFormat:
      return known(parseMemoryFormat(value.toString()), name,
                   "a memory format (\"contiguous_format\", \"channels_last\", ...)", value);
    case Kind::Device:
      return known(parseDevice(value.toString()), name, "a device (\"cpu\", \"cuda\", \"cuda:1\")",
                   value);
    case Kind::Generator:
      return *random::generatorOf(value.env, value.raw);
    case Kind::Unsupported:
      break;
  }
  return c10::IValue();
}

c10::List<int64_t> ArgumentSpec::fitted(c10::List<int64_t> list, const Value& given) const {
  if (list.size() == length || length < 2) return list;
  if (list.size() == 1) {
    while (list.size() < length) list.push_back(list.get(0));
    return list;
  }
  const bool mayBeEmpty =
      defaultValue && defaultValue->isIntList() && defaultValue->toIntVector().empty();
  if (list.empty() && mayBeEmpty) return list;
  throw Napi::TypeError::New(given.env, "argument '" + camelName + "': expected " +
                                            std::to_string(length) + " integers, given " +
                                            given.describe());
}

std::string ArgumentSpec::expectation() const {
  const auto text = [this]() -> std::string {
    switch (kind) {
      case Kind::Tensor:
        return acceptsNumber ? "a Tensor or a number" : "a Tensor";
      case Kind::TensorList:
        return "an array of Tensors";
      case Kind::OptionalTensorList:
        return "an array of Tensors or nulls";
      case Kind::Int:
        return isReduction ? "\"none\", \"mean\" or \"sum\"" : "an integer";
      case Kind::IntList:
        return acceptsSingle ? "an integer or an array of integers" : "an array of integers";
      case Kind::Float:
        return "a number";
      case Kind::FloatList:
        return "an array of numbers";
      case Kind::Bool:
        return "a boolean";
      case Kind::BoolList:
        return "an array of booleans";
      case Kind::Scalar:
        return "a number";
      case Kind::ScalarList:
        return "an array of numbers";
      case Kind::String:
        return "a string";
      case Kind::StringList:
        return "an array of strings";
      case Kind::Dtype:
        return "a dtype string";
      case Kind::Layout:
        return "a layout string";
      case Kind::MemoryFormat:
        return "a memory format string";
      case Kind::Device:
        return "a device string";
      case Kind::Generator:
        return "a torch.Generator";
      case Kind::Unsupported:
        return "a " + type + " (which JavaScript cannot give)";
    }
    return type;
  }();
  return optional ? text + " or null" : text;
}

std::string camelCase(const std::string& snake) {
  std::string camel;
  bool raise = false;
  for (size_t i = 0; i < snake.size(); ++i) {
    // Underscores at either end carry meaning (in-place, internal) and stay.
    const bool inside = !camel.empty() && camel.back() != '_' && i + 1 < snake.size() &&
                        snake.find_first_not_of('_', i) != std::string::npos;
    if (snake[i] == '_' && inside) {
      raise = true;
    } else {
      camel += raise ? static_cast<char>(std::toupper(snake[i])) : snake[i];
      raise = false;
    }
  }
  return camel;
}

}  // namespace adaptune
