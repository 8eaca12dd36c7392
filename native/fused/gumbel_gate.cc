// The straight-through Gumbel-Softmax gate: Jang, Gu & Poole, "Categorical Reparameterization with
// Gumbel-Softmax", 2017, section 2.2.
//
//   forward   choice = argmax_k (logits_k - log E_k),  E ~ Exponential(1);  gate = onehot(choice)
//   backward  that of p = softmax((logits - log E) / temperature)
//
// One pass over each row finds the choice, the one-hot gate and p.
#include <ATen/Dispatch.h>
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <cmath>
#include <limits>

namespace adaptune {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

using Noise = std::optional<at::Tensor>;
using Gate = std::tuple<at::Tensor, at::Tensor, at::Tensor>;  // gate, choice, probabilities

// (logits - log E) / temperature; without noise when E is not given.
at::Tensor scores(const at::Tensor& logits, const Noise& exponential, double temperature) {
  if (!exponential) return logits / temperature;
  // A draw of exactly zero would score infinity.
  const auto noise = exponential->clamp_min(std::numeric_limits<float>::min()).log();
  return (logits - noise.to(logits.scalar_type())) / temperature;
}

template <typename scalar>
void gateRows(const Gate& out, const at::Tensor& score) {
  const int64_t alternatives = score.size(-1);
  const int64_t rows = alternatives == 0 ? 0 : score.numel() / alternatives;
  const auto* scoreData = score.const_data_ptr<scalar>();
  auto* gate = std::get<0>(out).mutable_data_ptr<scalar>();
  auto* choice = std::get<1>(out).mutable_data_ptr<int64_t>();
  auto* probabilities = std::get<2>(out).mutable_data_ptr<scalar>();
  at::parallel_for(0, rows, 4096, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const scalar* x = scoreData + row * alternatives;
      scalar* p = probabilities + row * alternatives;
      int64_t best = 0;
      for (int64_t k = 1; k < alternatives; ++k) {
        if (x[k] > x[best]) best = k;
      }
      scalar sum = 0;
      for (int64_t k = 0; k < alternatives; ++k) sum += p[k] = std::exp(x[k] - x[best]);
      for (int64_t k = 0; k < alternatives; ++k) {
        p[k] /= sum;
        gate[row * alternatives + k] = k == best ? scalar{1} : scalar{0};
      }
      choice[row] = best;
    }
  });
}

// What depends on the device are the two operators with an underscore.

Gate gateAnywhere(const at::Tensor& logits, const Noise& exponential, double temperature) {
  const at::Tensor score = scores(logits, exponential, temperature);
  const auto choice = score.argmax(-1);
  const auto gate = at::zeros_like(score).scatter_(-1, choice.unsqueeze(-1), 1);
  return {gate, choice, score.softmax(-1)};
}

Gate gateOnCpu(const at::Tensor& logits, const Noise& exponential, double temperature) {
  const auto dtype = logits.scalar_type();
  if (dtype != at::kFloat && dtype != at::kDouble)
    return gateAnywhere(logits, exponential, temperature);
  const at::Tensor score = scores(logits, exponential, temperature).contiguous();
  Gate out{at::empty_like(score), at::empty(score.sizes().slice(0, score.dim() - 1), at::kLong),
           at::empty_like(score)};
  AT_DISPATCH_FLOATING_TYPES(dtype, "gumbel_gate", [&] { gateRows<scalar_t>(out, score); });
  return out;
}

at::Tensor backwardAnywhere(const at::Tensor& p, const at::Tensor& dGate, double temperature) {
  return p * (dGate - (p * dGate).sum(-1, true)) / temperature;
}

Gate decide(const at::Tensor& logits, const Noise& exponential, double temperature) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("adaptune::_gumbel_gate", "")
                             .typed<decltype(decide)>();
  return op.call(logits, exponential, temperature);
}

at::Tensor decideBackward(const at::Tensor& p, const at::Tensor& dGate, double temperature) {
  static const auto op = c10::Dispatcher::singleton()
                             .findSchemaOrThrow("adaptune::_gumbel_gate_backward", "")
                             .typed<decltype(decideBackward)>();
  return op.call(p, dGate, temperature);
}

