#include "results.h"

#include <napi.h>

#include <limits>

#include "handle.h"
#include "names.h"

namespace adaptune {

namespace {

constexpr int64_t kMaxSafeInteger = (int64_t{1} << 53) - 1;
constexpr uint64_t kMaxInteger = std::numeric_limits<int64_t>::max();

Napi::Value toNumber(napi_env env, int64_t number) {
  if (number >= -kMaxSafeInteger && number <= kMaxSafeInteger) {
    return Napi::Number::New(env, static_cast<double>(number));
  }
  return Napi::BigInt::New(env, number);
}

c10::TypeKind kindOf(const c10::Type& type) {
  const auto* optional = type.castRaw<c10::OptionalType>();
  return optional == nullptr ? type.kind() : optional->getElementType()->kind();
}

// The dispatcher passes what has a name as an integer.
Napi::Value ofInteger(napi_env env, int64_t number, c10::TypeKind kind) {
  switch (kind) {
    case c10::TypeKind::ScalarTypeType:
      return Napi::String::New(env, dtypeName(static_cast<at::ScalarType>(number)));
    case c10::TypeKind::LayoutType:
      return Napi::String::New(env, layoutName(static_cast<at::Layout>(number)));
    case c10::TypeKind::MemoryFormatType:
      return Napi::String::New(env, memoryFormatName(static_cast<at::MemoryFormat>(number)));
    case c10::TypeKind::QSchemeType:
      return Napi::String::New(env, c10::toString(static_cast<c10::QScheme>(number)));
    default:
      return toNumber(env, number);
  }
}

const c10::Type& elementType(const c10::Type& list) {
  const auto* declared = list.castRaw<c10::ListType>();
  return declared == nullptr ? list : *declared->getElementType();
}

}  // namespace

napi_value toJavaScript(napi_env env, const c10::IValue& value, const c10::Type& type) {
  if (value.isTensor()) return toTensorObject(env, value.toTensor());
  if (value.isNone()) return Napi::Env(env).Null();
  if (value.isBool()) return Napi::Boolean::New(env, value.toBool());
  if (value.isInt()) return ofInteger(env, value.toInt(), kindOf(type));
  if (value.isDouble()) return Napi::Number::New(env, value.toDouble());
  if (value.isScalar() || value.tagKind() == "UInt") return toJavaScript(env, value.toScalar());
  if (value.isString()) return Napi::String::New(env, value.toStringRef());
  if (value.isDevice()) return Napi::String::New(env, value.toDevice().str());
  if (value.isGenerator()) {
    const auto device = value.toGenerator().device().str();
    return Napi::String::New(env, "torch.Generator on " + device);
  }
  if (value.isSymInt()) return toNumber(env, value.toSymInt().expect_int());
  if (value.isList()) {
    const auto list = value.toListRef();
    auto array = Napi::Array::New(env, list.size());
    for (size_t i = 0; i < list.size(); ++i) {
      array.Set(static_cast<uint32_t>(i), toJavaScript(env, list[i], elementType(type)));
    }
    return array;
  }
  throw Napi::TypeError::New(env,
                             "a result of type " + type.str() + " cannot be given to JavaScript");
}

napi_value toReturned(napi_env env, const c10::IValue& value, const c10::Type& type) {
  if (value.isTensor()) return toHandle(env, value.toTensor());
  const Napi::Value result(env, toJavaScript(env, value, type));
  if (!result.IsNumber()) return result;
  auto plain = Napi::Object::New(env);
  plain.Set("plain", result);
  return plain;
}

napi_value toJavaScript(napi_env env, const at::Scalar& scalar) {
  if (scalar.isBoolean()) return Napi::Boolean::New(env, scalar.toBool());
  if (scalar.isFloatingPoint()) return Napi::Number::New(env, scalar.toDouble());
  if (scalar.isComplex()) {
    const auto number = scalar.toComplexDouble();
    auto result = Napi::Object::New(env);
    result.Set("re", number.real());
    result.Set("im", number.imag());
    return result;
  }
  // Those of 2^63 on; a scalar that is not negative is unsigned, whatever it was made of.
  const uint64_t whole = scalar.isUnsigned() ? scalar.toUInt64() : 0;
  if (whole > kMaxInteger) return Napi::BigInt::New(env, whole);
  return toNumber(env, scalar.toLong());
}

}  // namespace adaptune
