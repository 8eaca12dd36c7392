// The straight-through blend of routed results.
//
// With a one-hot gate the blend  out_b = sum_k gate_bk * result_bk  is a copy of the chosen result,
// and the gate's gradient is  <dOut_b, result_bk>.  As the gate's own gradient is orthogonal to
// adding a constant to all k of a sample (softmax), <dOut_b, result_bk - out_b> serves as well; it
// needs nothing of the chosen result, and only the differences of those not chosen are kept.
//
// What was chosen is known on the host, so that no device is waited for.
#include <ATen/Dispatch.h>
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

// Which samples chose each alternative, and which it is compared for; and where their rows are.
struct Plan {
  std::vector<Spans> chosen, compared;
  int64_t rows = 0;
};

struct Choices {
  std::vector<int64_t> choice, lengths, compared;

  // A sample of the batch has one row, if lengths do not say otherwise. Bit k of `compared` says
  // whether alternative k was computed for a sample that did not choose it: all are by default.
  Plan plan(int64_t alternatives) const {
    Plan plan{std::vector<Spans>(alternatives), std::vector<Spans>(alternatives)};
    for (size_t b = 0; b < choice.size(); ++b) {
      const int64_t length = lengths.empty() ? 1 : lengths[b];
      for (int64_t k = 0; k < alternatives; ++k) {
        if (k == choice[b])
          plan.chosen[k].add(plan.rows, length, b);
        else if (compared.empty() || (compared[b] >> k & 1) != 0)
          plan.compared[k].add(plan.rows, length, b);
      }
      plan.rows += length;
    }
    return plan;
  }
};

bool isAbsent(const at::Tensor& rows) {
  return rows.dim() == 1 && rows.size(0) == 0;
}

void checkRows(const char* argument, int64_t k, const at::Tensor& given, const at::Tensor& like,
               int64_t expected) {
  TORCH_CHECK(given.dim() == like.dim() && given.sizes().slice(1) == like.sizes().slice(1) &&
                  given.size(0) == expected,
              "argument '", argument, "[", k, "]': expected ", expected, " rows, each of shape ",
              like.sizes().slice(1), ", given shape ", given.sizes());
  TORCH_CHECK(given.scalar_type() == like.scalar_type() && given.device() == like.device(),
              "argument '", argument, "[", k, "]': expected ", like.scalar_type(), " on ",
              like.device(), ", given ", given.scalar_type(), " on ", given.device());
}

// One of the results that are there: all have its dtype, device and row shape.
const at::Tensor& anyWinner(at::TensorList winners) {
  for (const auto& winner : winners) {
    if (!isAbsent(winner)) return winner;
  }
  return winners[0];
}

void checkChoices(const Choices& given, const at::Tensor& gate, int64_t alternatives) {
  const auto samples = static_cast<int64_t>(given.choice.size());
  checkChoice(given.choice, alternatives);
  TORCH_CHECK(gate.is_floating_point(), "argument 'gate': expected a floating-point tensor, given ",
              gate.scalar_type());
  TORCH_CHECK(gate.dim() == 2 && gate.size(0) == samples && gate.size(1) == alternatives,
              "argument 'gate': expected shape [", samples, ", ", alternatives, "], given ",
              gate.sizes());
  const std::pair<const char*, const std::vector<int64_t>&> lists[] = {
      {"lengths", given.lengths}, {"compared", given.compared}};
  for (const auto& [name, list] : lists) {
    TORCH_CHECK(list.empty() || static_cast<int64_t>(list.size()) == samples, "argument '", name,
                "': expected ", samples, " numbers or none, given ", list.size());
  }
  totalRows(given.lengths);
}

void checkResults(const Plan& plan, at::TensorList winners, at::TensorList losers) {
  const at::Tensor& like = anyWinner(winners);
  for (size_t k = 0; k < winners.size(); ++k) {
    const int64_t won = plan.chosen[k].rows, lost = plan.compared[k].rows;
    const bool isNobody = isAbsent(winners[k]) && won == 0;
    if (!isNobody) checkRows("winners", k, winners[k], like, won);
    if (!isAbsent(losers[k])) checkRows("losers", k, losers[k], like, lost);
  }
}

void check(const at::Tensor& gate, at::TensorList winners, at::TensorList losers,
           const Choices& choices) {
  const auto alternatives = static_cast<int64_t>(winners.size());
  TORCH_CHECK(alternatives >= 1, "argument 'winners': expected at least one tensor, given none");
  TORCH_CHECK(losers.size() == winners.size(), "argument 'losers': expected ", winners.size(),
              " tensors, given ", losers.size());
  checkChoices(choices, gate, alternatives);
  checkResults(choices.plan(alternatives), winners, losers);
}

