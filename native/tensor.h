// Tensors' properties, and their contents to and from JavaScript.
#pragma once

#include <c10/util/ArrayRef.h>
#include <napi.h>

namespace adaptune::tensors {

Napi::Array toArray(Napi::Env env, at::IntArrayRef sizes);

// Properties, each (tensor) -> value.
Napi::Value shape(const Napi::CallbackInfo& info);
Napi::Value strides(const Napi::CallbackInfo& info);
Napi::Value dtype(const Napi::CallbackInfo& info);
Napi::Value device(const Napi::CallbackInfo& info);
Napi::Value layout(const Napi::CallbackInfo& info);
Napi::Value numel(const Napi::CallbackInfo& info);
Napi::Value isContiguous(const Napi::CallbackInfo& info);
// Whether two handles are of one tensor: (tensor, tensor) -> boolean.
Napi::Value isSame(const Napi::CallbackInfo& info);

// (typed array of the elements in row-major order, shape, dtype, device, requiresGrad) -> tensor.
Napi::Value fromTypedArray(const Napi::CallbackInfo& info);
// (tensor) -> typed array with a copy of the elements in row-major order. Half types are widened
// to float32; complex ones come as pairs.
Napi::Value toTypedArray(const Napi::CallbackInfo& info);
// (tensor of one element) -> number, boolean, bigint or { re, im }.
Napi::Value item(const Napi::CallbackInfo& info);

}  // namespace adaptune::tensors
