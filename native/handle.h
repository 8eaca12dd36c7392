// Tensors as JavaScript sees them: type-tagged externals that own one reference to a tensor.
#pragma once

#include <ATen/Tensor.h>
#include <napi.h>

#include <memory>

#include "environment.h"

namespace adaptune {

struct TensorHandle {
  at::Tensor tensor;  // undefined once disposed
  std::shared_ptr<Environment> environment;
  TensorHandle* previous = nullptr;
  TensorHandle* next = nullptr;
  HandleList* list = nullptr;
  int64_t accountedBytes = 0;

  bool disposed() const { return !tensor.defined(); }
  // Drops this reference only: views and saved-for-backward tensors keep the storage.
  void dispose();
  void moveTo(HandleList& target);
};

// A new external for `tensor`, linked into the current scope; JavaScript null when undefined.
napi_value toExternal(napi_env env, at::Tensor tensor);

// The handle behind a Tensor object or its external; nullptr when `value` is neither.
TensorHandle* handleOf(napi_env env, napi_value value);

// Like handleOf, but throws a TypeError that names `what` when the value is no live tensor.
at::Tensor& requireTensor(napi_env env, napi_value value, const char* what);

namespace scopes {
Napi::Value enter(const Napi::CallbackInfo& info);   // () -> depth
Napi::Value leave(const Napi::CallbackInfo& info);   // (depth, kept: Tensor[]) -> undefined
Napi::Value keep(const Napi::CallbackInfo& info);    // (tensor) -> undefined
Napi::Value memory(const Napi::CallbackInfo& info);  // () -> { tensors, bytes }
Napi::Value dispose(const Napi::CallbackInfo& info);
Napi::Value isDisposed(const Napi::CallbackInfo& info);
}  // namespace scopes

}  // namespace adaptune
