#include "autograd.h"

#include <ATen/core/grad_mode.h>
#include <c10/core/AutogradState.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/anomaly_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/variable.h>

#include "autograd_engine.h"
#include "callback.h"
#include "errors.h"
#include "handle.h"

namespace adaptune::autograd {

namespace {

using torch::autograd::variable_list;

variable_list toVariables(Napi::Env env, const Napi::Value& array, const char* what) {
  if (!array.IsArray()) {
    throw Napi::TypeError::New(
        env, std::string(what) + ": expected an array of Tensors, given " + describe(env, array));
  }
  const auto values = array.As<Napi::Array>();
  variable_list variables;
  variables.reserve(values.Length());
  for (uint32_t i = 0; i < values.Length(); ++i) {
    const Napi::Value value = values.Get(i);
    variables.push_back(value.IsNull() ? at::Tensor() : requireTensor(env, value, what));
  }
  return variables;
}

std::optional<bool> toOptionalBool(const Napi::Value& value) {
  if (value.IsNull() || value.IsUndefined()) return std::nullopt;
  return value.ToBoolean();
}

// "LinearFunction" of "torch::autograd::CppNode<adaptune::(anonymous namespace)::LinearFunction>".
std::string shortName(const std::string& name) {
  if (name.empty() || name.back() != '>') return name;
  const auto colons = name.rfind("::");
  if (colons == std::string::npos) return name;
  return name.substr(colons + 2, name.size() - colons - 3);
}

// Keeps a backward pass on this thread, CUDA's nodes too, where JavaScript may be called back or
// anomaly detection tells JavaScript's stack. Callbacks need no other thread then, and can wait for
// none.
class OwnThread {
 public:
  OwnThread() {
    const bool isNeeded = Callback::anyAlive() || torch::autograd::AnomalyMode::is_enabled();
    if (isNeeded) c10::AutogradState::get_tls_state().set_multithreading_enabled(false);
  }
  ~OwnThread() { c10::AutogradState::get_tls_state().set_multithreading_enabled(before_); }
  OwnThread(const OwnThread&) = delete;
  OwnThread& operator=(const OwnThread&) = delete;

 private:
  bool before_ = c10::AutogradState::get_tls_state().get_multithreading_enabled();
};

// What is to be done when a backward pass is over.
class Pass {
 public:
  Pass() : outer_(current) { current = this; }
  ~Pass() {
    current = outer_;
    for (const auto& callback : after_) {
      try {
        callback->call({});
      } catch (const std::exception&) {  // that of the pass itself is on its way
      }
    }
  }
  Pass(const Pass&) = delete;
  Pass& operator=(const Pass&) = delete;

  void add(std::unique_ptr<Callback> callback) { after_.push_back(std::move(callback)); }

  static thread_local Pass* current;

 private:
  Pass* outer_;
  std::vector<std::unique_ptr<Callback>> after_;
};

thread_local Pass* Pass::current = nullptr;

// Runs a backward pass; an error tells what anomaly detection knows.
template <typename Body>
auto run(Napi::Env env, const char* what, Body body) -> decltype(body()) {
  const OwnThread mode;
  const Pass pass;
  takeAnomaly();
  try {
    return body();
  } catch (const Napi::Error&) {
    throw;
  } catch (const std::exception& error) {
    throw torchError(env, std::string(what) + ": " + conciseMessage(error) + takeAnomaly());
  }
}

}  // namespace

Napi::Value requiresGrad(const Napi::CallbackInfo& info) {
  const auto& tensor = requireTensor(info.Env(), info[0], "requiresGrad");
  return Napi::Boolean::New(info.Env(), tensor.requires_grad());
}

Napi::Value setRequiresGrad(const Napi::CallbackInfo& info) {
  const auto& tensor = requireTensor(info.Env(), info[0], "requiresGrad_");
  TORCH_CHECK(info[1].ToBoolean() || tensor.is_leaf(),
              "only leaf tensors can stop requiring gradients; detach() gives one");
  tensor.set_requires_grad(info[1].ToBoolean());
  return info.Env().Undefined();
}

Napi::Value isLeaf(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), requireTensor(info.Env(), info[0], "isLeaf").is_leaf());
}

