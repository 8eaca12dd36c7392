// Linear layers whose outputs are slices, one a head, for each of which every sample picks one of K
// alternative layers:
//
//   y_b[h] = x_b W_k[h]^T + b_k[h]   with k = choice[h, b];   x [R,n], W_k [m,n], y [R,m]
//
// where sample b has rows of x. Several projections of the same x (query, key, value) go together.
// Where alternatives are compared, the results of the others are wanted too: then every alternative
// is computed on all rows, which is no more than that. Otherwise nothing else is computed.
//
// In single precision that is done by products of our own (select_products.h). In other dtypes it
// is made of whole products: heads that the same samples picked run together on the rows of these
// samples, and a gradient is of all rows, with zeros where the head picked something else.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <cstring>
#include <map>

#include "matrix_products.h"
#include "row_copies.h"
#include "select_products.h"

namespace adaptune {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The bytes of head h in row r of a matrix of rows.
struct Slices {
  char* data;
  size_t rowBytes, sliceBytes;

  Slices(const at::Tensor& rows, int64_t heads)
      : data(static_cast<char*>(rows.data_ptr())),
        rowBytes(static_cast<size_t>(rows.size(1)) * rows.element_size()),
        sliceBytes(rowBytes / static_cast<size_t>(heads)) {}

  char* at(int64_t row, int64_t head) const {
    return data + static_cast<size_t>(row) * rowBytes + static_cast<size_t>(head) * sliceBytes;
  }
};

// all: the results [R,m] of every alternative -> in every slice that of the one that was picked, or
// of the one `turn` after it.
at::Tensor pickSlices(const Selection& selection, const variable_list& all, int64_t turn) {
  at::Tensor out = at::empty_like(all[0]);
  const Slices to(out, selection.heads);
  std::vector<Slices> from;
  for (const auto& rows : all) from.emplace_back(rows, selection.heads);
  forSamples(selection, [&](int64_t sample, int64_t first, int64_t rows) {
    for (int64_t row = first; row < first + rows; ++row)
      for (int64_t head = 0; head < selection.heads; ++head) {
        const Slices& source = from[turned(selection, head, sample, turn)];
        std::memcpy(to.at(row, head), source.at(row, head), to.sliceBytes);
      }
  });
  return out;
}

// The slices [R,m] of those that picked alternative k, zeros elsewhere.
at::Tensor maskSlices(const Selection& selection, const at::Tensor& all, int64_t k) {
  at::Tensor out = at::empty_like(all);
  const Slices to(out, selection.heads), from(all, selection.heads);
  forSamples(selection, [&](int64_t sample, int64_t first, int64_t rows) {
    for (int64_t row = first; row < first + rows; ++row)
      for (int64_t head = 0; head < selection.heads; ++head) {
        if (selection.at(head, sample) == k)
          std::memcpy(to.at(row, head), from.at(row, head), to.sliceBytes);
        else
          std::memset(to.at(row, head), 0, to.sliceBytes);
      }
  });
  return out;
}

// Heads that the same samples picked an alternative for.
struct Group {
  int64_t alternative;
  std::vector<int64_t> heads;
  Spans spans;
};

std::vector<Group> groupsOf(const Selection& selection) {
  std::map<std::pair<int64_t, std::vector<bool>>, std::vector<int64_t>> heads;
  for (int64_t head = 0; head < selection.heads; ++head)
    for (int64_t k = 0; k < selection.alternatives; ++k) {
      std::vector<bool> picked;
      for (int64_t b = 0; b < selection.samples(); ++b)
        picked.push_back(selection.at(head, b) == k);
      heads[{k, picked}].push_back(head);
    }
  std::vector<Group> groups;
  for (const auto& [key, group] : heads) {
    Group made{key.first, group, {}};
    int64_t row = 0;
    for (int64_t b = 0; b < selection.samples(); row += selection.lengths[b++])
      if (key.second[b]) made.spans.add(row, selection.lengths[b], b);
    if (made.spans.rows > 0) groups.push_back(std::move(made));
  }
  return groups;
}

// The rows of a weight or bias that make the heads' outputs.
at::Tensor outputsOf(const at::Tensor& parameter, const Group& group, int64_t heads) {
  const int64_t size = parameter.size(0) / heads;
  const auto count = static_cast<int64_t>(group.heads.size());
  if (count == heads) return parameter;
  if (group.heads.back() - group.heads.front() == count - 1)
    return parameter.narrow(0, group.heads.front() * size, count * size);
  variable_list parts;
  for (const int64_t head : group.heads) parts.push_back(parameter.narrow(0, head * size, size));
  return at::cat(parts);
}

// part [rows, group's slices] -> its places in all [R,m].
void putSlices(const at::Tensor& all, const at::Tensor& part, const Group& group, int64_t heads) {
  const Slices to(all, heads);
  const Slices from(part, static_cast<int64_t>(group.heads.size()));
  std::vector<int64_t> rows;
  for (const Span& span : group.spans.spans)
    for (int64_t row = span.first; row < span.first + span.length; ++row) rows.push_back(row);
  at::parallel_for(0, static_cast<int64_t>(rows.size()), 64, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      for (size_t n = 0; n < group.heads.size(); ++n)
        std::memcpy(to.at(rows[i], group.heads[n]), from.at(i, static_cast<int64_t>(n)),
                    to.sliceBytes);
  });
}

