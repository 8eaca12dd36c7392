// The end of a transformer's segment in one pass: y = LayerNorm(residual + dropout(x)) over the
// last dimension (Ba, Kiros & Hinton, "Layer Normalization", 2016; dropout as in dropout.cc). The
// norm's weight and bias are the alternative's that each sample picked, where there are several.
//
// For the gradient, x^ and 1 / sqrt(var + eps) are saved, and no mask:
//   g = dy w    dresidual = rstd (g - mean(g) - x^ mean(g x^))    dx = dropout(dresidual)
//   dw_k = sum over rows of k of dy x^    db_k = sum over rows of k of dy
//
// What depends on the device are the two operators with an underscore; rows are [R,D] there, and
// `choice` [R] int32 has the alternative of each.
#include "dropout_add_layer_norm.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "cpu_kernels.h"
#include "philox.h"
#include "selection.h"

namespace adaptune {

namespace {

using add_norm::Backward, add_norm::Forward, add_norm::OptionalTensor;
using add_norm::backwardAnywhere, add_norm::forwardAnywhere;
using add_norm::rowsOf, add_norm::rowsPerSample;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

OptionalTensor optionalOf(const at::Tensor& saved) {
  return saved.defined() ? OptionalTensor(saved) : std::nullopt;
}

// Everything that both directions need beside tensors that have a gradient.
struct Plan {
  Drawn drawn;
  OptionalTensor choice;
};

void checkParameters(const char* argument, at::TensorList parameters, const at::Tensor& x) {
  for (size_t k = 0; k < parameters.size(); ++k) {
    const at::Tensor& given = parameters[k];
    TORCH_CHECK(given.dim() == 1 && given.size(0) == x.size(-1) && given.is_floating_point() &&
                    given.device() == x.device(),
                "argument '", argument, "[", k, "]': expected floating-point numbers of shape [",
                x.size(-1), "] on ", x.device(), ", given ", given.scalar_type(), " ",
                given.sizes(), " on ", given.device());
  }
}

void check(const at::Tensor& x, const at::Tensor& residual, at::TensorList weights,
           at::TensorList biases, double eps) {
  TORCH_CHECK(x.is_floating_point() && x.dim() >= 1 && x.size(-1) >= 1,
              "argument 'x': expected a floating-point tensor of shape [..,D], given ",
              x.scalar_type(), " ", x.sizes());
  TORCH_CHECK(residual.sizes() == x.sizes() && residual.scalar_type() == x.scalar_type() &&
                  residual.device() == x.device(),
              "argument 'residual': expected ", x.scalar_type(), " ", x.sizes(), " on ", x.device(),
              " as x, given ", residual.scalar_type(), " ", residual.sizes(), " on ",
              residual.device());
  TORCH_CHECK(biases.empty() || biases.size() == weights.size(), "argument 'biases': expected ",
              weights.size(), " tensors as there are weights, or none, given ", biases.size());
  TORCH_CHECK(eps >= 0, "argument 'eps': expected a number from 0, given ", eps);
  checkParameters("weights", weights, x);
  checkParameters("biases", biases, x);
}

// The alternative of every row: [R] int32; nothing where there is one alternative.
OptionalTensor choiceOfRows(at::IntArrayRef choice, at::IntArrayRef lengths, int64_t alternatives,
                            const at::Tensor& x) {
  const auto samples = static_cast<int64_t>(choice.size());
  const int64_t rows = rowsOf(x);
  if (alternatives < 2 && samples == 0) return std::nullopt;
  TORCH_CHECK(lengths.empty() || static_cast<int64_t>(lengths.size()) == samples,
              "argument 'lengths': expected ", samples, " numbers or none, given ", lengths.size());
  const int64_t total = totalRows(lengths);
  const bool fits =
      lengths.empty() ? (samples == 0 ? rows == 0 : rows % samples == 0) : total == rows;
  TORCH_CHECK(fits, "argument 'choice': ", rows, " rows can not be those of ", samples, " samples",
              lengths.empty() ? " with the same number each" : " with the given lengths");
  at::Tensor ofRows = at::empty({rows}, at::kInt);
  auto* out = ofRows.mutable_data_ptr<int32_t>();
  for (int64_t sample = 0; sample < samples; ++sample) {
    TORCH_CHECK(choice[sample] >= 0 && choice[sample] < std::max<int64_t>(1, alternatives),
                "argument 'choice': expected values from 0 to ", alternatives - 1, ", given ",
                choice[sample]);
    const int64_t length = lengths.empty() ? rows / samples : lengths[sample];
    out = std::fill_n(out, length, static_cast<int32_t>(choice[sample]));
  }
  return ofRows.to(x.device());
}

// The same of alternatives [R] that lie on the device, where nobody looks at them: what is none of
// them is taken for the nearest.
OptionalTensor chosenByRows(const at::Tensor& chosen, int64_t alternatives, const at::Tensor& x) {
  TORCH_CHECK(chosen.dim() == 1 && chosen.size(0) == rowsOf(x) &&
                  at::isIntegralType(chosen.scalar_type(), false) && chosen.device() == x.device(),
              "argument 'row_choice': expected integers of shape [", rowsOf(x), "] on ", x.device(),
              ", given ", chosen.scalar_type(), " ", chosen.sizes(), " on ", chosen.device());
  if (alternatives < 2) return std::nullopt;
  return chosen.clamp(0, alternatives - 1).to(at::kInt);
}

// By kernels.

// Parameters as kernels take them: in the type that rows are accumulated in.
template <typename A>
class Parameters {
 public:
  Parameters(at::TensorList given, at::ScalarType dtype) {
    for (const at::Tensor& parameter : given) {
      kept_.push_back(parameter.to(dtype).contiguous());
      pointers_.push_back(readFrom<A>(kept_.back()));
    }
  }
  const A* const* data() const { return pointers_.empty() ? nullptr : pointers_.data(); }

