// The first half of a feed-forward segment, of which every sample picks one of K alternatives:
//
//   y_b = gelu(x_b W_k^T + b_k)   with k = choice[b];   x [R,n], W_k [m,n], y [R,m]
//
// where sample b has rows of x, and gelu is exact (Hendrycks & Gimpel, arXiv 1606.08415). The gate
// [B,K] gets the straight-through gradient <dy, y' - y> of each alternative y' that a sample is
// compared with. Nothing in the forward asks for y', so it is computed in the backward, a tile at a
// time: the difference, the largest there is in a block, is never kept.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "cpu_kernels.h"
#include "matrix_products.h"
#include "row_copies.h"
#include "select_products.h"

namespace adaptune {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// What samples pick among, and what they picked.
struct Picks {
  SelectLayers layers;
  Selection selection;  // of one head
  std::vector<int64_t> compared;

  // Rows of the samples for which keep(sample) is true.
  template <typename Keep>
  Spans rowsWhere(const Keep& keep) const {
    Spans spans;
    int64_t first = 0;
    for (int64_t b = 0; b < selection.samples(); first += selection.lengths[b++])
      if (keep(b)) spans.add(first, selection.lengths[b], b);
    return spans;
  }

  Spans picked(int64_t k) const {
    return rowsWhere([&](int64_t b) { return selection.at(0, b) == k; });
  }

  Spans comparedWith(int64_t k) const {
    return rowsWhere([&](int64_t b) { return (compared[b] >> k & 1) != 0; });
  }

  // As slices of outputs, for products of our own.
  Selection slices() const {
    return sliced(selection, select::slicesOf(layers.weight(0, 0).size(0), inputs()));
  }

