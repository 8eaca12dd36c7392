#include "callback.h"

#include <c10/util/Exception.h>

#include "environment.h"
#include "errors.h"
#include "handle.h"

namespace adaptune {

namespace {

// The tensors of a call under way. Calls nest where a callback runs a backward pass itself.
struct Exchange {
  const char* what;
  std::vector<at::Tensor> given;
  std::vector<at::Tensor> answered;
};

thread_local std::vector<Exchange*> running;

struct Running {
  explicit Running(Exchange& exchange) { running.push_back(&exchange); }
  ~Running() { running.pop_back(); }
};

Exchange& current(Napi::Env env) {
  if (running.empty()) throw Napi::TypeError::New(env, "no callback is running");
  return *running.back();
}

}  // namespace

Reference::Reference(napi_env env, napi_value value)
    : environment_(Environment::of(env).weak_from_this()) {
  Environment::of(env).deleteDropped();
  check(env, napi_create_reference(env, value, 1, &reference_));
}

Reference::~Reference() {
  const auto environment = environment_.lock();
  if (environment == nullptr || !environment->alive) return;
  if (environment->onOwnThread()) {
    napi_delete_reference(environment->env(), reference_);
  } else {
    environment->dropReference(reference_);
  }
}

Napi::Value Reference::value(const char* what) const {
  const auto environment = environment_.lock();
  TORCH_CHECK(environment != nullptr && environment->alive, what,
              ": its JavaScript environment has ended");
  TORCH_CHECK(environment->onOwnThread(), what,
              ": a JavaScript callback was reached on a thread of LibTorch's, which cannot run "
              "JavaScript. Backward passes inside of callbacks may nest at most 60 deep");
  napi_value value = nullptr;
  check(environment->env(), napi_get_reference_value(environment->env(), reference_, &value));
  return Napi::Value(environment->env(), value);
}

std::atomic<size_t> Callback::alive_{0};

Callback::Callback(napi_env env, napi_value function, const char* what)
    : reference_(std::make_unique<Reference>(env, function)), what_(what) {
  ++alive_;
}

Callback::~Callback() {
  --alive_;
}

napi_env Callback::env() const {
  TORCH_CHECK(!removed(), what_, ": called after it was removed");
  return reference_->value(what_).Env();
}

Answer Callback::call(std::vector<at::Tensor> tensors, napi_value argument) const {
  TORCH_CHECK(!removed(), what_, ": called after it was removed");
  const Napi::Value function = reference_->value(what_);
  Exchange exchange{what_, std::move(tensors), {}};
  const Running entry(exchange);
  std::vector<napi_value> arguments;
  if (argument != nullptr) arguments.push_back(argument);
  const Napi::Value returned = function.As<Napi::Function>().Call(arguments);
  return {std::move(exchange.answered), returned};
}

namespace callbacks {

Napi::Value receive(const Napi::CallbackInfo& info) {
  const auto& given = current(info.Env()).given;
  auto handles = Napi::Array::New(info.Env(), given.size());
  for (uint32_t i = 0; i < given.size(); ++i) handles.Set(i, toHandle(info.Env(), given[i]));
  return handles;
}

Napi::Value give(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  Exchange& exchange = current(env);
  const auto values = info[0].As<Napi::Array>();
  exchange.answered.clear();
  for (uint32_t i = 0; i < values.Length(); ++i) {
    const Napi::Value value = values.Get(i);
    const bool isNothing = value.IsNull() || value.IsUndefined();
    exchange.answered.push_back(isNothing ? at::Tensor()
                                          : requireTensor(env, value, exchange.what));
  }
  return env.Undefined();
}

}  // namespace callbacks

}  // namespace adaptune
