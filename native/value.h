// A JavaScript value, looked at once: overloads are tried one after the other on the same values.
#pragma once

#include <c10/util/complex.h>
#include <napi.h>

#include <string>

#include "handle.h"

namespace adaptune {

struct Value {
  napi_env env = nullptr;
  napi_value raw = nullptr;  // nullptr: not given
  napi_valuetype type = napi_undefined;
  TensorHandle* tensor = nullptr;  // when it is a Tensor
  uint32_t generation = 0;         // of `tensor`, when it was looked at
  double number = 0;               // when it is one

  Value() = default;
  Value(napi_env env, napi_value raw) : env(env), raw(raw) {
    napi_typeof(env, raw, &type);
    if (type == napi_number) napi_get_value_double(env, raw, &number);
    if (type == napi_object) hold(handleOf(env, raw));
  }
  // A Tensor that JavaScript has looked through already; `raw` is the number of its handle.
  static Value ofHandle(napi_env env, napi_value raw);

  bool isGiven() const { return raw != nullptr; }
  bool isNothing() const { return type == napi_null || type == napi_undefined; }
  bool isNumber() const { return type == napi_number; }
  bool isBoolean() const { return type == napi_boolean; }
  bool isString() const { return type == napi_string; }
  bool isTensor() const { return tensor != nullptr; }
  // Of a Tensor. A getter among the arguments may have disposed it since, and made another in its
  // slot.
  bool isDisposed() const { return tensor->disposed() || tensor->generation != generation; }
  bool isTensorOrNull() const { return isTensor() || isNothing(); }
  bool isArray() const;
  // A whole number that a double holds exactly, or a 64-bit bigint.
  bool isInteger() const;
  // A bigint of 2^63 to 2^64 - 1, which uint64 alone holds.
  bool isUnsigned() const;
  bool isScalar() const {
    return isNumber() || isBoolean() || isInteger() || isUnsigned() || isComplex();
  }
  // { re, im } of two numbers and nothing else, as `item` gives them.
  bool isComplex() const;
  // An object that is none of the special kinds: options.
  bool isPlainObject() const;

  // The conversions require the kind that they convert.
  int64_t toInt() const;
  uint64_t toUnsigned() const;
  double toDouble() const { return number; }
  bool toBool() const;
  c10::complex<double> toComplex() const;
  std::string toString() const { return Napi::String(env, raw); }
  // For error texts: `"abc"`, `Tensor(float32 [2, 3] cpu)`.
  std::string describe() const;

 private:
  void hold(TensorHandle* handle) {
    tensor = handle;
    if (handle != nullptr) generation = handle->generation;
  }
};

}  // namespace adaptune
