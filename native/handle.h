// Tensors as JavaScript sees them: numbers of slots that own one reference to a tensor each.
#pragma once

#include <ATen/core/Tensor.h>
#include <napi.h>

#include <cstdint>
#include <deque>
#include <vector>

namespace adaptune {

struct HandleList;

// A slot of the table. The same slot serves one tensor after another; its generation tells a number
// that was given out for an earlier one.
struct TensorHandle {
  at::Tensor tensor;  // undefined once disposed
  uint32_t index = 0;
  uint32_t generation = 1;
  TensorHandle* previous = nullptr;
  TensorHandle* next = nullptr;
  HandleList* list = nullptr;
  int64_t accountedBytes = 0;
  uint64_t serial = 0;  // tensors are numbered in the order in which they are made
  int32_t site = -1;    // where it was made, when that is traced

  bool disposed() const { return !tensor.defined(); }
  double number() const;
};

// Handles are linked into the list of the scope that they were made in, so that leaving a scope
// frees them without JavaScript holding a reference to any of them.
struct HandleList {
  TensorHandle* first = nullptr;
  size_t count = 0;

  void link(TensorHandle& handle);
  static void unlink(TensorHandle& handle);
};

class HandleTable {
 public:
  TensorHandle& make(at::Tensor tensor);
  // A handle that is disposed when the number's tensor is; nullptr for what was never a handle.
  TensorHandle* find(double number);
  void release(TensorHandle& handle);
  size_t live() const { return live_; }
  uint64_t serial() const { return serial_; }

 private:
  std::deque<TensorHandle> slots_;  // a slot never moves
  std::vector<uint32_t> free_;
  TensorHandle stale_;
  size_t live_ = 0;
  uint64_t serial_ = 0;
};

// Tells V8 of the memory of a tensor that only its garbage collector frees. Of what a scope frees
// it need not know: hearing of it, it would collect in vain, over and over.
class Environment;
void account(Environment& environment, TensorHandle& handle);

// The number of a new handle for `tensor`, linked into the current scope; null when undefined.
napi_value toHandle(napi_env env, at::Tensor tensor);

// A Tensor object of JavaScript's class with a new handle; null when undefined.
napi_value toTensorObject(napi_env env, at::Tensor tensor);

// The handle of a Tensor object; nullptr when `value` is none.
TensorHandle* handleOf(napi_env env, napi_value value);

// Like handleOf, but throws a TypeError that names `what` when the value is no live tensor.
at::Tensor& requireTensor(napi_env env, napi_value value, const char* what);
at::Tensor& requireTensor(napi_env env, TensorHandle* handle, napi_value value, const char* what);

[[noreturn]] void throwDisposed(napi_env env, const char* what);

// Drops the handle's reference only: views and saved-for-backward tensors keep the storage.
void dispose(napi_env env, TensorHandle& handle);

}  // namespace adaptune
