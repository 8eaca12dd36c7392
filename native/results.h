// Operators' results as JavaScript values.
#pragma once

#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>
#include <node_api.h>

namespace adaptune {

// `type` is the declared one: it tells a dtype from an integer. Tensors become Tensor objects,
// lists arrays, integers beyond 2^53 bigints.
napi_value toJavaScript(napi_env env, const c10::IValue& value, const c10::Type& type);

napi_value toJavaScript(napi_env env, const at::Scalar& scalar);

// The same for the one result of a call: a tensor is the number of its handle, which JavaScript
// turns into an object at a fraction of the cost; a number is { plain }.
napi_value toReturned(napi_env env, const c10::IValue& value, const c10::Type& type);

}  // namespace adaptune
