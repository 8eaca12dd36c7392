// gelu(x + bias) in one pass, exact by the error function (Hendrycks & Gimpel, "Gaussian Error
// Linear Units", 2016), where the matrix product before it does not add the bias itself. x [..,D],
// bias [D].
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "cpu_kernels.h"

namespace adaptune {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using OptionalTensor = std::optional<at::Tensor>;

int64_t columnsOf(const at::Tensor& x) {
  return x.dim() == 0 ? 1 : x.size(-1);
}

int64_t rowsOf(const at::Tensor& x) {
  return x.numel() == 0 ? 0 : x.numel() / columnsOf(x);
}

void check(const at::Tensor& x, const OptionalTensor& bias) {
  TORCH_CHECK(x.is_floating_point(), "argument 'x': expected a floating-point tensor, given ",
              x.scalar_type());
  if (!bias) return;
  TORCH_CHECK(bias->dim() == 1 && x.dim() >= 1 && bias->size(0) == x.size(-1) &&
                  bias->is_floating_point() && bias->device() == x.device(),
              "argument 'bias': expected floating-point numbers of shape [", columnsOf(x), "] on ",
              x.device(), ", given ", bias->scalar_type(), " ", bias->sizes(), " on ",
              bias->device());
}

at::Tensor shifted(const at::Tensor& x, const OptionalTensor& bias) {
  return bias ? x + bias->to(x.scalar_type()) : x;
}

at::Tensor forwardAnywhere(const at::Tensor& x, const OptionalTensor& bias) {
  check(x, bias);
  return at::gelu(shifted(x, bias));
}

std::tuple<at::Tensor, at::Tensor> backwardAnywhere(const at::Tensor& dy, const at::Tensor& x,
                                                    const OptionalTensor& bias, bool needsBias) {
  const at::Tensor dx = at::gelu_backward(dy, shifted(x, bias));
  if (!needsBias) return {dx, at::Tensor()};
  return {dx, dx.reshape({rowsOf(x), x.size(-1)}).sum(0).to(bias->scalar_type())};
}

at::Tensor parameterOf(const OptionalTensor& bias, const at::Tensor& x) {
  return bias ? bias->to(accumulateType(x)).contiguous() : at::Tensor();
}

at::Tensor forwardOnCpu(const at::Tensor& x, const OptionalTensor& bias) {
  if (!hasKernels(x)) return forwardAnywhere(x, bias);
  check(x, bias);
  const at::Tensor source = x.contiguous(), parameter = parameterOf(bias, x);
  at::Tensor y = at::empty_like(source);
  withElement(x, [&](auto element) {
    using T = decltype(element);
    const kernels::BiasGeluRows<T> job{readFrom<T>(source),
                                       readFrom<kernels::Accumulate<T>>(parameter), writeTo<T>(y),
                                       columnsOf(x)};
    runRows(kernelsOf<T>().bias_gelu, job, rowsOf(x), columnsOf(x));
  });
  return y;
}

std::tuple<at::Tensor, at::Tensor> backwardOnCpu(const at::Tensor& dy, const at::Tensor& x,
                                                 const OptionalTensor& bias, bool needsBias) {
  if (!hasKernels(x)) return backwardAnywhere(dy, x, bias, needsBias);
  const at::Tensor gradient = dy.contiguous(), source = x.contiguous(),
                   parameter = parameterOf(bias, x);
  const int64_t columns = columnsOf(x), rows = rowsOf(x);
  at::Tensor dx = at::empty_like(source), sums;
  if (needsBias) sums = at::zeros({groupsOf(rows), columns}, x.options().dtype(accumulateType(x)));
  withElement(x, [&](auto element) {
    using T = decltype(element);
    using A = kernels::Accumulate<T>;
    const kernels::BiasGeluBackwardRows<T> whole{readFrom<T>(gradient),
                                                 readFrom<T>(source),
                                                 readFrom<A>(parameter),
                                                 writeTo<T>(dx),
                                                 columns,
                                                 nullptr};
    A* const first = writeTo<A>(sums);
    forGroups(rows, columns, [&](int64_t group, int64_t begin, int64_t end, void* scratch) {
      auto job = whole;
      if (first) job.dbias = first + group * columns;
      kernelsOf<T>().bias_gelu_backward(job, begin, end, scratch);
    });
  });
  return {dx, needsBias ? sums.sum(0).to(bias->scalar_type()) : at::Tensor()};
}

at::Tensor callForward(const at::Tensor& x, const OptionalTensor& bias) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("adaptune::bias_gelu", "")
                             .typed<decltype(callForward)>();
  return op.call(x, bias);
}

std::tuple<at::Tensor, at::Tensor> callBackward(const at::Tensor& dy, const at::Tensor& x,
                                                const OptionalTensor& bias, bool needsBias) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("adaptune::_bias_gelu_backward", "")
                             .typed<decltype(callBackward)>();
  return op.call(dy, x, bias, needsBias);
}

class BiasGelu : public torch::autograd::Function<BiasGelu> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const OptionalTensor& bias) {
    const at::AutoDispatchBelowADInplaceOrView below;
    context->save_for_backward({x, bias.value_or(at::Tensor())});
    context->saved_data["needs_bias"] = bias && bias->requires_grad();
    return callForward(x, bias);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const OptionalTensor bias = saved[1].defined() ? OptionalTensor(saved[1]) : std::nullopt;
    const bool needsBias = context->saved_data["needs_bias"].toBool();
    // For gradients of gradients what is computed must have a graph.
    const auto [dx, dbias] = at::GradMode::is_enabled()
                                 ? backwardAnywhere(gradients[0], saved[0], bias, needsBias)
                                 : callBackward(gradients[0], saved[0], bias, needsBias);
    return {dx, dbias};
  }
};

at::Tensor autograd(const at::Tensor& x, const OptionalTensor& bias) {
  check(x, bias);
  return BiasGelu::apply(x, bias);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(adaptune, library) {
  library.def("bias_gelu(Tensor x, Tensor? bias=None) -> Tensor");
  library.def(
      "_bias_gelu_backward(Tensor dy, Tensor x, Tensor? bias, bool needs_bias) "
      "-> (Tensor dx, Tensor dbias)");
}

TORCH_LIBRARY_IMPL(adaptune, CompositeExplicitAutograd, library) {
  library.impl("bias_gelu", forwardAnywhere);
  library.impl("_bias_gelu_backward", backwardAnywhere);
}

TORCH_LIBRARY_IMPL(adaptune, CPU, library) {
  library.impl("bias_gelu", forwardOnCpu);
  library.impl("_bias_gelu_backward", backwardOnCpu);
}

TORCH_LIBRARY_IMPL(adaptune, Autograd, library) {
  library.impl("bias_gelu", autograd);
}

}  // namespace adaptune
