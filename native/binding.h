// How the JavaScript values of a call map onto an operator's overloads.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "operators.h"

namespace adaptune {

// The JavaScript values of one call, seen as positional ones and keywords.
struct Given {
  napi_env env = nullptr;
  std::vector<Value> positional;
  Value keywords;  // a plain object, or nothing
  std::vector<std::pair<std::string, Value>> named;

  // A plain object at the end of `values` gives the keywords.
  Given(napi_env env, std::vector<Value> values);
};

// For each argument of an overload what was given, or nothing for its default.
struct Binding {
  const Overload* overload = nullptr;
  std::vector<Value> values;
  bool variadic = false;  // the last positional values together make the list argument
  bool requiresGrad = false;
};

// The first overload that takes what was given. Throws a TypeError that lists the signatures and
// for each why it does not.
Binding bindCall(const Operator& op, const Given& given);

// "(Tensor(float32 [2, 3] cpu), dim: 1)"
std::string givenText(const Given& given);

}  // namespace adaptune
