#include "function.h"

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/saved_variable.h>
#include <torch/csrc/autograd/variable.h>

#include <unordered_set>

#include "callback.h"
#include "errors.h"
#include "handle.h"
#include "internals.h"
#include "node.h"

namespace adaptune::function {

namespace {

using torch::autograd::SavedVariable;
using torch::autograd::variable_list;
using torch::autograd::VariableInfo;

class FunctionNode : public torch::autograd::Node {
 public:
  FunctionNode(std::string name, std::vector<bool> isTensor, bool materialize,
               const Napi::Value& backward)
      : name_(std::move(name)),
        isTensor_(std::move(isTensor)),
        materialize_(materialize),
        backward_(backward.Env(), backward, "backward of a Function") {}

  std::string name() const override { return name_; }

  void release_variables() override {
    for (auto& saved : saved_) saved.reset_data();
  }

  void save(const at::Tensor& tensor) {
    const bool isOutput = tensor.defined() && tensor.grad_fn().get() == this;
    saved_.emplace_back(tensor, isOutput);
  }

  void addOutput(const at::Tensor& output) { outputs_.emplace_back(output); }

  variable_list apply(variable_list&& gradients) override {
    const Napi::Env env = backward_.env();
    const Napi::HandleScope scope(env);
    variable_list given;
    for (const auto& saved : saved_) given.push_back(saved.unpack(getptr()));
    at::OptionalDeviceGuard guard;
    for (size_t i = 0; i < gradients.size(); ++i) {
      const bool isZeros = !gradients[i].defined() && materialize_;
      given.push_back(isZeros ? outputs_[i].zeros(guard) : gradients[i]);
    }
    return ofTensors(backward_.call(std::move(given), needed(env)).tensors);
  }

 private:
  // For each argument of the forward pass whether this backward pass wants its gradient.
  Napi::Value needed(Napi::Env env) {
    auto result = Napi::Array::New(env, isTensor_.size());
    size_t edge = 0;
    for (uint32_t i = 0; i < isTensor_.size(); ++i) {
      result.Set(i, isTensor_[i] && task_should_compute_output(edge));
      if (isTensor_[i]) ++edge;
    }
    return result;
  }

  variable_list ofTensors(const variable_list& gradients) const {
    TORCH_CHECK(gradients.size() == isTensor_.size(), name_, " returned ", gradients.size(),
                " gradients, expected one for each of forward's ", isTensor_.size(),
                " arguments (null for those that have none)");
    variable_list result;
    for (size_t i = 0; i < gradients.size(); ++i) {
      TORCH_CHECK(isTensor_[i] || !gradients[i].defined(), name_,
                  " returned a gradient for argument ", i,
                  " of forward, which was no tensor; expected null");
      if (isTensor_[i]) result.push_back(gradients[i]);
    }
    return result;
  }

  std::string name_;
  std::vector<bool> isTensor_;
  bool materialize_;
  Callback backward_;
  std::vector<SavedVariable> saved_;
  std::vector<VariableInfo> outputs_;
};

variable_list toVariables(const Napi::Object& given, const char* name) {
  const Napi::Env env = given.Env();
  const auto array = given.Get(name).As<Napi::Array>();
  variable_list variables;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::Value value = array.Get(i);
    const bool isNothing = value.IsNull() || value.IsUndefined();
    variables.push_back(isNothing ? at::Tensor() : requireTensor(env, value, name));
  }
  return variables;
}

std::unordered_set<at::TensorImpl*> identities(const variable_list& tensors) {
  std::unordered_set<at::TensorImpl*> result;
  for (const auto& tensor : tensors) result.insert(tensor.unsafeGetTensorImpl());
  return result;
}

}  // namespace

Napi::Value finish(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto given = info[0].As<Napi::Object>();
  std::vector<bool> isTensor;
  variable_list inputs;
  for (auto& input : toVariables(given, "inputs")) {
    isTensor.push_back(input.defined());
    if (input.defined()) inputs.push_back(std::move(input));
  }
  const variable_list outputs = toVariables(given, "outputs");
  const variable_list dirty = toVariables(given, "dirty");
  for (const auto& tensor : dirty) torch::autograd::impl::bump_version(tensor);

  const bool isRecorded =
      at::GradMode::is_enabled() && torch::autograd::any_variable_requires_grad(inputs);
  decltype(autograd::makeNode<FunctionNode>("", isTensor, true, given)) node;
  if (isRecorded) {
    node = autograd::makeNode<FunctionNode>(given.Get("name").ToString().Utf8Value(), isTensor,
                                            given.Get("materialize").ToBoolean(),
                                            given.Get("backward"));
    node->set_next_edges(torch::autograd::collect_next_edges(inputs));
  }
  std::vector<std::optional<at::Tensor>> raw(outputs.begin(), outputs.end());
  autograd::NodePointer attached;
  const auto wrapped = internals::wrapOutputs<autograd::NodePointer>(
      inputs, identities(toVariables(given, "nonDifferentiable")), identities(dirty), raw, node,
      attached);
  if (isRecorded) {
    for (const auto& output : wrapped) node->addOutput(*output);
    for (const auto& tensor : toVariables(given, "saved")) node->save(tensor);
    internals::announce(attached);
  }
  auto result = Napi::Array::New(env, wrapped.size());
  for (uint32_t i = 0; i < wrapped.size(); ++i) {
    const bool isSame = wrapped[i]->is_same(outputs[i]);
    result.Set(i, isSame ? env.Null() : Napi::Value(env, toHandle(env, *wrapped[i])));
  }
  return result;
}

}  // namespace adaptune::function