using Layers = SelectLayers;

// Projection by projection what was picked, and where compared the results of the other turns.
variable_list compute(const at::Tensor& x, const Layers& layers, const Selection& selection,
                      bool compare) {
  if (select::hasProducts(x)) return select::forward(x, layers, selection, compare);
  variable_list results;
  if (compare) {
    for (int64_t p = 0; p < layers.projections; ++p) {
      variable_list all;
      for (int64_t k = 0; k < layers.alternatives; ++k)
        all.push_back(products::forward(x, layers.weight(p, k), layers.bias(p, k), false));
      for (int64_t turn = 0; turn < layers.alternatives; ++turn)
        results.push_back(pickSlices(selection, all, turn));
    }
    return results;
  }
  for (int64_t p = 0; p < layers.projections; ++p)
    results.push_back(at::empty({x.size(0), layers.weight(p, 0).size(0)}, x.options()));
  for (const Group& group : groupsOf(selection)) {
    const at::Tensor rows = takeRows(x, group.spans);
    for (int64_t p = 0; p < layers.projections; ++p) {
      const at::Tensor weight =
          outputsOf(layers.weight(p, group.alternative), group, selection.heads);
      const at::Tensor bias = outputsOf(layers.bias(p, group.alternative), group, selection.heads);
      putSlices(results[p], products::forward(rows, weight, bias, false), group, selection.heads);
    }
  }
  return results;
}

bool isPicked(const Selection& selection, int64_t k) {
  for (const int64_t pick : selection.choice)
    if (pick == k) return true;
  return false;
}

class SelectLinear : public torch::autograd::Function<SelectLinear> {
 public:
  static variable_list forward(AutogradContext* context, const at::Tensor& x,
                               at::TensorList weights, at::TensorList biases, int64_t projections,
                               Selection selection, bool compare) {
    const at::AutoDispatchBelowADInplaceOrView below;
    const Layers layers{weights, biases, projections, selection.alternatives};
    auto results = compute(x, layers, selection, compare);
    // Only what was picked has a gradient.
    variable_list others;
    for (size_t i = 0; i < results.size(); ++i)
      if (compare && i % selection.alternatives != 0) others.push_back(results[i]);
    context->mark_non_differentiable(others);
    context->set_materialize_grads(false);
    variable_list saved{x};
    saved.insert(saved.end(), weights.begin(), weights.end());
    context->save_for_backward(saved);
    std::vector<int64_t> needed{x.requires_grad()};
    for (const auto& weight : weights) needed.push_back(weight.requires_grad());
    for (const auto& bias : biases) needed.push_back(bias.requires_grad());
    context->saved_data["needed"] = needed;
    context->saved_data["projections"] = projections;
    context->saved_data["compare"] = compare;
    context->saved_data["choice"] = selection.choice;
    context->saved_data["lengths"] = selection.lengths;
    context->saved_data["heads"] = selection.heads;
    context->saved_data["alternatives"] = selection.alternatives;
    return results;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    TORCH_CHECK(!at::GradMode::is_enabled(),
                "select_linear: gradients of gradients are not supported; call backward without "
                "createGraph");
    const auto list = [&](const char* name) { return context->saved_data[name].toIntVector(); };
    const auto number = [&](const char* name) { return context->saved_data[name].toInt(); };
    const Selection selection{list("choice"), list("lengths"), number("heads"),
                              number("alternatives")};
    const bool compare = context->saved_data["compare"].toBool();
    const auto saved = context->get_saved_variables();
    const auto needed = list("needed");
    const int64_t layers = number("projections") * selection.alternatives;
    at::Tensor dx;
    variable_list dWeights(layers), dBiases(layers);
    const auto gradientOf = [&](int64_t layer) -> const at::Tensor& {
      const int64_t p = layer / selection.alternatives;
      return gradients[compare ? p * selection.alternatives : p];
    };
    const auto hasGradient = [&](int64_t layer) {
      return gradientOf(layer).defined() && isPicked(selection, layer % selection.alternatives);
    };
    if (select::hasProducts(saved[0])) {
      variable_list dys;
      for (int64_t layer = 0; layer < layers; layer += selection.alternatives)
        dys.push_back(gradientOf(layer));
      const variable_list weights(saved.begin() + 1, saved.end());
      if (needed[0])
        dx = select::inputGradient(
            dys, {weights, {}, number("projections"), selection.alternatives}, selection);
      std::vector<int64_t> wanted;
      std::vector<select::WeightGradient> parts;
      for (int64_t layer = 0; layer < layers; ++layer) {
        if (!hasGradient(layer)) continue;
        const int64_t k = layer % selection.alternatives;
        if (needed[1 + layers + layer])
          dBiases[layer] = select::biasGradient(gradientOf(layer), k, selection);
        if (!needed[1 + layer]) continue;
        wanted.push_back(layer);
        parts.push_back({gradientOf(layer), k, {}});
      }
      select::weightGradients(parts, saved[0], selection);
      for (size_t i = 0; i < parts.size(); ++i) dWeights[wanted[i]] = parts[i].dw;
    } else {
      for (int64_t layer = 0; layer < layers; ++layer) {
        if (!hasGradient(layer)) continue;
        const at::Tensor dy =
            maskSlices(selection, gradientOf(layer).contiguous(), layer % selection.alternatives);
        if (needed[0]) {
          const at::Tensor part = products::inputGradient(dy, saved[1 + layer]);
          dx = dx.defined() ? dx.add_(part) : part;
        }
        if (needed[1 + layer]) dWeights[layer] = products::weightGradient(dy, saved[0]);
        if (needed[1 + layers + layer]) dBiases[layer] = dy.sum(0);
      }
    }
    variable_list result{dx};
    result.insert(result.end(), dWeights.begin(), dWeights.end());
    result.insert(result.end(), dBiases.begin(), dBiases.end());
    result.insert(result.end(), 3, at::Tensor());
    return result;
  }
};

