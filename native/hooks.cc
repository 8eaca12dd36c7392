#include "hooks.h"

#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <algorithm>

#include "callback.h"
#include "errors.h"
#include "handle.h"

namespace adaptune::hooks {

namespace {

using torch::autograd::variable_list;

// Callbacks in the order of their registration. One may add or remove others while it runs.
class Chain {
 public:
  void add(std::shared_ptr<Callback> callback) {
    std::erase_if(callbacks_, [](const auto& known) { return known->removed(); });
    callbacks_.push_back(std::move(callback));
  }

  template <typename Visit>
  void each(Visit visit) const {
    for (const auto& callback : std::vector(callbacks_)) {
      if (!callback->removed()) visit(*callback);
    }
  }

 private:
  std::vector<std::shared_ptr<Callback>> callbacks_;
};

// All hooks of one tensor, which is the output `index` of the node that they are on.
struct GradientHooks : torch::autograd::FunctionPreHook {
  explicit GradientHooks(size_t index) : index(index) {}

  variable_list operator()(const variable_list& gradients) override {
    variable_list results = gradients;
    chain.each([&](const Callback& callback) {
      at::Tensor& gradient = results[index];
      if (!gradient.defined()) return;
      const auto answer = callback.call({gradient}).tensors;
      if (answer.empty() || !answer[0].defined()) return;
      torch::autograd::check_variable_result(gradient, answer[0], callback.what());
      gradient = answer[0];
    });
    return results;
  }

  const size_t index;
  Chain chain;
};

struct AccumulationHooks : torch::autograd::PostAccumulateGradHook {
  void operator()(const at::Tensor& leaf) override {
    chain.each([&](const Callback& callback) { callback.call({leaf}); });
  }

  Chain chain;
};

GradientHooks& gradientHooks(const at::Tensor& tensor) {
  const auto& node = tensor.grad_fn();
  const size_t index = node == nullptr ? 0 : tensor.output_nr();
  auto& all = node == nullptr ? torch::autograd::impl::hooks(tensor) : node->tensor_pre_hooks();
  for (const auto& hook : all) {
    auto* ours = dynamic_cast<GradientHooks*>(hook.get());
    if (ours != nullptr && ours->index == index) return *ours;
  }
  auto made = std::make_unique<GradientHooks>(index);
  GradientHooks& result = *made;
  if (node == nullptr) {
    torch::autograd::impl::add_hook(tensor, std::move(made));
  } else {
    node->add_tensor_pre_hook(std::move(made));
  }
  return result;
}

AccumulationHooks& accumulationHooks(const at::Tensor& leaf) {
  auto* known =
      dynamic_cast<AccumulationHooks*>(torch::autograd::impl::post_acc_grad_hooks(leaf).get());
  if (known != nullptr) return *known;
  auto made = std::make_unique<AccumulationHooks>();
  AccumulationHooks& result = *made;
  torch::autograd::impl::set_post_acc_grad_hooks(leaf, std::move(made));
  return result;
}

std::shared_ptr<Callback> callbackOf(const Napi::Value& function, const char* what) {
  if (!function.IsFunction()) {
    throw Napi::TypeError::New(function.Env(), std::string(what) + ": expected a function, given " +
                                                   describe(function.Env(), function));
  }
  return std::make_shared<Callback>(function.Env(), function, what);
}

Napi::Value remover(Napi::Env env, const std::shared_ptr<Callback>& callback) {
  const std::weak_ptr<Callback> weak = callback;
  return Napi::Function::New(env, [weak](const Napi::CallbackInfo&) {
    if (const auto known = weak.lock()) known->remove();
  });
}

}  // namespace

Napi::Value registerHook(const Napi::CallbackInfo& info) {
  const auto& tensor = requireTensor(info.Env(), info[0], "registerHook");
  TORCH_CHECK(tensor.requires_grad(),
              "expected a tensor that requires gradients, given one that does not: no gradient "
              "will ever reach it");
  const auto callback = callbackOf(info[1], "registerHook");
  gradientHooks(tensor).chain.add(callback);
  return remover(info.Env(), callback);
}

Napi::Value registerPostAccumulateGradHook(const Napi::CallbackInfo& info) {
  constexpr const char* what = "registerPostAccumulateGradHook";
  const auto& tensor = requireTensor(info.Env(), info[0], what);
  TORCH_CHECK(tensor.requires_grad() && tensor.is_leaf(),
              "expected a leaf that requires gradients: only they accumulate gradients");
  const auto callback = callbackOf(info[1], what);
  accumulationHooks(tensor).chain.add(callback);
  return remover(info.Env(), callback);
}

}  // namespace adaptune::hooks
