#include "scopes.h"

#include <unordered_map>
#include <unordered_set>

#include "environment.h"
#include "errors.h"
#include "names.h"
#include "tensor.h"

namespace adaptune::scopes {

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
  Environment& environment = Environment::of(info.Env());
  auto& scopes = environment.scopes();
  const auto depth = info[0].As<Napi::Number>().Uint32Value();
  if (depth == 0 || depth + 1 != scopes.size()) {
    throw Napi::Error::New(info.Env(),
                           "torch.scope: scopes must be left in the reverse order of entering");
  }
  const auto kept = info[1].As<Napi::Array>();
  const uint32_t count = kept.Length();
  auto moved = Napi::Array::New(info.Env());
  for (uint32_t i = 0; i < count; ++i) {
    const Napi::Value tensor = kept.Get(i);
    TensorHandle* handle = handleOf(info.Env(), tensor);
    const bool madeHere =
        handle != nullptr && !handle->disposed() && handle->list == &scopes.back();
    if (!madeHere) continue;
    HandleList::unlink(*handle);
    scopes[depth - 1].link(*handle);
    if (depth == 1) account(environment, *handle);
    moved.Set(moved.Length(), tensor);
  }
  while (scopes.back().first != nullptr) adaptune::dispose(info.Env(), *scopes.back().first);
  scopes.pop_back();
  environment.watchUnscoped();  // what was returned is in no scope now
  return moved;
}

Napi::Value keep(const Napi::CallbackInfo& info) {
  requireTensor(info.Env(), info[0], "torch.keep");
  TensorHandle& handle = *handleOf(info.Env(), info[0]);
  Environment& environment = Environment::of(info.Env());
  const bool isScoped = handle.list != &environment.root();
  HandleList::unlink(handle);
  environment.root().link(handle);
  account(environment, handle);
  return Napi::Boolean::New(info.Env(), isScoped);
}

Napi::Value dispose(const Napi::CallbackInfo& info) {
  TensorHandle* handle = handleOf(info.Env(), info[0]);
  if (handle != nullptr) adaptune::dispose(info.Env(), *handle);
  return info.Env().Undefined();
}

Napi::Value isDisposed(const Napi::CallbackInfo& info) {
  TensorHandle* handle = handleOf(info.Env(), info[0]);
  return Napi::Boolean::New(info.Env(), handle == nullptr || handle->disposed());
}

Napi::Value release(const Napi::CallbackInfo& info) {
  TensorHandle* handle = Environment::of(info.Env()).handles.find(info[0].ToNumber());
  if (handle != nullptr) adaptune::dispose(info.Env(), *handle);
  return info.Env().Undefined();
}

Napi::Value alias(const Napi::CallbackInfo& info) {
  return Napi::Value(info.Env(),
                     toHandle(info.Env(), requireTensor(info.Env(), info[0], "Tensor")));
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
  result.Set("tensors", static_cast<double>(environment.handles.live()));
  result.Set("bytes", bytes);
  return result;
}

Napi::Value report(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const double since = info[0].ToNumber();
  std::unordered_map<const void*, double> storages;
  auto rows = Napi::Array::New(env);
  uint32_t count = 0;
  for (auto& scope : Environment::of(env).scopes()) {
    for (auto* handle = scope.first; handle != nullptr; handle = handle->next) {
      if (static_cast<double>(handle->serial) <= since) continue;
      const at::Tensor& tensor = handle->tensor;
      const void* storage = handle;
      if (tensor.has_storage()) storage = tensor.storage().unsafeGetStorageImpl();
      const double bytes =
          tensor.has_storage() ? static_cast<double>(tensor.storage().nbytes()) : 0;
      const double id = storages.emplace(storage, storages.size()).first->second;
      auto row = Napi::Array::New(env, 7);
      row.Set(0u, static_cast<double>(handle->serial));
      row.Set(1u, handle->site);
      row.Set(2u, id);
      row.Set(3u, bytes);
      row.Set(4u, dtypeName(tensor.scalar_type()));
      row.Set(5u, tensors::toArray(env, tensor.sizes()));
      row.Set(6u, tensor.device().str());
      rows.Set(count++, row);
    }
  }
  return rows;
}

Napi::Value serial(const Napi::CallbackInfo& info) {
  const auto latest = Environment::of(info.Env()).handles.serial();
  return Napi::Number::New(info.Env(), static_cast<double>(latest));
}

Napi::Value serialOf(const Napi::CallbackInfo& info) {
  TensorHandle* handle = Environment::of(info.Env()).handles.find(info[0].ToNumber());
  const uint64_t serial = handle == nullptr ? 0 : handle->serial;
  return Napi::Number::New(info.Env(), static_cast<double>(serial));
}

Napi::Value setSite(const Napi::CallbackInfo& info) {
  TensorHandle* handle = handleOf(info.Env(), info[0]);
  if (handle != nullptr) handle->site = info[1].ToNumber();
  return info.Env().Undefined();
}

Napi::Value startTurn(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).startTurn();
  return info.Env().Undefined();
}

}  // namespace adaptune::scopes
