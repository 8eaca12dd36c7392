#include "handle.h"

#include <cmath>

#include "environment.h"
#include "errors.h"

namespace adaptune {

namespace {

// A number of JavaScript holds 53 bits: 26 of slots, 27 of generations.
constexpr double kSlots = 67108864.0;  // 2^26
constexpr uint32_t kLastGeneration = (uint32_t{1} << 27) - 1;

// Bytes to report for a new handle: those of storage that nobody else holds yet, so that a view
// or a second handle of the same tensor counts nothing.
int64_t ownedBytes(const at::Tensor& tensor) {
  if (!tensor.has_storage() || tensor.storage().use_count() != 1) return 0;
  return static_cast<int64_t>(tensor.storage().nbytes());
}

TensorHandle& makeHandle(napi_env env, at::Tensor tensor) {
  Environment& environment = Environment::of(env);
  TensorHandle& handle = environment.handles.make(std::move(tensor));
  environment.currentScope().link(handle);
  if (handle.list == &environment.root()) account(environment, handle);
  environment.watchUnscoped();
  return handle;
}

}  // namespace

double TensorHandle::number() const {
  return static_cast<double>(generation) * kSlots + static_cast<double>(index);
}

void HandleList::link(TensorHandle& handle) {
  handle.list = this;
  handle.previous = nullptr;
  handle.next = first;
  if (first != nullptr) first->previous = &handle;
  first = &handle;
  ++count;
}

void HandleList::unlink(TensorHandle& handle) {
  if (handle.list == nullptr) return;
  if (handle.previous != nullptr) handle.previous->next = handle.next;
  if (handle.next != nullptr) handle.next->previous = handle.previous;
  if (handle.list->first == &handle) handle.list->first = handle.next;
  --handle.list->count;
  handle.previous = handle.next = nullptr;
  handle.list = nullptr;
}

TensorHandle& HandleTable::make(at::Tensor tensor) {
  if (free_.empty()) {
    TORCH_CHECK(slots_.size() < static_cast<size_t>(kSlots), "too many tensors are alive");
    const auto index = static_cast<uint32_t>(slots_.size());
    slots_.emplace_back().index = index;
    free_.push_back(index);
  }
  TensorHandle& handle = slots_[free_.back()];
  free_.pop_back();
  handle.tensor = std::move(tensor);
  handle.serial = ++serial_;
  handle.site = -1;
  ++live_;
  return handle;
}

TensorHandle* HandleTable::find(double number) {
  if (!(number >= kSlots && number <= 9007199254740991.0)) return nullptr;
  const double generation = std::floor(number / kSlots);
  const double index = number - generation * kSlots;
  if (index != std::floor(index) || index >= static_cast<double>(slots_.size())) return nullptr;
  TensorHandle& handle = slots_[static_cast<size_t>(index)];
  return handle.generation == static_cast<uint32_t>(generation) ? &handle : &stale_;
}

void HandleTable::release(TensorHandle& handle) {
  handle.tensor.reset();
  --live_;
  // A slot whose numbers are all used up is left out for good.
  if (handle.generation++ < kLastGeneration) free_.push_back(handle.index);
}

void account(Environment& environment, TensorHandle& handle) {
  if (handle.accountedBytes != 0) return;
  handle.accountedBytes = ownedBytes(handle.tensor);
  if (handle.accountedBytes != 0) environment.accountExternalMemory(handle.accountedBytes);
}

napi_value toHandle(napi_env env, at::Tensor tensor) {
  napi_value result = nullptr;
  if (!tensor.defined()) {
    check(env, napi_get_null(env, &result));
  } else {
    check(env, napi_create_double(env, makeHandle(env, std::move(tensor)).number(), &result));
  }
  return result;
}

napi_value toTensorObject(napi_env env, at::Tensor tensor) {
  if (!tensor.defined()) return toHandle(env, std::move(tensor));
  napi_value tensorClass = nullptr;
  check(env, napi_get_reference_value(env, Environment::of(env).tensorClass, &tensorClass));
  napi_value number = toHandle(env, std::move(tensor));
  napi_value result = nullptr;
  check(env, napi_new_instance(env, tensorClass, 1, &number, &result));
  return result;
}

TensorHandle* handleOf(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  if (type != napi_object) return nullptr;
  Environment& environment = Environment::of(env);
  napi_value key = nullptr, number = nullptr;
  napi_get_reference_value(env, environment.handleKey, &key);
  if (napi_get_property(env, value, key, &number) != napi_ok) {
    clearPendingException(env);
    return nullptr;
  }
  double given = 0;
  if (napi_get_value_double(env, number, &given) != napi_ok) return nullptr;
  return environment.handles.find(given);
}

at::Tensor& requireTensor(napi_env env, napi_value value, const char* what) {
  return requireTensor(env, handleOf(env, value), value, what);
}

at::Tensor& requireTensor(napi_env env, TensorHandle* handle, napi_value value, const char* what) {
  if (handle == nullptr) {
    throw Napi::TypeError::New(
        env, std::string(what) + ": expected a Tensor, given " + describe(env, value));
  }
  if (handle->disposed()) throwDisposed(env, what);
  return handle->tensor;
}

void throwDisposed(napi_env env, const char* what) {
  throw Napi::TypeError::New(
      env, std::string(what) +
               ": this tensor was disposed (by dispose(), `using` or the end of a "
               "torch.scope). Return it from the scope, or torch.keep(it).");
}

void dispose(napi_env env, TensorHandle& handle) {
  if (handle.disposed()) return;
  Environment& environment = Environment::of(env);
  HandleList::unlink(handle);
  const int64_t bytes = handle.accountedBytes;
  handle.accountedBytes = 0;
  environment.handles.release(handle);
  if (bytes != 0) environment.accountExternalMemory(-bytes);
}

}  // namespace adaptune
