// The straight-through gradient of decisions that heads took: y [R,D] is what was picked, `others`
// is what each head would have given otherwise, and the gate [H*B,K] gets <dy, other - y> of every
// head of every sample. As in route_blend.cc, the constant <dy, y> is left out.
#include <ATen/Dispatch.h>
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "selection.h"

namespace adaptune {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Sums of sixteen lanes keep their precision and their speed.
template <typename scalar>
double dot(const scalar* dOut, const scalar* difference, int64_t size) {
  using sum_t = std::conditional_t<std::is_same_v<scalar, double>, double, float>;
  sum_t lanes[16] = {};
  int64_t i = 0;
  for (; i + 16 <= size; i += 16)
    for (int64_t lane = 0; lane < 16; ++lane)
      lanes[lane] += static_cast<sum_t>(dOut[i + lane]) * static_cast<sum_t>(difference[i + lane]);
  double total = 0;
  for (const sum_t lane : lanes) total += lane;
  for (; i < size; ++i) total += static_cast<double>(dOut[i]) * static_cast<double>(difference[i]);
  return total;
}

class CompareHeads : public torch::autograd::Function<CompareHeads> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& y, at::TensorList others,
                            const at::Tensor& gate, Selection selection) {
    const at::AutoDispatchBelowADInplaceOrView below;
    variable_list differences;
    for (const auto& other : others) differences.push_back(other - y);
    context->save_for_backward(differences);
    context->saved_data["gate_options"] = at::empty({0}, gate.options());
    context->saved_data["choice"] = selection.choice;
    context->saved_data["lengths"] = selection.lengths;
    context->saved_data["heads"] = selection.heads;
    context->saved_data["alternatives"] = selection.alternatives;
    return y.alias();
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    TORCH_CHECK(!at::GradMode::is_enabled(),
                "compare_heads: gradients of gradients are not supported; call backward without "
                "createGraph");
    const auto list = [&](const char* name) { return context->saved_data[name].toIntVector(); };
    const auto number = [&](const char* name) { return context->saved_data[name].toInt(); };
    const Selection selection{list("choice"), list("lengths"), number("heads"),
                              number("alternatives")};
    const auto differences = context->get_saved_variables();
    const at::Tensor dOut = gradients[0].contiguous();
    const at::Tensor dGate = at::zeros(
        {static_cast<int64_t>(selection.choice.size()), selection.alternatives}, at::kDouble);
    const int64_t width = dOut.size(1), size = width / selection.heads;
    auto* slopes = dGate.mutable_data_ptr<double>();
    AT_DISPATCH_FLOATING_TYPES_AND2(
        at::kHalf, at::kBFloat16, dOut.scalar_type(), "compare_heads", [&] {
          const auto* dy = dOut.const_data_ptr<scalar_t>();
          for (size_t turn = 1; turn <= differences.size(); ++turn) {
            const auto* difference = differences[turn - 1].const_data_ptr<scalar_t>();
            forSamples(selection, [&](int64_t sample, int64_t first, int64_t rows) {
              for (int64_t head = 0; head < selection.heads; ++head) {
                double total = 0;
                for (int64_t row = first; row < first + rows; ++row) {
                  const int64_t place = row * width + head * size;
                  total += dot(dy + place, difference + place, size);
                }
                const int64_t k = turned(selection, head, sample, static_cast<int64_t>(turn));
                const int64_t decision = head * selection.samples() + sample;
                slopes[decision * selection.alternatives + k] = total;
              }
            });
          }
        });
    const auto options = context->saved_data["gate_options"].toTensor().options();
    variable_list result{gradients[0]};
    result.insert(result.end(), differences.size(), at::Tensor());
    result.push_back(dGate.to(options));
    result.emplace_back();
    return result;
  }
};

at::Tensor compareHeads(const at::Tensor& y, at::TensorList others, const at::Tensor& gate,
                        at::IntArrayRef choice, at::IntArrayRef lengths, int64_t heads) {
  TORCH_CHECK(y.dim() == 2 && y.is_contiguous() && y.device().is_cpu() && heads >= 1 &&
                  y.size(1) % heads == 0,
              "argument 'y': expected contiguous rows [R,D] on the CPU with D a multiple of ",
              heads, " heads, given ", y.sizes());
  for (const auto& other : others)
    TORCH_CHECK(other.sizes() == y.sizes() && other.scalar_type() == y.scalar_type(),
                "argument 'others': expected ", y.scalar_type(), " ", y.sizes(), ", given ",
                other.scalar_type(), " ", other.sizes());
  const int64_t rows = totalRows(lengths);
  TORCH_CHECK(rows == y.size(0), "argument 'lengths': expected a sum of ", y.size(0),
              ", the number of rows, given ", rows);
  const auto alternatives = static_cast<int64_t>(others.size()) + 1;
  const auto decisions = static_cast<int64_t>(choice.size());
  TORCH_CHECK(decisions == heads * static_cast<int64_t>(lengths.size()) && gate.dim() == 2 &&
                  gate.size(0) == decisions && gate.size(1) == alternatives,
              "argument 'gate': expected shape [", decisions, ",", alternatives, "] for ", heads,
              " heads of ", lengths.size(), " samples, given ", gate.sizes());
  checkChoice(choice, alternatives);
  return CompareHeads::apply(y, others, gate,
                             Selection{choice.vec(), lengths.vec(), heads, alternatives});
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(adaptune, library) {
  library.def(
      "compare_heads(Tensor y, Tensor[] others, Tensor gate, int[] choice, int[] lengths, "
      "int heads) -> Tensor");
}

TORCH_LIBRARY_IMPL(adaptune, CompositeImplicitAutograd, library) {
  library.impl("compare_heads", compareHeads);
}

}  // namespace adaptune