void checkGate(const at::Tensor& logits, double temperature, const Noise& exponential) {
  TORCH_CHECK(logits.is_floating_point(),
              "argument 'logits': expected a floating-point "
              "tensor, given ",
              logits.scalar_type());
  TORCH_CHECK(logits.dim() >= 1 && logits.size(-1) >= 1,
              "argument 'logits': expected shape [..., K] with K of at least 1, given ",
              logits.sizes());
  TORCH_CHECK(std::isfinite(temperature) && temperature > 0,
              "argument 'temperature': expected a positive number, given ", temperature);
  if (!exponential) return;
  TORCH_CHECK(exponential->sizes() == logits.sizes(), "argument 'exponential': expected shape ",
              logits.sizes(), ", given ", exponential->sizes());
}

Noise drawNoise(const at::Tensor& logits, bool sample, const Noise& given) {
  if (!sample || given) return sample ? given : std::nullopt;
  const auto dtype = logits.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  return at::empty(logits.sizes(), logits.options().dtype(dtype)).exponential_();
}

Noise optionalOf(const at::Tensor& saved) {
  return saved.defined() ? Noise(saved) : std::nullopt;
}

class GumbelGate : public torch::autograd::Function<GumbelGate> {
 public:
  static variable_list forward(AutogradContext* context, const at::Tensor& logits,
                               const Noise& exponential, double temperature) {
    const at::AutoDispatchBelowADInplaceOrView below;
    const auto [gate, choice, probabilities] = decide(logits, exponential, temperature);
    context->save_for_backward({logits, exponential.value_or(at::Tensor()), probabilities});
    context->saved_data["temperature"] = temperature;
    context->mark_non_differentiable({choice});
    return {gate, choice};
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const double temperature = context->saved_data["temperature"].toDouble();
    const auto saved = context->get_saved_variables();
    const at::Tensor& dGate = gradients[0];
    // For gradients of gradients p must depend on the logits.
    const at::Tensor dLogits =
        at::GradMode::is_enabled()
            ? backwardAnywhere(scores(saved[0], optionalOf(saved[1]), temperature).softmax(-1),
                               dGate, temperature)
            : decideBackward(saved[2], dGate, temperature);
    return {dLogits, at::Tensor(), at::Tensor()};
  }
};

std::tuple<at::Tensor, at::Tensor> gumbelGate(const at::Tensor& logits, double temperature,
                                              bool sample, const Noise& exponential) {
  checkGate(logits, temperature, exponential);
  const auto [gate, choice, probabilities] =
      decide(logits, drawNoise(logits, sample, exponential), temperature);
  return {gate, choice};
}

std::tuple<at::Tensor, at::Tensor> gumbelGateAutograd(const at::Tensor& logits, double temperature,
                                                      bool sample, const Noise& exponential) {
  checkGate(logits, temperature, exponential);
  const Noise noise = drawNoise(logits.detach(), sample, exponential);
  const auto out = GumbelGate::apply(logits, noise, temperature);
  return {out[0], out[1]};
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(adaptune, library) {
  library.def(
      "gumbel_gate(Tensor logits, float temperature, *, bool sample=True, Tensor? "
      "exponential=None) "
      "-> (Tensor gate, Tensor choice)");
  library.def(
      "_gumbel_gate(Tensor logits, Tensor? exponential, float temperature) "
      "-> (Tensor gate, Tensor choice, Tensor probabilities)");
  library.def(
      "_gumbel_gate_backward(Tensor probabilities, Tensor dgate, float temperature) -> Tensor");
}

TORCH_LIBRARY_IMPL(adaptune, CompositeExplicitAutograd, library) {
  library.impl("gumbel_gate", gumbelGate);
  library.impl("_gumbel_gate", gateAnywhere);
  library.impl("_gumbel_gate_backward", backwardAnywhere);
}

TORCH_LIBRARY_IMPL(adaptune, CPU, library) {
  library.impl("_gumbel_gate", gateOnCpu);
}

TORCH_LIBRARY_IMPL(adaptune, Autograd, library) {
  library.impl("gumbel_gate", gumbelGateAutograd);
}

}  // namespace adaptune
