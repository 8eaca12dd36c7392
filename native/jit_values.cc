#include "jit_values.h"

#include <ATen/core/Dict.h>
#include <ATen/core/List.h>

#include "errors.h"
#include "handle.h"
#include "names.h"
#include "results.h"
#include "value.h"

namespace adaptune::jit {

namespace {

using c10::IValue;
using c10::TypeKind;
using c10::TypePtr;

[[noreturn]] void refuse(Napi::Env env, Napi::Value value, const TypePtr& type,
                         const std::string& what) {
  throw Napi::TypeError::New(
      env, what + ": expected " + type->repr_str() + ", given " + describe(env, value));
}

IValue toNumber(const Value& value) {
  if (value.isBoolean()) return value.toBool();
  if (value.isInteger()) return value.toInt();
  return value.toDouble();
}

IValue toComplex(Napi::Env env, Napi::Value value, const TypePtr& type, const std::string& what) {
  if (value.IsNumber()) return c10::complex<double>(value.ToNumber().DoubleValue(), 0);
  if (value.IsObject()) {
    const auto object = value.As<Napi::Object>();
    const Napi::Value re = object.Get("re"), im = object.Get("im");
    if (re.IsNumber() && im.IsNumber()) {
      return c10::complex<double>(re.ToNumber().DoubleValue(), im.ToNumber().DoubleValue());
    }
  }
  refuse(env, value, type, what);
}

IValue toList(Napi::Env env, Napi::Value value, const TypePtr& type, const std::string& what) {
  if (!value.IsArray()) refuse(env, value, type, what);
  const TypePtr& element = type->expectRef<c10::ListType>().getElementType();
  const auto array = value.As<Napi::Array>();
  c10::impl::GenericList list(element);
  list.reserve(array.Length());
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const std::string at = what + "[" + std::to_string(i) + "]";
    list.push_back(fromJavaScript(env, array.Get(i), element, at));
  }
  return list;
}

IValue toTuple(Napi::Env env, Napi::Value value, const TypePtr& type, const std::string& what) {
  const auto tuple = type->expect<c10::TupleType>();
  const auto elements = tuple->elements();
  const bool fits = value.IsArray() && value.As<Napi::Array>().Length() == elements.size();
  if (!fits) refuse(env, value, type, what);
  const auto array = value.As<Napi::Array>();
  std::vector<IValue> values;
  for (uint32_t i = 0; i < elements.size(); ++i) {
    const std::string at = what + "[" + std::to_string(i) + "]";
    values.push_back(fromJavaScript(env, array.Get(i), elements[i], at));
  }
  if (tuple->schema()) return c10::ivalue::Tuple::createNamed(std::move(values), tuple);
  return c10::ivalue::Tuple::create(std::move(values));
}

// [key, value][] of a Map or a plain object.
Napi::Array entriesOf(Napi::Env env, Napi::Value value) {
  const auto global = env.Global();
  if (value.As<Napi::Object>().InstanceOf(global.Get("Map").As<Napi::Function>())) {
    const auto from = global.Get("Array").As<Napi::Object>().Get("from").As<Napi::Function>();
    return from.Call({value}).As<Napi::Array>();
  }
  const auto entries = global.Get("Object").As<Napi::Object>().Get("entries").As<Napi::Function>();
  return entries.Call({value}).As<Napi::Array>();
}

IValue toDict(Napi::Env env, Napi::Value value, const TypePtr& type, const std::string& what) {
  const bool isRecord = value.IsObject() && !value.IsArray() && !value.IsFunction() &&
                        handleOf(env, value) == nullptr;
  if (!isRecord) refuse(env, value, type, what);
  const auto& dictType = type->expectRef<c10::DictType>();
  c10::impl::GenericDict dict(dictType.getKeyType(), dictType.getValueType());
  const auto entries = entriesOf(env, value);
  for (uint32_t i = 0; i < entries.Length(); ++i) {
    const auto entry = entries.Get(i).As<Napi::Array>();
    const std::string at = what + "[" + describe(env, entry.Get(uint32_t{0})) + "]";
    dict.insert_or_assign(
        fromJavaScript(env, entry.Get(uint32_t{0}), dictType.getKeyType(), at + " (the key)"),
        fromJavaScript(env, entry.Get(uint32_t{1}), dictType.getValueType(), at));
  }
  return dict;
}

// The first of a union's types that takes the value.
IValue toUnion(Napi::Env env, Napi::Value value, const TypePtr& type, const std::string& what) {
  for (const TypePtr& one : type->containedTypes()) {
    try {
      return fromJavaScript(env, value, one, what);
    } catch (const Napi::TypeError&) {
      continue;
    }
  }
  refuse(env, value, type, what);
}

IValue toAny(Napi::Env env, Napi::Value value, const TypePtr& type, const std::string& what) {
  const Value plain(env, value);
  if (plain.isNothing()) return IValue();
  if (plain.isTensor()) return requireTensor(env, value, what.c_str());
  if (plain.isString()) return plain.toString();
  if (plain.isScalar()) return toNumber(plain);
  refuse(env, value, type, what);
}

bool isProperty(const IValue& key) {
  return key.isString() || key.isInt();
}

Napi::Value fromDict(Napi::Env env, const IValue& value, const std::string& what) {
  const auto dict = value.toGenericDict();
  bool isPlain = true;
  for (const auto& entry : dict) isPlain = isPlain && isProperty(entry.key());
  if (isPlain) {
    auto object = Napi::Object::New(env);
    for (const auto& entry : dict) {
      object.DefineProperty(Napi::PropertyDescriptor::Value(
          toJavaScript(env, entry.key(), what).ToString(), toJavaScript(env, entry.value(), what),
          napi_default_jsproperty));
    }
    return object;
  }
  auto entries = Napi::Array::New(env);
  for (const auto& entry : dict) {
    auto pair = Napi::Array::New(env, 2);
    pair.Set(uint32_t{0}, toJavaScript(env, entry.key(), what));
    pair.Set(uint32_t{1}, toJavaScript(env, entry.value(), what));
    entries.Set(entries.Length(), pair);
  }
  return env.Global().Get("Map").As<Napi::Function>().New({entries});
}

Napi::Value fromElements(Napi::Env env, at::ArrayRef<IValue> elements, const std::string& what) {
  auto array = Napi::Array::New(env, elements.size());
  for (uint32_t i = 0; i < elements.size(); ++i) {
    array.Set(i, toJavaScript(env, elements[i], what));
  }
  return array;
}

Napi::Value fromTuple(Napi::Env env, const IValue& value, const std::string& what) {
  const auto& tuple = value.toTupleRef();
  const auto type = tuple.type();
  const auto& schema = type->schema();
  if (!schema) return fromElements(env, tuple.elements(), what);
  auto object = Napi::Object::New(env);
  const auto& arguments = schema->arguments();
  for (size_t i = 0; i < arguments.size(); ++i) {
    object.Set(arguments[i].name(), toJavaScript(env, tuple.elements()[i], what));
  }
  return object;
}

}  // namespace

