#include "handle.h"

#include <unordered_set>

#include "errors.h"

namespace adaptune {

namespace {

constexpr napi_type_tag kTensorTag = {0x61646170'74756e65ULL, 0x54656e73'6f724831ULL};

void unlink(TensorHandle& handle) {
  if (handle.list == nullptr) return;
  if (handle.previous != nullptr) handle.previous->next = handle.next;
  if (handle.next != nullptr) handle.next->previous = handle.previous;
  if (handle.list->first == &handle) handle.list->first = handle.next;
  handle.previous = handle.next = nullptr;
  handle.list = nullptr;
}

void link(TensorHandle& handle, HandleList& list) {
  handle.list = &list;
  handle.next = list.first;
  if (list.first != nullptr) list.first->previous = &handle;
  list.first = &handle;
}

void finalize(napi_env, void* data, void*) {
  auto* handle = static_cast<TensorHandle*>(data);
  handle->dispose();
  delete handle;
}

// Bytes to report for a new handle: those of storage that nobody else holds yet, so that a view
// or a second handle of the same tensor counts nothing.
int64_t ownedBytes(const at::Tensor& tensor) {
  if (!tensor.has_storage() || tensor.storage().use_count() != 1) return 0;
  return static_cast<int64_t>(tensor.storage().nbytes());
}

}  // namespace

void TensorHandle::dispose() {
  if (disposed()) return;
  unlink(*this);
  tensor.reset();
  environment->liveTensors -= 1;
  if (accountedBytes != 0) environment->accountExternalMemory(-accountedBytes);
  accountedBytes = 0;
}

void TensorHandle::moveTo(HandleList& target) {
  unlink(*this);
  link(*this, target);
}

napi_value toExternal(napi_env env, at::Tensor tensor) {
  napi_value result = nullptr;
  if (!tensor.defined()) {
    napi_get_null(env, &result);
    return result;
  }
  Environment& environment = Environment::of(env);
  auto handle = std::make_unique<TensorHandle>();
  handle->environment = environment.shared_from_this();
  handle->accountedBytes = ownedBytes(tensor);
  handle->tensor = std::move(tensor);
  check(env, napi_create_external(env, handle.get(), finalize, nullptr, &result));
  TensorHandle& owned = *handle.release();  // the finalizer deletes it from here on
  check(env, napi_type_tag_object(env, result, &kTensorTag));
  environment.liveTensors += 1;
  link(owned, environment.currentScope());
  if (owned.accountedBytes != 0) environment.accountExternalMemory(owned.accountedBytes);
  return result;
}

TensorHandle* handleOf(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  if (type == napi_object) {
    if (napi_get_named_property(env, value, "handle", &value) != napi_ok) {
      clearPendingException(env);
      return nullptr;
    }
    napi_typeof(env, value, &type);
  }
  if (type != napi_external) return nullptr;
  bool ours = false;
  if (napi_check_object_type_tag(env, value, &kTensorTag, &ours) != napi_ok || !ours)
    return nullptr;
  void* data = nullptr;
  napi_get_value_external(env, value, &data);
  return static_cast<TensorHandle*>(data);
}

at::Tensor& requireTensor(napi_env env, napi_value value, const char* what) {
  TensorHandle* handle = handleOf(env, value);
  if (handle == nullptr) {
    throw Napi::TypeError::New(
        env, std::string(what) + ": expected a Tensor, given " + describe(env, value));
  }
  if (handle->disposed()) {
    throw Napi::TypeError::New(
        env, std::string(what) +
                 ": this tensor was disposed (by dispose(), `using` or the end of a "
                 "torch.scope). Return it from the scope, or torch.keep(it).");
  }
  return handle->tensor;
}

namespace scopes {

Napi::Value enter(const Napi::CallbackInfo& info) {
  auto& scopes = Environment::of(info.Env()).scopes();
  // Growing the vector moves the lists, and each handle points at its own.
  if (scopes.size() == scopes.capacity()) {
    scopes.reserve(scopes.size() * 2);
    for (auto& scope : scopes) {
      for (auto* handle = scope.first; handle != nullptr; handle = handle->next)
        handle->list = &scope;
    }
  }
  scopes.emplace_back();
  return Napi::Number::New(info.Env(), static_cast<double>(scopes.size() - 1));
}

Napi::Value leave(const Napi::CallbackInfo& info) {
  auto& scopes = Environment::of(info.Env()).scopes();
  const auto depth = info[0].As<Napi::Number>().Uint32Value();
  if (depth == 0 || depth + 1 != scopes.size()) {
    throw Napi::Error::New(info.Env(),
                           "torch.scope: scopes must be left in the reverse order of entering");
  }
  const auto kept = info[1].As<Napi::Array>();
  for (uint32_t i = 0; i < kept.Length(); ++i) {
    TensorHandle* handle = handleOf(info.Env(), kept.Get(i));
    const bool madeHere =
        handle != nullptr && !handle->disposed() && handle->list == &scopes.back();
    if (madeHere) handle->moveTo(scopes[depth - 1]);
  }
  while (scopes.back().first != nullptr) scopes.back().first->dispose();
  scopes.pop_back();
  return info.Env().Undefined();
}

Napi::Value keep(const Napi::CallbackInfo& info) {
  requireTensor(info.Env(), info[0], "torch.keep");
  handleOf(info.Env(), info[0])->moveTo(Environment::of(info.Env()).root());
  return info.Env().Undefined();
}

Napi::Value memory(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  std::unordered_set<const void*> seen;
  double bytes = 0;
  for (auto& scope : environment.scopes()) {
    for (auto* handle = scope.first; handle != nullptr; handle = handle->next) {
      const at::Tensor& tensor = handle->tensor;
      if (!tensor.has_storage()) continue;
      const auto* storage = tensor.storage().unsafeGetStorageImpl();
      if (seen.insert(storage).second) bytes += static_cast<double>(tensor.storage().nbytes());
    }
  }
  auto result = Napi::Object::New(info.Env());
  result.Set("tensors", static_cast<double>(environment.liveTensors));
  result.Set("bytes", bytes);
  return result;
}

Napi::Value dispose(const Napi::CallbackInfo& info) {
  TensorHandle* handle = handleOf(info.Env(), info[0]);
  if (handle != nullptr) handle->dispose();
  return info.Env().Undefined();
}

Napi::Value isDisposed(const Napi::CallbackInfo& info) {
  TensorHandle* handle = handleOf(info.Env(), info[0]);
  return Napi::Boolean::New(info.Env(), handle == nullptr || handle->disposed());
}

}  // namespace scopes

}  // namespace adaptune
