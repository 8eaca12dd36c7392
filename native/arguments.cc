#include "arguments.h"

#include <ATen/core/Reduction.h>
#include <ATen/core/jit_type.h>

#include <cmath>

#include "errors.h"
#include "handle.h"
#include "names.h"

namespace adaptune {

namespace {

constexpr double kMaxSafeInteger = 9007199254740991.0;  // 2^53 - 1

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

bool isType(napi_env env, napi_value value, napi_valuetype wanted) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  return type == wanted;
}

bool isInteger(napi_env env, napi_value value) {
  double number = 0;
  if (napi_get_value_double(env, value, &number) == napi_ok) {
    return std::trunc(number) == number && std::abs(number) <= kMaxSafeInteger;
  }
  int64_t big = 0;
  bool lossless = false;
  return napi_get_value_bigint_int64(env, value, &big, &lossless) == napi_ok && lossless;
}

bool isNumber(napi_env env, napi_value value) {
  return isType(env, value, napi_number);
}
bool isBoolean(napi_env env, napi_value value) {
  return isType(env, value, napi_boolean);
}
bool isString(napi_env env, napi_value value) {
  return isType(env, value, napi_string);
}

bool isTensor(napi_env env, napi_value value) {
  return handleOf(env, value) != nullptr;
}
bool isTensorOrNull(napi_env env, napi_value value) {
  return isType(env, value, napi_null) || isType(env, value, napi_undefined) ||
         isTensor(env, value);
}
bool isScalar(napi_env env, napi_value value) {
  return isNumber(env, value) || isBoolean(env, value) || isInteger(env, value);
}

using Test = bool (*)(napi_env, napi_value);

// What each element of a list must pass; nothing for kinds that are no lists.
Test elementTest(Kind kind) {
  switch (kind) {
    case Kind::TensorList:
      return isTensor;
    case Kind::OptionalTensorList:
      return isTensorOrNull;
    case Kind::IntList:
      return isInteger;
    case Kind::FloatList:
      return isNumber;
    case Kind::BoolList:
      return isBoolean;
    case Kind::ScalarList:
      return isScalar;
    case Kind::StringList:
      return isString;
    default:
      return nullptr;
  }
}

bool isArray(napi_env env, napi_value value) {
  bool result = false;
  napi_is_array(env, value, &result);
  return result;
}

// The first element that fails; nothing when all pass.
std::optional<uint32_t> firstBadElement(napi_env env, napi_value value, Test accepts) {
  uint32_t length = 0;
  napi_get_array_length(env, value, &length);
  for (uint32_t i = 0; i < length; ++i) {
    napi_value element = nullptr;
    if (napi_get_element(env, value, i, &element) != napi_ok || !accepts(env, element)) return i;
  }
  return std::nullopt;
}

int64_t toInt(napi_env env, napi_value value) {
  int64_t number = 0;
  if (napi_get_value_int64(env, value, &number) == napi_ok) return number;
  bool lossless = false;
  napi_get_value_bigint_int64(env, value, &number, &lossless);
  return number;
}

double toDouble(napi_env env, napi_value value) {
  double number = 0;
  napi_get_value_double(env, value, &number);
  return number;
}

bool toBool(napi_env env, napi_value value) {
  bool flag = false;
  napi_get_value_bool(env, value, &flag);
  return flag;
}

std::string toString(napi_env env, napi_value value) {
  return Napi::String(env, value);
}

// JavaScript has one kind of number: a whole one becomes an integer scalar, as a PyTorch user
// writes it, so that `ints.mul(2)` stays of integers.
at::Scalar toScalar(napi_env env, napi_value value) {
  if (isBoolean(env, value)) return toBool(env, value);
  if (isInteger(env, value)) {
    const double number = toDouble(env, value);
    if (!(number == 0 && std::signbit(number))) return toInt(env, value);
  }
  return toDouble(env, value);
}

template <typename Element, typename Convert>
c10::List<Element> toList(napi_env env, napi_value value, Convert convert) {
  uint32_t length = 0;
  napi_get_array_length(env, value, &length);
  c10::List<Element> list;
  list.reserve(length);
  for (uint32_t i = 0; i < length; ++i) {
    napi_value element = nullptr;
    check(env, napi_get_element(env, value, i, &element));
    list.push_back(convert(env, element));
  }
  return list;
}

c10::List<at::Scalar> toScalarList(napi_env env, napi_value value) {
  return toList<at::Scalar>(env, value, toScalar);
}

template <typename Value>
Value known(napi_env env, std::optional<Value> parsed, const std::string& argument,
            const char* expected, napi_value given) {
  if (parsed) return *parsed;
  throw Napi::TypeError::New(
      env, "argument '" + argument + "': expected " + expected + ", given " + describe(env, given));
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
  isReduction = kind == Kind::Int && name == "reduction";
}

bool ArgumentSpec::accepts(napi_env env, napi_value value) const {
  if (isType(env, value, napi_null) || isType(env, value, napi_undefined)) {
    return optional || kind == Kind::Generator;
  }
  if (const Test test = elementTest(kind)) {
    if (isArray(env, value)) return !firstBadElement(env, value, test);
    return acceptsSingle && test(env, value);
  }
  switch (kind) {
    case Kind::Tensor:
      return isTensor(env, value);
    case Kind::Int:
      return isInteger(env, value) || (isReduction && isString(env, value));
    case Kind::Float:
      return isNumber(env, value);
    case Kind::Bool:
      return isBoolean(env, value);
    case Kind::Scalar:
      return isScalar(env, value);
    case Kind::String:
    case Kind::Dtype:
    case Kind::Layout:
    case Kind::MemoryFormat:
    case Kind::Device:
      return isString(env, value);
    default:
      return false;
  }
}

std::string ArgumentSpec::refusal(napi_env env, napi_value value) const {
  std::string text =
      "argument '" + camelName + "': expected " + expectation() + ", given " + describe(env, value);
  const Test test = elementTest(kind);
  if (test == nullptr || !isArray(env, value)) return text;
  if (const auto bad = firstBadElement(env, value, test)) {
    napi_value element = nullptr;
    napi_get_element(env, value, *bad, &element);
    text += "; its element " + std::to_string(*bad) + " is " + describe(env, element);
  }
  return text;
}

c10::IValue ArgumentSpec::convert(napi_env env, napi_value value) const {
  if (isType(env, value, napi_null) || isType(env, value, napi_undefined)) return c10::IValue();
  const auto tensor = [this](napi_env env, napi_value given) {
    return requireTensor(env, given, name.c_str());
  };
  switch (kind) {
    case Kind::Tensor:
      return tensor(env, value);
    case Kind::TensorList:
      return toList<at::Tensor>(env, value, tensor);
    case Kind::OptionalTensorList:
      return toList<std::optional<at::Tensor>>(
          env, value, [&](napi_env, napi_value given) -> std::optional<at::Tensor> {
            if (!isTensor(env, given)) return std::nullopt;
            return tensor(env, given);
          });
    case Kind::Int:
      if (isReduction && isString(env, value)) {
        const auto reduction = parseReduction(toString(env, value));
        return known(env, reduction, name, "\"none\", \"mean\" or \"sum\"", value);
      }
      return toInt(env, value);
    case Kind::IntList:
      if (isInteger(env, value)) return c10::List<int64_t>({toInt(env, value)});
      return toList<int64_t>(env, value, toInt);
    case Kind::Float:
      return toDouble(env, value);
    case Kind::FloatList:
      if (isNumber(env, value)) return c10::List<double>({toDouble(env, value)});
      return toList<double>(env, value, toDouble);
    case Kind::Bool:
      return toBool(env, value);
    case Kind::BoolList:
      if (isBoolean(env, value)) return c10::List<bool>({toBool(env, value)});
      return toList<bool>(env, value, toBool);
    case Kind::Scalar:
      return toScalar(env, value);
    case Kind::ScalarList:
      return toScalarList(env, value);
    case Kind::String:
      return toString(env, value);
    case Kind::StringList:
      return toList<std::string>(env, value, toString);
    case Kind::Dtype:
      return known(env, parseDtype(toString(env, value)), name,
                   "a dtype (\"float32\", \"float64\", \"bfloat16\", \"int64\", \"bool\", ...)",
                   value);
    case Kind::Layout:
      return known(env, parseLayout(toString(env, value)), name,
                   "a layout (\"strided\", \"sparse_coo\", ...)", value);
    case Kind::MemoryFormat:
      return known(env, parseMemoryFormat(toString(env, value)), name,
                   "a memory format (\"contiguous_format\", \"channels_last\", ...)", value);
    case Kind::Device:
      return known(env, parseDevice(toString(env, value)), name,
                   "a device (\"cpu\", \"cuda\", \"cuda:1\")", value);
    case Kind::Generator:
    case Kind::Unsupported:
      break;
  }
  return c10::IValue();
}

std::string ArgumentSpec::expectation() const {
  const auto text = [this]() -> std::string {
    switch (kind) {
      case Kind::Tensor:
        return "a Tensor";
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
        return "null";
      case Kind::Unsupported:
        return "a " + type + " (which JavaScript cannot give)";
    }
    return type;
  }();
  return optional && kind != Kind::Generator ? text + " or null" : text;
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