IValue fromJavaScript(Napi::Env env, Napi::Value value, const TypePtr& type,
                      const std::string& what) {
  const Value given(env, value);
  switch (type->kind()) {
    case TypeKind::TensorType:
      return requireTensor(env, value, what.c_str());
    case TypeKind::OptionalType:
      if (given.isNothing()) return IValue();
      return fromJavaScript(env, value, type->expectRef<c10::OptionalType>().getElementType(),
                            what);
    case TypeKind::NoneType:
      if (given.isNothing()) return IValue();
      break;
    case TypeKind::BoolType:
      if (given.isBoolean()) return given.toBool();
      break;
    case TypeKind::IntType:
      if (given.isInteger()) return given.toInt();
      break;
    case TypeKind::FloatType:
      if (given.isNumber()) return given.toDouble();
      break;
    case TypeKind::NumberType:
      if (given.isScalar()) return toNumber(given);
      break;
    case TypeKind::ComplexType:
      return toComplex(env, value, type, what);
    case TypeKind::StringType:
      if (given.isString()) return given.toString();
      break;
    case TypeKind::DeviceObjType:
      if (given.isString()) {
        if (const auto device = parseDevice(given.toString())) return *device;
      }
      break;
    case TypeKind::ListType:
      return toList(env, value, type, what);
    case TypeKind::TupleType:
      return toTuple(env, value, type, what);
    case TypeKind::DictType:
      return toDict(env, value, type, what);
    case TypeKind::UnionType:
      return toUnion(env, value, type, what);
    case TypeKind::AnyType:
      return toAny(env, value, type, what);
    default:
      throw Napi::TypeError::New(
          env, what + ": values of type " + type->repr_str() + " cannot be given from JavaScript");
  }
  refuse(env, value, type, what);
}

Napi::Value toJavaScript(Napi::Env env, const IValue& value, const std::string& what) {
  if (value.isTuple()) return fromTuple(env, value, what);
  if (value.isGenericDict()) return fromDict(env, value, what);
  if (value.isList()) return fromElements(env, value.toList().vec(), what);
  if (value.isComplexDouble()) {
    return Napi::Value(env, adaptune::toJavaScript(env, at::Scalar(value.toComplexDouble())));
  }
  const bool isPlain = value.isTensor() || value.isNone() || value.isScalar() || value.isString() ||
                       value.isDevice();
  if (!isPlain) {
    throw Napi::TypeError::New(env, what + ": a result of type " + value.type()->repr_str() +
                                        " cannot be given to JavaScript");
  }
  return Napi::Value(env, adaptune::toJavaScript(env, value, *c10::AnyType::get()));
}

}  // namespace adaptune::jit
