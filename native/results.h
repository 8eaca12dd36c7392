// Operators' results as JavaScript values.
#pragma once

#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>
#include <node_api.h>

namespace adaptune {

// `type` is the declared one: it tells a dtype from an integer. Tensors become externals, lists
// arrays, integers beyond 2^53 bigints.
napi_value toJavaScript(napi_env env, const c10::IValue& value, const c10::Type& type);

napi_value toJavaScript(napi_env env, const at::Scalar& scalar);

}  // namespace adaptune