 private:
  std::vector<at::Tensor> kept_;
  std::vector<const A*> pointers_;
};

const int32_t* choiceData(const OptionalTensor& choice) {
  return choice ? choice->const_data_ptr<int32_t>() : nullptr;
}

Forward forwardOnCpu(const at::Tensor& x, const at::Tensor& residual, at::TensorList weights,
                     at::TensorList biases, double p, double eps, int64_t seed,
                     const OptionalTensor& rows, const OptionalTensor& choice, bool save) {
  if (!hasKernels(x))
    return forwardAnywhere(x, residual, weights, biases, p, eps, seed, rows, choice, save);
  const Drawn drawn{p, seed, rows.value_or(at::Tensor())};
  const kernels::Dropout dropout = kernelDropout(drawn, rowsPerSample(x));
  const at::Tensor source = x.contiguous(), added = residual.contiguous();
  const int64_t columns = x.size(-1);
  at::Tensor y = at::empty_like(source), normed, rstd;
  if (save) {
    normed = at::empty_like(source);
    rstd = at::empty({rowsOf(x)}, x.options().dtype(accumulateType(x)));
  }
  withElement(x, [&](auto element) {
    using T = decltype(element);
    using A = kernels::Accumulate<T>;
    const Parameters<A> weight(weights, accumulateType(x)), bias(biases, accumulateType(x));
    const kernels::AddNormRows<T> job{readFrom<T>(source),
                                      readFrom<T>(added),
                                      writeTo<T>(y),
                                      writeTo<T>(normed),
                                      writeTo<A>(rstd),
                                      columns,
                                      eps,
                                      weight.data(),
                                      bias.data(),
                                      choiceData(choice),
                                      drawn.drops() ? &dropout : nullptr};
    runRows(kernelsOf<T>().add_norm, job, rowsOf(x), columns);
  });
  if (!save) normed = rstd = at::empty({0}, x.options());
  return {y, normed, rstd};
}

Backward backwardOnCpu(const at::Tensor& dy, const at::Tensor& normed, const at::Tensor& rstd,
                       at::TensorList weights, double p, int64_t seed, const OptionalTensor& rows,
                       const OptionalTensor& choice, at::IntArrayRef needed) {
  if (!hasKernels(dy))
    return backwardAnywhere(dy, normed, rstd, weights, p, seed, rows, choice, needed);
  const Drawn drawn{p, seed, rows.value_or(at::Tensor())};
  const kernels::Dropout dropout = kernelDropout(drawn, rowsPerSample(dy));
  const at::Tensor gradient = dy.contiguous();
  const int64_t columns = dy.size(-1), count = rowsOf(dy);
  // Without dropout both gradients are one tensor.
  at::Tensor dx, dresidual;
  if (needed[1] || (needed[0] && !drawn.drops())) dresidual = at::empty_like(gradient);
  if (needed[0] && drawn.drops()) dx = at::empty_like(gradient);
  // Sums of each group of rows, which are added in order: [groups,parameters,D].
  std::vector<int64_t> slot(needed.size() - 2, -1);
  int64_t slots = 0;
  for (size_t n = 0; n < slot.size(); ++n)
    if (needed[n + 2]) slot[n] = slots++;
  at::Tensor sums =
      at::zeros({groupsOf(count), slots, columns}, dy.options().dtype(accumulateType(dy)));
  withElement(dy, [&](auto element) {
    using T = decltype(element);
    using A = kernels::Accumulate<T>;
    const Parameters<A> weight(weights, accumulateType(dy));
    const kernels::AddNormBackwardRows<T> whole{readFrom<T>(gradient),
                                                readFrom<T>(normed),
                                                readFrom<A>(rstd),
                                                writeTo<T>(dx),
                                                writeTo<T>(dresidual),
                                                columns,
                                                weight.data(),
                                                choiceData(choice),
                                                drawn.drops() ? &dropout : nullptr,
                                                nullptr,
                                                nullptr};
    A* const first = writeTo<A>(sums);
    forGroups(count, columns, [&](int64_t group, int64_t begin, int64_t end, void* scratch) {
      std::vector<A*> own;
      for (const int64_t at : slot)
        own.push_back(at < 0 ? nullptr : first + (group * slots + at) * columns);
      auto job = whole;
      if (!weights.empty()) job.dweights = own.data();
      if (own.size() > weights.size()) job.dbiases = own.data() + weights.size();
      kernelsOf<T>().add_norm_backward(job, begin, end, scratch);
    });
  });
  const at::Tensor totals = sums.sum(0);  // [parameters,D]
  std::vector<at::Tensor> dweights(weights.size()), dbiases(slot.size() - weights.size());
  for (size_t n = 0; n < slot.size(); ++n) {
    if (slot[n] < 0) continue;
    const size_t k = n < weights.size() ? n : n - weights.size();
    (n < weights.size() ? dweights : dbiases)[k] =
        totals.select(0, slot[n]).to(weights[k].scalar_type());
  }
  if (needed[0] && !drawn.drops()) dx = dresidual;
  return {dx, dresidual, dweights, dbiases};
}

Forward callForward(const at::Tensor& x, const at::Tensor& residual, at::TensorList weights,
                    at::TensorList biases, double p, double eps, int64_t seed,
                    const OptionalTensor& rows, const OptionalTensor& choice, bool save) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("adaptune::_dropout_add_layer_norm", "")
                             .typed<decltype(callForward)>();
  return op.call(x, residual, weights, biases, p, eps, seed, rows, choice, save);
}

Backward callBackward(const at::Tensor& dy, const at::Tensor& normed, const at::Tensor& rstd,
                      at::TensorList weights, double p, int64_t seed, const OptionalTensor& rows,
                      const OptionalTensor& choice, at::IntArrayRef needed) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("adaptune::_dropout_add_layer_norm_backward", "")
                             .typed<decltype(callBackward)>();
  return op.call(dy, normed, rstd, weights, p, seed, rows, choice, needed);
}

