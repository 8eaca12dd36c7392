// Nodes of the autograd graph, which LibTorch counts intrusively from some version on.
#pragma once

#include <torch/csrc/autograd/edge.h>
#include <torch/csrc/autograd/function.h>

#include <memory>
#include <type_traits>
#include <utility>

namespace adaptune::autograd {

using NodePointer = decltype(torch::autograd::Edge::function);

// Only instantiated where nodes are counted by std::shared_ptr: the graph destroys its nodes one
// after the other then, however deep it is.
template <typename Node>
void destroyNode(Node* node) {
  deleteNode(node);
}

template <typename Made, typename... Arguments>
auto makeNode(Arguments&&... arguments) {
  using Node = torch::autograd::Node;
  if constexpr (std::is_same_v<NodePointer, std::shared_ptr<Node>>) {
    return std::shared_ptr<Made>(new Made(std::forward<Arguments>(arguments)...),
                                 destroyNode<Node>);
  } else {
    return c10::make_intrusive<Made>(std::forward<Arguments>(arguments)...);
  }
}

}  // namespace adaptune::autograd