  int64_t inputs() const { return layers.weight(0, 0).size(1); }
};

bool hasProducts(const at::Tensor& x) {
  return x.device().is_cpu() && select::hasProducts(x);
}

// x W^T + b [R,m], or gelu of it.
at::Tensor compute(const at::Tensor& x, const Picks& picks, bool gelu) {
  if (hasProducts(x)) return select::forward(x, picks.layers, picks.slices(), false, gelu)[0];
  at::Tensor z = at::empty({x.size(0), picks.layers.weight(0, 0).size(0)}, x.options());
  for (int64_t k = 0; k < picks.layers.alternatives; ++k) {
    const Spans spans = picks.picked(k);
    if (spans.rows == 0) continue;
    putRows(z, spans,
            products::forward(takeRows(x, spans), picks.layers.weight(0, k),
                              picks.layers.bias(0, k), gelu));
  }
  return z;
}

at::Tensor compare(const at::Tensor& dy, const at::Tensor& z, const at::Tensor& x,
                   const Picks& picks) {
  if (hasProducts(x))
    return select::compareGelu({dy, z, x, picks.layers, picks.selection, picks.compared});
  at::Tensor dGate = at::zeros({picks.selection.samples(), picks.layers.alternatives},
                               x.options().dtype(accumulateType(x)));
  for (int64_t k = 0; k < picks.layers.alternatives; ++k) {
    const Spans spans = picks.comparedWith(k);
    if (spans.rows == 0) continue;
    const at::Tensor other = products::forward(takeRows(x, spans), picks.layers.weight(0, k),
                                               picks.layers.bias(0, k), true);
    at::Tensor column = dGate.select(1, k);
    addDots(column, spans, dy.contiguous(), other - at::gelu(takeRows(z, spans)));
  }
  return dGate;
}

// Gradients of x, weights and biases, of those that are needed.
variable_list gradientsOf(const at::Tensor& dz, const at::Tensor& x, const Picks& picks,
                          const std::vector<int64_t>& needed) {
  const int64_t alternatives = picks.layers.alternatives;
  variable_list result(1 + 2 * alternatives);
  if (hasProducts(x)) {
    const Selection slices = picks.slices();
    if (needed[0]) result[0] = select::inputGradient({dz}, picks.layers, slices);
    std::vector<select::WeightGradient> parts;
    std::vector<int64_t> wanted;
    for (int64_t k = 0; k < alternatives; ++k) {
      if (picks.picked(k).rows == 0) continue;
      if (needed[1 + alternatives + k])
        result[1 + alternatives + k] = select::biasGradient(dz, k, slices);
      if (!needed[1 + k]) continue;
      wanted.push_back(1 + k);
      parts.push_back({dz, k, {}});
    }
    select::weightGradients(parts, x, slices);
    for (size_t i = 0; i < parts.size(); ++i) result[wanted[i]] = parts[i].dw;
    return result;
  }
  if (needed[0]) result[0] = at::empty_like(x);
  for (int64_t k = 0; k < alternatives; ++k) {
    const Spans spans = picks.picked(k);
    if (spans.rows == 0) continue;
    const at::Tensor part = takeRows(dz, spans);
    if (needed[0])
      putRows(result[0], spans, products::inputGradient(part, picks.layers.weight(0, k)));
    if (needed[1 + k]) result[1 + k] = products::weightGradient(part, takeRows(x, spans));
    if (needed[1 + alternatives + k]) result[1 + alternatives + k] = part.sum(0);
  }
  return result;
}

class SelectGelu : public torch::autograd::Function<SelectGelu> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& gate,
                            at::TensorList weights, at::TensorList biases, const Picks& picks) {
    const at::AutoDispatchBelowADInplaceOrView below;
    const at::Tensor z = compute(x, picks, false);
    variable_list saved{x, z};
    saved.insert(saved.end(), weights.begin(), weights.end());
    saved.insert(saved.end(), biases.begin(), biases.end());
    context->save_for_backward(saved);
    std::vector<int64_t> needed{x.requires_grad()};
    for (const auto& weight : weights) needed.push_back(weight.requires_grad());
    for (const auto& bias : biases) needed.push_back(bias.requires_grad());
    needed.push_back(gate.requires_grad());
    context->saved_data["needed"] = needed;
    context->saved_data["gate_options"] = at::empty({0}, gate.options());
    context->saved_data["choice"] = picks.selection.choice;
    context->saved_data["lengths"] = picks.selection.lengths;
    context->saved_data["compared"] = picks.compared;
    return at::gelu(z);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    TORCH_CHECK(!at::GradMode::is_enabled(),
                "select_gelu: gradients of gradients are not supported; call backward without "
                "createGraph");
    const auto list = [&](const char* name) { return context->saved_data[name].toIntVector(); };
    const auto saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &z = saved[1], &dy = gradients[0];
    const auto alternatives = (static_cast<int64_t>(saved.size()) - 2) / 2;
    const variable_list weights(saved.begin() + 2, saved.begin() + 2 + alternatives);
    const variable_list biases(saved.begin() + 2 + alternatives, saved.end());
    const Picks picks{{weights, biases, 1, alternatives},
                      {list("choice"), list("lengths"), 1, alternatives},
                      list("compared")};
    const auto needed = list("needed");
    at::Tensor dGate;
    if (needed.back() != 0)
      dGate = compare(dy, z, x, picks).to(context->saved_data["gate_options"].toTensor().options());
    variable_list result = gradientsOf(at::gelu_backward(dy.contiguous(), z), x, picks, needed);
    result.insert(result.begin() + 1, dGate);
    result.emplace_back();
    return result;
  }
};

