// LibTorch's internal functions whose declarations differ between versions, each in one place. What
// is there is asked of the headers, not of a version's number: a call that fits is the one that is
// made.
#pragma once

#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/autograd/edge.h>
#include <torch/csrc/autograd/function.h>

#include <memory>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

namespace adaptune::internals {

using torch::autograd::variable_list;
using Identities = std::unordered_set<at::TensorImpl*>;

inline variable_list noForwardMode(const variable_list&, const variable_list&) {
  TORCH_CHECK(false, "Functions written in JavaScript have no forward-mode gradients");
}

inline at::Tensor viewOf(const at::Tensor& tensor) {
  return tensor.view_as(tensor);
}

// What finishes the node of a custom function, once all that it saves is in it. Nothing where
// wrapOutputs does that itself.
template <typename Pointer>
void announce(const Pointer& node) {
  if constexpr (requires { fire_node_creation_hooks(node); }) {
    if (node) fire_node_creation_hooks(node);
  }
}

// Makes outputs those of a node, which may be none. `attached` becomes what hangs on them in the
// end: to be announced. From 2.14 LibTorch tells; before, nobody asked.
template <typename Pointer>
auto wrapOutputs(const variable_list& inputs, const Identities& nonDifferentiable,
                 const Identities& dirty, const std::vector<std::optional<at::Tensor>>& outputs,
                 const Pointer& node, Pointer& attached) {
  const auto wrap = [&](auto&&... more) -> decltype(torch::autograd::_wrap_outputs(
                                            inputs, nonDifferentiable, dirty, outputs, node,
                                            noForwardMode, {}, viewOf, false, more...)) {
    return torch::autograd::_wrap_outputs(inputs, nonDifferentiable, dirty, outputs, node,
                                          noForwardMode, {}, viewOf, false, more...);
  };
  if constexpr (std::is_invocable_v<decltype(wrap), Pointer&>) {
    return wrap(attached);
  } else {
    return wrap();
  }
}

}  // namespace adaptune::internals
