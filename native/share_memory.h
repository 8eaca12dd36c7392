// Memory that tensors and JavaScript's typed arrays have in common, without copies.
//
// Whoever is left keeps the memory: a storage over JavaScript's memory holds a reference to the
// array, an array over a storage's memory holds that memory, whatever the storage does meanwhile.
#pragma once

#include <ATen/core/Tensor.h>
#include <napi.h>

namespace adaptune::shared_memory {

// (typed array, dtype, shape) -> tensor over the array's memory from its start. The memory must
// never move or be freed while the array lives: that of a SharedArrayBuffer, that of asTypedArray,
// or that of an ArrayBuffer which nothing else can reach. Throws TypeError for memory that is too
// short or not aligned.
Napi::Value fromTypedArray(const Napi::CallbackInfo& info);

// (tensor) -> typed array over its elements. The tensor must be contiguous and on the CPU. Half
// types come as their bits, complex ones as pairs.
Napi::Value asTypedArray(const Napi::CallbackInfo& info);

// (typed array over an ArrayBuffer) -> whether its memory is that of asTypedArray.
Napi::Value isTensorMemory(const Napi::CallbackInfo& info);

// Whether the storage's memory is JavaScript's, which ends with its environment at the latest.
bool isOfJavaScript(const at::Tensor& tensor);

}  // namespace adaptune::shared_memory
