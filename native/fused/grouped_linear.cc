// Linear layers of several groups of rows in one product: rows up to ends[0] by weight 0, those
// from there up to ends[1] by weight 1, and so on. Where groups end is known to the device alone,
// so that nothing waits for it and shapes stay what they are.
//
//   y = x W_g^T + b_g;  x [R,n], W_g [m,n], R rows of all groups
//   dx = dy W_g    dW_g = dy^T x    db_g = sum of dy    over the rows of g
//
// Groups whose weight has a gradient come first: the gradients of weights then end with the last of
// them, and rows of frozen groups cost nothing there.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "matrix_products.h"

namespace adaptune {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

void check(const at::Tensor& x, at::TensorList weights, at::TensorList biases,
           const at::Tensor& ends) {
  TORCH_CHECK(x.dim() == 2 && x.is_floating_point(),
              "argument 'x': expected floating-point rows [R,n], given ", x.scalar_type(), " ",
              x.sizes());
  TORCH_CHECK(
      !weights.empty() && (biases.empty() || biases.size() == weights.size()),
      "argument 'weights': expected one for every group, and as many biases or none, given ",
      weights.size(), " and ", biases.size());
  bool trains = true;
  for (size_t g = 0; g < weights.size(); ++g) {
    const at::Tensor& weight = weights[g];
    TORCH_CHECK(weight.dim() == 2 && weight.size(1) == x.size(1) &&
                    weight.sizes() == weights[0].sizes() &&
                    weight.scalar_type() == x.scalar_type() && weight.device() == x.device(),
                "argument 'weights[", g, "]': expected ", x.scalar_type(), " of shape [",
                weights[0].size(0), ",", x.size(1), "] on ", x.device(), ", given ",
                weight.scalar_type(), " ", weight.sizes(), " on ", weight.device());
    TORCH_CHECK(trains || !weight.requires_grad(), "argument 'weights[", g,
                "]': has a gradient, but one before it has none");
    trains = weight.requires_grad();
  }
  for (size_t g = 0; g < biases.size(); ++g)
    TORCH_CHECK(biases[g].dim() == 1 && biases[g].size(0) == weights[0].size(0) &&
                    biases[g].scalar_type() == x.scalar_type() && biases[g].device() == x.device(),
                "argument 'biases[", g, "]': expected ", x.scalar_type(), " of shape [",
                weights[0].size(0), "] on ", x.device(), ", given ", biases[g].scalar_type(), " ",
                biases[g].sizes(), " on ", biases[g].device());
  TORCH_CHECK(ends.dim() == 1 && ends.size(0) == static_cast<int64_t>(weights.size()) &&
                  ends.scalar_type() == at::kInt && ends.device() == x.device(),
              "argument 'ends': expected Int of shape [", weights.size(), "] on ", x.device(),
              ", given ", ends.scalar_type(), " ", ends.sizes(), " on ", ends.device());
}

// What depends on the device are the two products with an underscore.

// Whether tensors of one size lie side by side, in order, in one memory.
bool areAdjacent(at::TensorList tensors) {
  for (size_t g = 0; g < tensors.size(); ++g) {
    const at::Tensor &first = tensors[0], &one = tensors[g];
    const int64_t before = static_cast<int64_t>(g) * first.numel();
    if (!one.is_contiguous() || !one.storage().is_alias_of(first.storage()) ||
        one.storage_offset() != first.storage_offset() + before || one.sizes() != first.sizes())
      return false;
  }
  return true;
}

// Weights as [G,m,n], without a copy where they lie side by side.
at::Tensor together(at::TensorList weights) {
  if (!areAdjacent(weights)) return at::stack(weights);
  const int64_t rows = weights[0].size(0), columns = weights[0].size(1);
  return weights[0].as_strided({static_cast<int64_t>(weights.size()), rows, columns},
                               {rows * columns, columns, 1});
}

at::Tensor productAnywhere(const at::Tensor& x, at::TensorList weights, const at::Tensor& ends,
                           bool transposed) {
  const at::Tensor all = together(weights);
  return at::_grouped_mm(x, transposed ? all : all.transpose(1, 2), ends);
}

at::Tensor weightGradientAnywhere(const at::Tensor& dy, const at::Tensor& x,
                                  const at::Tensor& ends) {
  return at::_grouped_mm(dy.t(), x, ends);
}

// Calls fn with the number, the first row and the row count of every group; the CPU's ends are
// here.
template <typename Fn>
void forGroups(const at::Tensor& ends, int64_t rows, const Fn& fn) {
  const at::Tensor known = ends.contiguous();
  const auto* end = known.const_data_ptr<int32_t>();
  int64_t start = 0;
  for (int64_t g = 0; g < known.numel(); ++g) {
    TORCH_CHECK(end[g] >= start && end[g] <= rows,
                "argument 'ends': expected ascending numbers up to ", rows, ", given ", end[g],
                " after ", start);
    fn(g, start, end[g] - start);
    start = end[g];
  }
}

at::Tensor productOnCpu(const at::Tensor& x, at::TensorList weights, const at::Tensor& ends,
                        bool transposed) {
  at::Tensor y = at::zeros({x.size(0), weights[0].size(transposed ? 1 : 0)}, x.options());
  forGroups(ends, x.size(0), [&](int64_t g, int64_t start, int64_t count) {
    if (count == 0) return;
    const at::Tensor rows = x.narrow(0, start, count);
    y.narrow(0, start, count)
        .copy_(transposed ? products::inputGradient(rows, weights[g])
                          : products::forward(rows, weights[g], std::nullopt, false));
  });
  return y;
}

at::Tensor weightGradientOnCpu(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& ends) {
  at::Tensor all = at::zeros({ends.size(0), dy.size(1), x.size(1)}, x.options());
  forGroups(ends, x.size(0), [&](int64_t g, int64_t start, int64_t count) {
    if (count > 0)
      all.select(0, g).copy_(
          products::weightGradient(dy.narrow(0, start, count), x.narrow(0, start, count)));
  });
  return all;
}

at::Tensor product(const at::Tensor& x, at::TensorList weights, const at::Tensor& ends,
                   bool transposed) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("adaptune::_grouped_product", "")
                             .typed<decltype(product)>();
  return op.call(x, weights, ends, transposed);
}