void check(const at::Tensor& x, const at::Tensor& gate, const Picks& picks) {
  const auto& [layers, selection, compared] = picks;
  TORCH_CHECK(x.dim() == 2, "argument 'x': expected rows of shape [R,n], given ", x.sizes());
  const auto alternatives = layers.alternatives, samples = selection.samples();
  TORCH_CHECK(alternatives >= 1 && alternatives < 63,
              "argument 'weights': expected 1 to 62 tensors, given ", alternatives);
  TORCH_CHECK(layers.biases.size() == layers.weights.size(), "argument 'biases': expected ",
              alternatives, " tensors, given ", layers.biases.size());
  for (int64_t k = 0; k < alternatives; ++k) {
    const at::Tensor &weight = layers.weight(0, k), &bias = layers.bias(0, k);
    TORCH_CHECK(weight.dim() == 2 && weight.sizes() == layers.weight(0, 0).sizes() &&
                    weight.size(1) == x.size(1) && weight.scalar_type() == x.scalar_type() &&
                    weight.device() == x.device(),
                "argument 'weights[", k, "]': expected ", x.scalar_type(), " of shape [m,",
                x.size(1), "] on ", x.device(), ", the same for all alternatives, given ",
                weight.scalar_type(), " ", weight.sizes(), " on ", weight.device());
    TORCH_CHECK(bias.dim() == 1 && bias.size(0) == weight.size(0) &&
                    bias.scalar_type() == x.scalar_type() && bias.device() == x.device(),
                "argument 'biases[", k, "]': expected ", x.scalar_type(), " of shape [",
                weight.size(0), "] on ", x.device(), ", given ", bias.scalar_type(), " ",
                bias.sizes(), " on ", bias.device());
  }
  TORCH_CHECK(gate.is_floating_point() && gate.dim() == 2 && gate.size(0) == samples &&
                  gate.size(1) == alternatives,
              "argument 'gate': expected floating-point numbers of shape [", samples, ",",
              alternatives, "], given ", gate.scalar_type(), " ", gate.sizes());
  TORCH_CHECK(static_cast<int64_t>(selection.choice.size()) == samples,
              "argument 'choice': expected ", samples, " numbers, one for each length, given ",
              selection.choice.size());
  TORCH_CHECK(static_cast<int64_t>(compared.size()) == samples, "argument 'compared': expected ",
              samples, " numbers or none, given ", compared.size());
  const int64_t rows = totalRows(selection.lengths);
  TORCH_CHECK(rows == x.size(0), "argument 'lengths': expected a sum of ", x.size(0),
              ", the number of rows, given ", rows);
  checkChoice(selection.choice, alternatives);
}

// A bit for every alternative; all bits for all samples where none are given. A sample is never
// compared with what it picked.
std::vector<int64_t> comparedBits(at::IntArrayRef given, const Selection& selection) {
  const auto samples = static_cast<size_t>(selection.samples());
  auto bits = given.empty() ? std::vector<int64_t>(samples, ~int64_t{0}) : given.vec();
  for (size_t b = 0; b < bits.size() && b < selection.choice.size(); ++b)
    bits[b] &= ~(int64_t{1} << (selection.choice[b] & 63));
  return bits;
}

at::Tensor selectGelu(const at::Tensor& given, at::TensorList weights, at::TensorList biases,
                      const at::Tensor& gate, at::IntArrayRef choice, at::IntArrayRef lengths,
                      at::IntArrayRef compared) {
  const auto alternatives = static_cast<int64_t>(weights.size());
  Selection selection{choice.vec(), lengths.vec(), 1, alternatives};
  auto bits = comparedBits(compared, selection);
  const Picks picks{{weights, biases, 1, alternatives}, std::move(selection), std::move(bits)};
  check(given, gate, picks);
  const at::Tensor x = given.contiguous();
  if (at::GradMode::is_enabled()) return SelectGelu::apply(x, gate, weights, biases, picks);
  const at::AutoDispatchBelowADInplaceOrView below;
  return compute(x, picks, true);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(adaptune, library) {
  library.def(
      "select_gelu(Tensor x, Tensor[] weights, Tensor[] biases, Tensor gate, int[] choice, "
      "int[] lengths, *, int[] compared=[]) -> Tensor");
}

TORCH_LIBRARY_IMPL(adaptune, CompositeImplicitAutograd, library) {
  library.impl("select_gelu", selectGelu);
}

}  // namespace adaptune
