#include "value.h"

#include <cmath>
#include <limits>

#include "environment.h"
#include "errors.h"
#include "random.h"

namespace adaptune {

namespace {
constexpr double kMaxSafeInteger = 9007199254740991.0;  // 2^53 - 1

std::optional<double> numberAt(const Value& object, const char* name) {
  napi_value raw = nullptr;
  double number = 0;
  if (napi_get_named_property(object.env, object.raw, name, &raw) != napi_ok) return std::nullopt;
  if (napi_get_value_double(object.env, raw, &number) != napi_ok) return std::nullopt;
  return number;
}

uint32_t ownNames(const Value& object) {
  napi_value names = nullptr;
  uint32_t count = 0;
  if (napi_get_property_names(object.env, object.raw, &names) != napi_ok) return 0;
  napi_get_array_length(object.env, names, &count);
  return count;
}

}  // namespace

Value Value::ofHandle(napi_env env, napi_value raw) {
  Value value;
  value.env = env;
  value.raw = raw;
  value.type = napi_object;
  double number = 0;
  napi_get_value_double(env, raw, &number);
  value.hold(Environment::of(env).handles.find(number));
  return value;
}

bool Value::isArray() const {
  if (type != napi_object || tensor != nullptr) return false;
  bool result = false;
  napi_is_array(env, raw, &result);
  return result;
}

bool Value::isInteger() const {
  if (type == napi_number) {
    return std::trunc(number) == number && std::abs(number) <= kMaxSafeInteger;
  }
  if (type != napi_bigint) return false;
  int64_t number = 0;
  bool lossless = false;
  napi_get_value_bigint_int64(env, raw, &number, &lossless);
  return lossless;
}

bool Value::isUnsigned() const {
  if (type != napi_bigint) return false;
  uint64_t number = 0;
  bool lossless = false;
  napi_get_value_bigint_uint64(env, raw, &number, &lossless);
  return lossless && number > static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
}

bool Value::isPlainObject() const {
  if (type != napi_object || tensor != nullptr) return false;
  bool special = false;
  napi_is_array(env, raw, &special);
  if (!special) napi_is_typedarray(env, raw, &special);
  if (!special) napi_is_promise(env, raw, &special);
  if (!special) special = random::generatorOf(env, raw) != nullptr;
  return !special && !isComplex();
}

int64_t Value::toInt() const {
  if (type == napi_number) return static_cast<int64_t>(number);
  int64_t integer = 0;
  bool lossless = false;
  napi_get_value_bigint_int64(env, raw, &integer, &lossless);
  return integer;
}

uint64_t Value::toUnsigned() const {
  uint64_t number = 0;
  bool lossless = false;
  napi_get_value_bigint_uint64(env, raw, &number, &lossless);
  return number;
}

bool Value::isComplex() const {
  if (type != napi_object || tensor != nullptr) return false;
  return numberAt(*this, "re") && numberAt(*this, "im") && ownNames(*this) == 2;
}

c10::complex<double> Value::toComplex() const {
  return {numberAt(*this, "re").value_or(0), numberAt(*this, "im").value_or(0)};
}

bool Value::toBool() const {
  bool flag = false;
  napi_get_value_bool(env, raw, &flag);
  return flag;
}

std::string Value::describe() const {
  if (tensor == nullptr) return adaptune::describe(env, raw);
  return isDisposed() ? "a disposed Tensor" : describeTensor(*tensor);
}

}  // namespace adaptune