// The chosen rows, each in its place: [R, ...].
at::Tensor gather(const Plan& plan, at::TensorList winners) {
  auto sizes = anyWinner(winners).sizes().vec();
  sizes[0] = plan.rows;
  at::Tensor out = at::empty(sizes, anyWinner(winners).options());
  for (size_t k = 0; k < winners.size(); ++k) putRows(out, plan.chosen[k], winners[k]);
  return out;
}

class RouteBlend : public torch::autograd::Function<RouteBlend> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& gate,
                            at::TensorList winners, at::TensorList losers, Choices choices) {
    const at::AutoDispatchBelowADInplaceOrView below;
    const Plan plan = choices.plan(static_cast<int64_t>(winners.size()));
    const at::Tensor out = gather(plan, winners);
    variable_list saved;
    std::vector<int64_t> absent;
    for (size_t k = 0; k < losers.size(); ++k) {
      const bool needed = gate.requires_grad() && !isAbsent(losers[k]) && plan.compared[k].rows > 0;
      saved.push_back(needed ? differences(plan.compared[k], losers[k], out) : at::Tensor());
      absent.push_back(isAbsent(winners[k]));
    }
    context->save_for_backward(saved);
    context->saved_data["gate_options"] = at::empty({0}, gate.options());
    context->saved_data["absent"] = std::move(absent);
    context->saved_data["choice"] = std::move(choices.choice);
    context->saved_data["lengths"] = std::move(choices.lengths);
    context->saved_data["compared"] = std::move(choices.compared);
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    TORCH_CHECK(!at::GradMode::is_enabled(),
                "route_blend: gradients of gradients are not supported; call backward without "
                "createGraph");
    const auto saved = context->get_saved_variables();
    const auto list = [&](const char* name) { return context->saved_data[name].toIntVector(); };
    const auto absent = list("absent");
    const Choices choices{list("choice"), list("lengths"), list("compared")};
    const auto alternatives = static_cast<int64_t>(absent.size());
    const Plan plan = choices.plan(alternatives);
    const auto options = context->saved_data["gate_options"].toTensor().options();
    const at::Tensor dOut = gradients[0].contiguous();
    const auto samples = static_cast<int64_t>(choices.choice.size());
    at::Tensor dGate = at::zeros({samples, alternatives}, options);
    variable_list dWinners, dLosers(alternatives);
    for (int64_t k = 0; k < alternatives; ++k) {
      if (saved[k].defined()) {
        at::Tensor column = dGate.select(1, k);
        addDots(column, plan.compared[k], dOut, saved[k]);
      }
      dWinners.push_back(absent[k] ? at::Tensor() : takeRows(dOut, plan.chosen[k]));
    }
    variable_list result{dGate};
    result.insert(result.end(), dWinners.begin(), dWinners.end());
    result.insert(result.end(), dLosers.begin(), dLosers.end());
    result.emplace_back();
    return result;
  }
};

at::Tensor routeBlend(const at::Tensor& gate, at::TensorList winners, at::TensorList losers,
                      at::IntArrayRef choice, at::IntArrayRef lengths, at::IntArrayRef compared) {
  const Choices choices{choice.vec(), lengths.vec(), compared.vec()};
  check(gate, winners, losers, choices);
  return gather(choices.plan(static_cast<int64_t>(winners.size())), winners);
}

at::Tensor routeBlendAutograd(const at::Tensor& gate, at::TensorList winners, at::TensorList losers,
                              at::IntArrayRef choice, at::IntArrayRef lengths,
                              at::IntArrayRef compared) {
  Choices choices{choice.vec(), lengths.vec(), compared.vec()};
  check(gate, winners, losers, choices);
  return RouteBlend::apply(gate, winners, losers, std::move(choices));
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(adaptune, library) {
  library.def(
      "route_blend(Tensor gate, Tensor[] winners, Tensor[] losers, int[] choice, *, "
      "int[] lengths=[], int[] compared=[]) -> Tensor");
}

TORCH_LIBRARY_IMPL(adaptune, CompositeExplicitAutograd, library) {
  library.impl("route_blend", routeBlend);
}

TORCH_LIBRARY_IMPL(adaptune, Autograd, library) {
  library.impl("route_blend", routeBlendAutograd);
}

}  // namespace adaptune
