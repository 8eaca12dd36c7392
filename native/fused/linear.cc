// A linear layer with its gradient, by the fastest matrix products there are (matrix_products.h).
//
//   y = x W^T + b, or gelu of it (erf, Hendrycks & Gimpel, arXiv 1606.08415);  x [..,n], W [m,n]
//   dx = dy W    dW = dy^T x    db = sum of dy        only those that are asked for
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "matrix_products.h"

namespace adaptune {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using OptionalTensor = std::optional<at::Tensor>;

void check(const at::Tensor& x, const at::Tensor& weight, const OptionalTensor& bias) {
  TORCH_CHECK(weight.dim() == 2, "argument 'weight': expected shape [m,n], given ", weight.sizes());
  TORCH_CHECK(x.dim() >= 1 && x.size(-1) == weight.size(1), "argument 'x': expected shape [..,",
              weight.size(1), "] as the weight is ", weight.sizes(), ", given ", x.sizes());
  TORCH_CHECK(x.scalar_type() == weight.scalar_type() && x.device() == weight.device(),
              "argument 'x': expected ", weight.scalar_type(), " on ", weight.device(),
              " as the weight, given ", x.scalar_type(), " on ", x.device());
  if (!bias) return;
  TORCH_CHECK(bias->dim() == 1 && bias->size(0) == weight.size(0) &&
                  bias->scalar_type() == x.scalar_type() && bias->device() == x.device(),
              "argument 'bias': expected ", x.scalar_type(), " of shape [", weight.size(0), "] on ",
              x.device(), ", given ", bias->scalar_type(), " ", bias->sizes(), " on ",
              bias->device());
}

at::Tensor rowsOf(const at::Tensor& x) {
  return x.dim() == 2 ? x : x.reshape({-1, x.size(-1)});
}

// Rows [R,m] as [..,m], for the sizes [..,n] of what they were made of.
at::Tensor shapedAs(const at::Tensor& rows, at::IntArrayRef sizes) {
  if (sizes.size() == 2) return rows;
  auto shape = sizes.vec();
  shape.back() = rows.size(1);
  return rows.view(shape);
}

class LinearFunction : public torch::autograd::Function<LinearFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const OptionalTensor& bias, bool gelu) {
    const at::AutoDispatchBelowADInplaceOrView below;
    const at::Tensor before = products::forward(rowsOf(x), weight, bias, false);
    // A frozen layer has no use for its input, but for second derivatives of gelu.
    const bool keepsInput = weight.requires_grad() || gelu;
    context->save_for_backward({keepsInput ? x : at::Tensor(), weight, gelu ? before : at::Tensor(),
                                bias.value_or(at::Tensor())});
    context->saved_data["sizes"] = x.sizes().vec();
    context->saved_data["needed"] = std::vector<int64_t>{x.requires_grad(), weight.requires_grad(),
                                                         bias && bias->requires_grad()};
    return shapedAs(gelu ? at::gelu(before) : before, x.sizes());
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &before = saved[2], &bias = saved[3];
    const auto needed = context->saved_data["needed"].toIntVector();
    // For gradients of gradients all that is computed must have a graph.
    const bool isDifferentiable = at::GradMode::is_enabled();
    at::Tensor dy = rowsOf(gradients[0]);
    if (before.defined()) {
      const at::Tensor z = isDifferentiable ? at::linear(rowsOf(x), weight, bias) : before;
      dy = at::gelu_backward(dy, z);
    }
    at::Tensor dx, dWeight, dBias;
    if (needed[0]) {
      dx = isDifferentiable ? dy.mm(weight) : products::inputGradient(dy, weight);
      dx = shapedAs(dx, context->saved_data["sizes"].toIntVector());
    }
    if (needed[1]) {
      const at::Tensor rows = rowsOf(x);
      dWeight = isDifferentiable ? dy.t().mm(rows) : products::weightGradient(dy, rows);
    }
    if (needed[2]) dBias = dy.sum(0);
    return {dx, dWeight, dBias, at::Tensor()};
  }
};

bool isDifferentiated(const at::Tensor& x, const at::Tensor& weight, const OptionalTensor& bias) {
  return at::GradMode::is_enabled() &&
         (x.requires_grad() || weight.requires_grad() || (bias && bias->requires_grad()));
}

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const OptionalTensor& bias,
                  bool gelu) {
  check(x, weight, bias);
  if (isDifferentiated(x, weight, bias)) return LinearFunction::apply(x, weight, bias, gelu);
  const at::AutoDispatchBelowADInplaceOrView below;
  return shapedAs(products::forward(rowsOf(x), weight, bias, gelu), x.sizes());
}

// Under autocast all is computed in its lower precision, as at::linear is.
template <at::DeviceType device>
at::Tensor linearAutocast(const at::Tensor& x, const at::Tensor& weight, const OptionalTensor& bias,
                          bool gelu) {
  const c10::impl::ExcludeDispatchKeyGuard below(
      at::autocast::get_autocast_dispatch_key_from_device_type(device));
  const auto cast = [](const at::Tensor& tensor) {
    return at::autocast::cached_cast(at::autocast::get_autocast_dtype(device), tensor, device);
  };
  return linear(cast(x), cast(weight), bias ? OptionalTensor(cast(*bias)) : bias, gelu);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(adaptune, library) {
  library.def("linear(Tensor x, Tensor weight, Tensor? bias=None, *, bool gelu=False) -> Tensor");
}

TORCH_LIBRARY_IMPL(adaptune, CompositeImplicitAutograd, library) {
  library.impl("linear", linear);
}

TORCH_LIBRARY_IMPL(adaptune, AutocastCPU, library) {
  library.impl("linear", linearAutocast<at::kCPU>);
}

TORCH_LIBRARY_IMPL(adaptune, AutocastCUDA, library) {
  library.impl("linear", linearAutocast<at::kCUDA>);
}

}  // namespace adaptune
