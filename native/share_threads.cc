#include "share_threads.h"

#include <ATen/core/grad_mode.h>

#include <mutex>
#include <unordered_map>

#include "errors.h"
#include "handle.h"
#include "share_memory.h"

namespace adaptune::shared_threads {

namespace {

struct Parcel {
  at::Tensor tensor;
  bool requiresGrad = false;
  double receivers = 1;
};

// All threads' parcels; as old as the process and never destroyed, as threads may outlive main.
struct Parcels {
  std::mutex lock;
  std::unordered_map<uint64_t, Parcel> byId;
  uint64_t last = 0;

  static Parcels& all() {
    static auto* parcels = new Parcels;
    return *parcels;
  }
};

// A tensor of its own over the same memory: nothing but that is touched by two threads.
at::Tensor detached(const at::Tensor& tensor) {
  const at::NoGradGuard noGrad;
  return shared_memory::isOfJavaScript(tensor) ? tensor.clone() : tensor.variable_data();
}

uint64_t idOf(const Napi::Value& value) {
  return static_cast<uint64_t>(value.ToNumber().Int64Value());
}

}  // namespace

Napi::Value share(const Napi::CallbackInfo& info) {
  const at::Tensor& tensor = requireTensor(info.Env(), info[0], "torch.share");
  TORCH_CHECK(!tensor.requires_grad() || tensor.is_leaf(),
              "a graph belongs to its thread; detach() the tensor first");
  Parcel parcel{detached(tensor), tensor.requires_grad(), info[1].ToNumber()};
  Parcels& parcels = Parcels::all();
  const std::lock_guard<std::mutex> guard(parcels.lock);
  parcels.byId.emplace(++parcels.last, std::move(parcel));
  return Napi::Number::New(info.Env(), static_cast<double>(parcels.last));
}

Napi::Value receive(const Napi::CallbackInfo& info) {
  Parcel parcel;
  {
    Parcels& parcels = Parcels::all();
    const std::lock_guard<std::mutex> guard(parcels.lock);
    const auto found = parcels.byId.find(idOf(info[0]));
    if (found == parcels.byId.end()) return info.Env().Null();
    parcel = found->second;
    if (--found->second.receivers <= 0) parcels.byId.erase(found);
  }
  at::Tensor tensor = parcel.tensor.variable_data();
  if (parcel.requiresGrad) tensor.set_requires_grad(true);
  return Napi::Value(info.Env(), toHandle(info.Env(), tensor));
}

Napi::Value unshare(const Napi::CallbackInfo& info) {
  Parcels& parcels = Parcels::all();
  const std::lock_guard<std::mutex> guard(parcels.lock);
  return Napi::Boolean::New(info.Env(), parcels.byId.erase(idOf(info[0])) > 0);
}

}  // namespace adaptune::shared_threads
