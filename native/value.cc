#include "value.h"

#include <cmath>

namespace adaptune {

namespace {
constexpr double kMaxSafeInteger = 9007199254740991.0;  // 2^53 - 1
}  // namespace

bool Value::isArray() const {
  if (type != napi_object || tensor != nullptr) return false;
  bool result = false;
  napi_is_array(env, raw, &result);
  return result;
}

bool Value::isInteger() const {
  if (type == napi_number) {
    const double number = toDouble();
    return std::trunc(number) == number && std::abs(number) <= kMaxSafeInteger;
  }
  if (type != napi_bigint) return false;
  int64_t number = 0;
  bool lossless = false;
  napi_get_value_bigint_int64(env, raw, &number, &lossless);
  return lossless;
}

bool Value::isPlainObject() const {
  if (type != napi_object || tensor != nullptr) return false;
  bool special = false;
  napi_is_array(env, raw, &special);
  if (!special) napi_is_typedarray(env, raw, &special);
  if (!special) napi_is_promise(env, raw, &special);
  return !special;
}

int64_t Value::toInt() const {
  int64_t number = 0;
  bool lossless = false;
  if (type == napi_number) {
    napi_get_value_int64(env, raw, &number);
  } else {
    napi_get_value_bigint_int64(env, raw, &number, &lossless);
  }
  return number;
}

double Value::toDouble() const {
  double number = 0;
  napi_get_value_double(env, raw, &number);
  return number;
}

bool Value::toBool() const {
  bool flag = false;
  napi_get_value_bool(env, raw, &flag);
  return flag;
}

}  // namespace adaptune