at::Tensor weightGradient(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& ends) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("adaptune::_grouped_weight_gradient", "")
                             .typed<decltype(weightGradient)>();
  return op.call(dy, x, ends);
}

// The group of each of so many rows, [R] int64.
at::Tensor groupsOf(int64_t rows, const at::Tensor& ends) {
  const at::Tensor all = at::arange(rows, ends.options());
  const at::Tensor passed = all.unsqueeze(1).ge(ends);  // [R,G]
  return passed.sum(1).clamp_max(ends.size(0) - 1);
}

at::Tensor forwardOf(const at::Tensor& x, at::TensorList weights, at::TensorList biases,
                     const at::Tensor& ends) {
  const at::Tensor y = product(x, weights, ends, false);
  if (biases.empty()) return y;
  return y.add_(at::stack(biases).index_select(0, groupsOf(x.size(0), ends)));
}

class GroupedLinear : public torch::autograd::Function<GroupedLinear> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, at::TensorList weights,
                            at::TensorList biases, const at::Tensor& ends) {
    const at::AutoDispatchBelowADInplaceOrView below;
    std::vector<int64_t> needed{x.requires_grad()};
    for (const auto& parameters : {weights, biases})
      for (const at::Tensor& parameter : parameters) needed.push_back(parameter.requires_grad());
    variable_list saved{weights[0].requires_grad() ? x : at::Tensor(), ends};
    saved.insert(saved.end(), weights.begin(), weights.end());
    context->save_for_backward(saved);
    context->saved_data["needed"] = std::move(needed);
    return forwardOf(x, weights, biases, ends);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    TORCH_CHECK(!at::GradMode::is_enabled(),
                "grouped_linear: gradients of gradients are not supported; call backward without "
                "createGraph");
    const auto saved = context->get_saved_variables();
    const at::Tensor dy = gradients[0].contiguous(), &x = saved[0], &ends = saved[1];
    const variable_list weights(saved.begin() + 2, saved.end());
    const auto needed = context->saved_data["needed"].toIntVector();
    variable_list result(needed.size() + 1);
    if (needed[0]) result[0] = product(dy, weights, ends, true);
    const size_t groups = weights.size();
    int64_t trained = 0;
    while (trained < static_cast<int64_t>(groups) && needed[1 + trained]) ++trained;
    if (trained > 0) {
      const at::Tensor all = weightGradient(dy, x, ends.narrow(0, 0, trained));
      for (int64_t g = 0; g < trained; ++g) result[1 + g] = all.select(0, g);
    }
    at::Tensor ofRows;
    for (size_t g = 0; 1 + groups + g < needed.size(); ++g) {
      if (!needed[1 + groups + g]) continue;
      if (!ofRows.defined()) ofRows = groupsOf(dy.size(0), ends);
      const at::Tensor own = ofRows.eq(static_cast<int64_t>(g)).to(dy.scalar_type());
      result[1 + groups + g] = own.unsqueeze(0).mm(dy).squeeze(0);
    }
    return result;
  }
};

