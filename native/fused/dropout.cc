// Counter-based dropout: y = x / (1 - p) where Philox4x32-10 (Salmon et al. 2011) at
// (seed; row, column) keeps an element, 0 elsewhere. Nothing is saved for the gradient, which is
// dropout by the same counters.
//
// Rows are all but the last dimension. Each has a number, sample * 2^32 + position; by default the
// first dimension counts the samples, those between it and the last a sample's positions.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "cpu_kernels.h"
#include "philox.h"

namespace adaptune {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using OptionalTensor = std::optional<at::Tensor>;

int64_t columnsOf(const at::Tensor& x) {
  return x.dim() == 0 ? 1 : x.size(-1);
}

int64_t rowsOf(const at::Tensor& x) {
  int64_t rows = 1;
  for (int64_t d = 0; d + 1 < x.dim(); ++d) rows *= x.size(d);
  return rows;
}

int64_t rowsPerSample(const at::Tensor& x) {
  return x.dim() < 2 || x.size(0) == 0 ? 1 : rowsOf(x) / x.size(0);
}

Drawn check(const at::Tensor& x, double p, int64_t seed, const OptionalTensor& rows) {
  TORCH_CHECK(x.is_floating_point(), "argument 'x': expected a floating-point tensor, given ",
              x.scalar_type());
  return checkedDrawn(p, seed, rows, rowsOf(x), x);
}

at::Tensor dropoutAnywhere(const at::Tensor& x, double p, int64_t seed,
                           const OptionalTensor& rows) {
  const Drawn drawn = check(x, p, seed, rows);
  if (!drawn.drops() || x.numel() == 0) return x.clone();
  const at::Tensor numbers =
      drawn.rows.defined() ? drawn.rows : numbersInOrder(rowsOf(x), rowsPerSample(x), x.device());
  const auto options = numbers.options();
  return x * keepFactors(drawn, numbers.unsqueeze(1), at::zeros({1}, options),
                         at::arange(columnsOf(x), options), x.scalar_type())
                 .view(x.sizes());
}

at::Tensor dropoutOnCpu(const at::Tensor& x, double p, int64_t seed, const OptionalTensor& rows) {
  const Drawn drawn = check(x, p, seed, rows);
  if (!drawn.drops() || x.numel() == 0 || !hasKernels(x)) return dropoutAnywhere(x, p, seed, rows);
  const kernels::Dropout dropout = kernelDropout(drawn, rowsPerSample(x));
  const at::Tensor source = x.contiguous();
  at::Tensor y = at::empty_like(source);
  withElement(x, [&](auto element) {
    using T = decltype(element);
    const kernels::DropoutRows<T> job{readFrom<T>(source), writeTo<T>(y), columnsOf(x), &dropout};
    runRows(kernelsOf<T>().dropout, job, rowsOf(x), columnsOf(x));
  });
  return y;
}

at::Tensor dispatched(const at::Tensor& x, double p, int64_t seed, const OptionalTensor& rows) {
  static const auto handle = c10::Dispatcher::singleton()
                                 .findSchemaOrThrow("adaptune::dropout", "")
                                 .typed<decltype(dispatched)>();
  return handle.call(x, p, seed, rows);
}

class DropoutFunction : public torch::autograd::Function<DropoutFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, double p, int64_t seed,
                            const OptionalTensor& rows) {
    const at::AutoDispatchBelowADInplaceOrView below;
    context->save_for_backward({rows.value_or(at::Tensor())});
    context->saved_data["p"] = p;
    context->saved_data["seed"] = seed;
    return dispatched(x, p, seed, rows);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const at::Tensor rows = context->get_saved_variables()[0];
    const at::Tensor dx = dispatched(gradients[0], context->saved_data["p"].toDouble(),
                                     context->saved_data["seed"].toInt(),
                                     rows.defined() ? OptionalTensor(rows) : std::nullopt);
    return {dx, at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

at::Tensor dropoutAutograd(const at::Tensor& x, double p, int64_t seed,
                           const OptionalTensor& rows) {
  check(x, p, seed, rows);
  return DropoutFunction::apply(x, p, seed, rows);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(adaptune, library) {
  library.def("dropout(Tensor x, float p, int seed, *, Tensor? rows=None) -> Tensor");
}

TORCH_LIBRARY_IMPL(adaptune, CompositeExplicitAutograd, library) {
  library.impl("dropout", dropoutAnywhere);
}

TORCH_LIBRARY_IMPL(adaptune, CPU, library) {
  library.impl("dropout", dropoutOnCpu);
}

TORCH_LIBRARY_IMPL(adaptune, Autograd, library) {
  library.impl("dropout", dropoutAutograd);
}

}  // namespace adaptune