class DropoutAddLayerNorm : public torch::autograd::Function<DropoutAddLayerNorm> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& residual, at::TensorList weights,
                            at::TensorList biases, Plan plan, double eps) {
    const at::AutoDispatchBelowADInplaceOrView below;
    const auto& [p, seed, rows] = plan.drawn;
    const auto [y, normed, rstd] = callForward(x, residual, weights, biases, p, eps, seed,
                                               optionalOf(rows), plan.choice, true);
    variable_list saved{normed, rstd, rows, plan.choice.value_or(at::Tensor())};
    saved.insert(saved.end(), weights.begin(), weights.end());
    context->save_for_backward(saved);
    std::vector<int64_t> needed;
    needed.push_back(x.requires_grad());
    needed.push_back(residual.requires_grad());
    for (const auto& parameters : {weights, biases})
      for (const at::Tensor& parameter : parameters) needed.push_back(parameter.requires_grad());
    context->saved_data["needed"] = std::move(needed);
    context->saved_data["p"] = p;
    context->saved_data["seed"] = seed;
    return y;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    TORCH_CHECK(!at::GradMode::is_enabled(),
                "dropout_add_layer_norm: gradients of gradients are not supported; call backward "
                "without createGraph");
    const auto saved = context->get_saved_variables();
    const variable_list weights(saved.begin() + 4, saved.end());
    const auto needed = context->saved_data["needed"].toIntVector();
    auto [dx, dresidual, dweights, dbiases] = callBackward(
        gradients[0], saved[0], saved[1], weights, context->saved_data["p"].toDouble(),
        context->saved_data["seed"].toInt(), optionalOf(saved[2]), optionalOf(saved[3]), needed);
    variable_list result{dx, needed[1] ? dresidual : at::Tensor()};
    result.insert(result.end(), dweights.begin(), dweights.end());
    result.insert(result.end(), dbiases.begin(), dbiases.end());
    result.insert(result.end(), 2, at::Tensor());
    return result;
  }
};

