// Parts of a batch by what was chosen for each sample, so that each part can run by itself.
//
//   x [R, ...] -> for each alternative k the rows of the samples b with choice_b = k, in batch
//   order; samples whose choice is -1 go nowhere. A sample has one row, or lengths_b of them.
//
// One node in the graph for all parts: its backward writes every row once.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include "row_copies.h"
#include "selection.h"

namespace adaptune {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The rows of every alternative, and last those of samples that go nowhere.
std::vector<Spans> spansOf(at::IntArrayRef choice, int64_t alternatives, at::IntArrayRef lengths) {
  std::vector<Spans> spans(alternatives + 1);
  int64_t row = 0;
  for (size_t b = 0; b < choice.size(); ++b) {
    const int64_t length = lengths.empty() ? 1 : lengths[b];
    spans[choice[b] < 0 ? alternatives : choice[b]].add(row, length, static_cast<int64_t>(b));
    row += length;
  }
  return spans;
}

void check(const at::Tensor& x, at::IntArrayRef choice, int64_t alternatives,
           at::IntArrayRef lengths) {
  TORCH_CHECK(alternatives >= 1, "argument 'alternatives': expected at least 1, given ",
              alternatives);
  for (const int64_t pick : choice) {
    TORCH_CHECK(pick >= -1 && pick < alternatives, "argument 'choice': expected values from -1 to ",
                alternatives - 1, ", given ", pick);
  }
  TORCH_CHECK(lengths.empty() || lengths.size() == choice.size(), "argument 'lengths': expected ",
              choice.size(), " numbers or none, given ", lengths.size());
  const int64_t rows = lengths.empty() ? static_cast<int64_t>(choice.size()) : totalRows(lengths);
  TORCH_CHECK(x.dim() >= 1 && x.size(0) == rows, "argument 'x': expected ", rows,
              " rows, given shape ", x.sizes());
}

variable_list split(const at::Tensor& x, at::IntArrayRef choice, int64_t alternatives,
                    at::IntArrayRef lengths) {
  const auto spans = spansOf(choice, alternatives, lengths);
  variable_list parts;
  for (int64_t k = 0; k < alternatives; ++k) {
    const at::Tensor part = takeRows(x, spans[k]);
    parts.push_back(part.is_same(x) ? part.alias() : part);
  }
  return parts;
}

class SplitSamples : public torch::autograd::Function<SplitSamples> {
 public:
  static variable_list forward(AutogradContext* context, const at::Tensor& x,
                               std::vector<int64_t> choice, int64_t alternatives,
                               std::vector<int64_t> lengths) {
    const at::AutoDispatchBelowADInplaceOrView below;
    context->set_materialize_grads(false);
    auto parts = split(x, choice, alternatives, lengths);
    context->saved_data["sizes"] = x.sizes().vec();
    context->saved_data["options"] = at::empty({0}, x.options());
    context->saved_data["choice"] = std::move(choice);
    context->saved_data["lengths"] = std::move(lengths);
    return parts;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto list = [&](const char* name) { return context->saved_data[name].toIntVector(); };
    const auto choice = list("choice"), lengths = list("lengths"), sizes = list("sizes");
    const auto alternatives = static_cast<int64_t>(gradients.size());
    const auto options = context->saved_data["options"].toTensor().options();
    TORCH_CHECK(!at::GradMode::is_enabled(),
                "split_samples: gradients of gradients are not supported; call backward without "
                "createGraph");
    const auto spans = spansOf(choice, alternatives, lengths);
    int64_t written = 0;
    for (int64_t k = 0; k < alternatives; ++k)
      if (gradients[k].defined()) written += spans[k].rows;
    // Rows that no gradient arrives at have none.
    at::Tensor all = written == sizes[0] ? at::empty(sizes, options) : at::zeros(sizes, options);
    for (int64_t k = 0; k < alternatives; ++k)
      if (gradients[k].defined()) putRows(all, spans[k], gradients[k]);
    return {all, at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

variable_list splitSamples(const at::Tensor& x, at::IntArrayRef choice, int64_t alternatives,
                           at::IntArrayRef lengths) {
  check(x, choice, alternatives, lengths);
  if (at::GradMode::is_enabled() && x.requires_grad())
    return SplitSamples::apply(x, choice.vec(), alternatives, lengths.vec());
  const at::AutoDispatchBelowADInplaceOrView below;
  return split(x, choice, alternatives, lengths);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(adaptune, library) {
  library.def(
      "split_samples(Tensor x, int[] choice, int alternatives, *, int[] lengths=[]) -> Tensor[]");
}

TORCH_LIBRARY_IMPL(adaptune, CompositeImplicitAutograd, library) {
  library.impl("split_samples", splitSamples);
}

}  // namespace adaptune