Napi::Value gradient(const Napi::CallbackInfo& info) {
  const auto& tensor = requireTensor(info.Env(), info[0], "grad");
  // Not grad(): that warns, once and on stderr, when a tensor is not a leaf.
  const auto* meta = torch::autograd::impl::get_autograd_meta(tensor);
  return Napi::Value(info.Env(),
                     toHandle(info.Env(), meta == nullptr ? at::Tensor() : meta->grad_));
}

Napi::Value setGradient(const Napi::CallbackInfo& info) {
  const auto& tensor = requireTensor(info.Env(), info[0], "grad");
  if (info[1].IsNull() || info[1].IsUndefined()) {
    tensor.mutable_grad() = at::Tensor();
    return info.Env().Undefined();
  }
  const auto& gradient = requireTensor(info.Env(), info[1], "grad");
  TORCH_CHECK(gradient.sizes() == tensor.sizes(), "expected a gradient of shape ", tensor.sizes(),
              ", given ", gradient.sizes());
  TORCH_CHECK(gradient.device() == tensor.device(), "expected a gradient on ", tensor.device(),
              ", given one on ", gradient.device());
  TORCH_CHECK(gradient.scalar_type() == tensor.scalar_type(), "expected a gradient of dtype ",
              tensor.scalar_type(), ", given ", gradient.scalar_type());
  tensor.mutable_grad() = gradient;
  return info.Env().Undefined();
}

Napi::Value gradFn(const Napi::CallbackInfo& info) {
  const auto function = requireTensor(info.Env(), info[0], "gradFn").grad_fn();
  if (function == nullptr) return info.Env().Null();
  return Napi::String::New(info.Env(), shortName(function->name()));
}

Napi::Value backward(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto outputs = toVariables(env, info[0], "backward");
  const auto gradients = toVariables(env, info[1], "backward: argument 'gradient'");
  const auto inputs = toVariables(env, info[4], "backward: option 'inputs'");
  run(env, "backward", [&] {
    torch::autograd::backward(outputs, gradients, toOptionalBool(info[2]), info[3].ToBoolean(),
                              inputs);
  });
  return env.Undefined();
}

Napi::Value grad(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto outputs = toVariables(env, info[0], "grad: argument 'outputs'");
  const auto inputs = toVariables(env, info[1], "grad: argument 'inputs'");
  const auto gradOutputs = toVariables(env, info[2], "grad: option 'gradOutputs'");
  const auto gradients = run(env, "grad", [&] {
    return torch::autograd::grad(outputs, inputs, gradOutputs, toOptionalBool(info[3]),
                                 info[4].ToBoolean(), info[5].ToBoolean());
  });
  auto result = Napi::Array::New(env, gradients.size());
  for (uint32_t i = 0; i < gradients.size(); ++i) result.Set(i, toHandle(env, gradients[i]));
  return result;
}

Napi::Value afterBackward(const Napi::CallbackInfo& info) {
  TORCH_CHECK(Pass::current != nullptr, "expected to be called in a backward pass");
  Pass::current->add(std::make_unique<Callback>(info.Env(), info[0], "afterBackward"));
  return info.Env().Undefined();
}

Napi::Value withGradMode(const Napi::CallbackInfo& info) {
  const at::AutoGradMode mode(info[0].ToBoolean());
  return info[1].As<Napi::Function>().Call({});
}

Napi::Value inferenceMode(const Napi::CallbackInfo& info) {
  const c10::InferenceMode mode;
  return info[0].As<Napi::Function>().Call({});
}

Napi::Value setGradEnabled(const Napi::CallbackInfo& info) {
  at::GradMode::set_enabled(info[0].ToBoolean());
  return info.Env().Undefined();
}

Napi::Value isInferenceMode(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), c10::InferenceMode::is_enabled());
}

Napi::Value isGradEnabled(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), at::GradMode::is_enabled());
}

}  // namespace adaptune::autograd