bool isDifferentiated(const at::Tensor& x, at::TensorList weights, at::TensorList biases) {
  const auto anyIn = [](at::TensorList tensors) {
    return std::any_of(tensors.begin(), tensors.end(),
                       [](const at::Tensor& tensor) { return tensor.requires_grad(); });
  };
  return at::GradMode::is_enabled() && (x.requires_grad() || anyIn(weights) || anyIn(biases));
}

at::Tensor groupedLinear(const at::Tensor& x, at::TensorList weights, at::TensorList biases,
                         const at::Tensor& ends) {
  check(x, weights, biases, ends);
  if (isDifferentiated(x, weights, biases)) return GroupedLinear::apply(x, weights, biases, ends);
  const at::AutoDispatchBelowADInplaceOrView below;
  return forwardOf(x, weights, biases, ends);
}

// Rows of a permutation, whose gradient goes back by its inverse.
class PermutedRows : public torch::autograd::Function<PermutedRows> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& order,
                            const at::Tensor& inverse) {
    const at::AutoDispatchBelowADInplaceOrView below;
    context->save_for_backward({order, inverse});
    return x.index_select(0, order);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    return {PermutedRows::apply(gradients[0], saved[1], saved[0]), at::Tensor(), at::Tensor()};
  }
};

at::Tensor permutedRows(const at::Tensor& x, const at::Tensor& order, const at::Tensor& inverse) {
  TORCH_CHECK(x.dim() >= 1, "argument 'x': expected rows, given a scalar");
  for (const at::Tensor& permutation : {order, inverse})
    TORCH_CHECK(permutation.dim() == 1 && permutation.size(0) == x.size(0) &&
                    permutation.scalar_type() == at::kLong && permutation.device() == x.device(),
                "arguments 'order' and 'inverse': expected Long of shape [", x.size(0), "] on ",
                x.device(), ", given ", permutation.scalar_type(), " ", permutation.sizes(), " on ",
                permutation.device());
  return PermutedRows::apply(x, order, inverse);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(adaptune, library) {
  library.def("grouped_linear(Tensor x, Tensor[] weights, Tensor[] biases, Tensor ends) -> Tensor");
  library.def(
      "_grouped_product(Tensor x, Tensor[] weights, Tensor ends, bool transposed) -> Tensor");
  library.def("_grouped_weight_gradient(Tensor dy, Tensor x, Tensor ends) -> Tensor");
  library.def("_are_adjacent(Tensor[] tensors) -> bool");
  library.def("permuted_rows(Tensor x, Tensor order, Tensor inverse) -> Tensor");
}

TORCH_LIBRARY_IMPL(adaptune, CompositeImplicitAutograd, library) {
  library.impl("grouped_linear", groupedLinear);
  library.impl("_are_adjacent", areAdjacent);
  library.impl("permuted_rows", permutedRows);
}

TORCH_LIBRARY_IMPL(adaptune, CompositeExplicitAutograd, library) {
  library.impl("_grouped_product", productAnywhere);
  library.impl("_grouped_weight_gradient", weightGradientAnywhere);
}

TORCH_LIBRARY_IMPL(adaptune, CPU, library) {
  library.impl("_grouped_product", productOnCpu);
  library.impl("_grouped_weight_gradient", weightGradientOnCpu);
}

}  // namespace adaptune