Plan planOf(const at::Tensor& x, const at::Tensor& residual, at::TensorList weights,
            at::TensorList biases, double p, double eps, int64_t seed, const OptionalTensor& rows,
            at::IntArrayRef choice, at::IntArrayRef lengths, const OptionalTensor& rowChoice) {
  check(x, residual, weights, biases, eps);
  TORCH_CHECK(choice.empty() || !rowChoice,
              "argument 'row_choice': the alternatives of samples are given already, by 'choice'");
  const auto alternatives = static_cast<int64_t>(weights.size());
  return {checkedDrawn(p, seed, rows, rowsOf(x), x),
          rowChoice ? chosenByRows(*rowChoice, alternatives, x)
                    : choiceOfRows(choice, lengths, alternatives, x)};
}

at::Tensor withoutGradient(const at::Tensor& x, const at::Tensor& residual, at::TensorList weights,
                           at::TensorList biases, double p, double eps, int64_t seed,
                           const OptionalTensor& rows, at::IntArrayRef choice,
                           at::IntArrayRef lengths, const OptionalTensor& rowChoice) {
  const Plan plan =
      planOf(x, residual, weights, biases, p, eps, seed, rows, choice, lengths, rowChoice);
  return std::get<0>(callForward(x, residual, weights, biases, p, eps, seed,
                                 optionalOf(plan.drawn.rows), plan.choice, false));
}

bool isDifferentiated(const at::Tensor& x, const at::Tensor& residual, at::TensorList weights,
                      at::TensorList biases) {
  const auto anyIn = [](at::TensorList tensors) {
    return std::any_of(tensors.begin(), tensors.end(),
                       [](const at::Tensor& tensor) { return tensor.requires_grad(); });
  };
  return at::GradMode::is_enabled() &&
         (x.requires_grad() || residual.requires_grad() || anyIn(weights) || anyIn(biases));
}

at::Tensor withGradient(const at::Tensor& x, const at::Tensor& residual, at::TensorList weights,
                        at::TensorList biases, double p, double eps, int64_t seed,
                        const OptionalTensor& rows, at::IntArrayRef choice, at::IntArrayRef lengths,
                        const OptionalTensor& rowChoice) {
  if (!isDifferentiated(x, residual, weights, biases)) {
    const at::AutoDispatchBelowADInplaceOrView below;
    return withoutGradient(x, residual, weights, biases, p, eps, seed, rows, choice, lengths,
                           rowChoice);
  }
  return DropoutAddLayerNorm::apply(
      x, residual, weights, biases,
      planOf(x, residual, weights, biases, p, eps, seed, rows, choice, lengths, rowChoice), eps);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(adaptune, library) {
  library.def(
      "dropout_add_layer_norm(Tensor x, Tensor residual, Tensor[] weights, Tensor[] biases, *, "
      "float p=0., float eps=1e-05, int seed=0, Tensor? rows=None, int[] choice=[], "
      "int[] lengths=[], Tensor? row_choice=None) -> Tensor");
  library.def(
      "_dropout_add_layer_norm(Tensor x, Tensor residual, Tensor[] weights, Tensor[] biases, "
      "float p, float eps, int seed, Tensor? rows, Tensor? choice, bool save) "
      "-> (Tensor y, Tensor normed, Tensor rstd)");
  library.def(
      "_dropout_add_layer_norm_backward(Tensor dy, Tensor normed, Tensor rstd, Tensor[] weights, "
      "float p, int seed, Tensor? rows, Tensor? choice, int[] needed) "
      "-> (Tensor dx, Tensor dresidual, Tensor[] dweights, Tensor[] dbiases)");
}

TORCH_LIBRARY_IMPL(adaptune, CompositeExplicitAutograd, library) {
  library.impl("dropout_add_layer_norm", withoutGradient);
  library.impl("_dropout_add_layer_norm", forwardAnywhere);
  library.impl("_dropout_add_layer_norm_backward", backwardAnywhere);
}

TORCH_LIBRARY_IMPL(adaptune, CPU, library) {
  library.impl("_dropout_add_layer_norm", forwardOnCpu);
  library.impl("_dropout_add_layer_norm_backward", backwardOnCpu);
}

TORCH_LIBRARY_IMPL(adaptune, Autograd, library) {
  library.impl("dropout_add_layer_norm", withGradient);
}

}  // namespace adaptune