Selection check(const at::Tensor& x, at::TensorList weights, at::TensorList biases,
                int64_t projections, at::IntArrayRef choice, at::IntArrayRef lengths,
                int64_t heads) {
  TORCH_CHECK(x.dim() == 2 && x.device().is_cpu(),
              "argument 'x': expected rows of shape [R,n] on the CPU, given ", x.sizes(), " on ",
              x.device());
  TORCH_CHECK(projections >= 1 && !weights.empty() &&
                  weights.size() % static_cast<size_t>(projections) == 0,
              "argument 'weights': expected as many for each of ", projections,
              " projections, given ", weights.size());
  TORCH_CHECK(biases.size() == weights.size(), "argument 'biases': expected ", weights.size(),
              ", given ", biases.size());
  const auto alternatives = static_cast<int64_t>(weights.size()) / projections;
  for (size_t i = 0; i < weights.size(); ++i) {
    const auto& like = weights[i - i % static_cast<size_t>(alternatives)];
    TORCH_CHECK(weights[i].dim() == 2 && weights[i].sizes() == like.sizes() &&
                    weights[i].size(1) == x.size(1) && weights[i].size(0) % heads == 0 &&
                    weights[i].scalar_type() == x.scalar_type(),
                "argument 'weights[", i, "]': expected ", x.scalar_type(), " of shape [m,",
                x.size(1), "] with m a multiple of ", heads,
                " heads, and the same for all "
                "alternatives, given ",
                weights[i].scalar_type(), " ", weights[i].sizes());
    TORCH_CHECK(biases[i].dim() == 1 && biases[i].size(0) == weights[i].size(0) &&
                    biases[i].scalar_type() == x.scalar_type(),
                "argument 'biases[", i, "]': expected ", x.scalar_type(), " of shape [",
                weights[i].size(0), "], given ", biases[i].scalar_type(), " ", biases[i].sizes());
  }
  TORCH_CHECK(heads >= 1 && choice.size() == static_cast<size_t>(heads) * lengths.size(),
              "argument 'choice': expected ", heads, " heads times ", lengths.size(),
              " samples, given ", choice.size(), " numbers");
  const int64_t rows = totalRows(lengths);
  TORCH_CHECK(rows == x.size(0), "argument 'lengths': expected a sum of ", x.size(0),
              ", the number of rows, given ", rows);
  checkChoice(choice, alternatives);
  return {choice.vec(), lengths.vec(), heads, alternatives};
}

variable_list selectLinear(const at::Tensor& given, at::TensorList weights, at::TensorList biases,
                           int64_t projections, at::IntArrayRef choice, at::IntArrayRef lengths,
                           int64_t heads, bool compare) {
  auto selection = check(given, weights, biases, projections, choice, lengths, heads);
  const at::Tensor x = given.contiguous();
  if (at::GradMode::is_enabled())
    return SelectLinear::apply(x, weights, biases, projections, std::move(selection), compare);
  const at::AutoDispatchBelowADInplaceOrView below;
  return compute(x, {weights, biases, projections, selection.alternatives}, selection, compare);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(adaptune, library) {
  library.def(
      "select_linear(Tensor x, Tensor[] weights, Tensor[] biases, int projections, int[] choice, "
      "int[] lengths, int heads, *, bool compare=False) -> Tensor[]");
}

TORCH_LIBRARY_IMPL(adaptune, CompositeImplicitAutograd, library) {
  library.impl("select_linear", selectLinear);
}

}  // namespace adaptune
