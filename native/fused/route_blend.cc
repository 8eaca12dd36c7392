// The straight-through blend of routed results.
//
// With a one-hot gate the blend  out_b = sum_k gate_bk * result_bk  is a copy of the chosen row,
// and the gate's gradient is  <dOut_b, result_bk>.  As the gate's own gradient is orthogonal to
// adding a constant to all k of a row (softmax), <dOut_b, result_bk - out_b> serves as well; it
// needs nothing of the chosen row, and only the differences of the rows not chosen are kept.
#include <ATen/Dispatch.h>
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

namespace adaptune {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using Rows = std::vector<int64_t>;

// For each alternative the rows that chose it and the rows that did not, in order.
struct Partition {
  std::vector<Rows> chosen, others;
};

Partition partition(const at::Tensor& choice, int64_t alternatives) {
  const at::Tensor host = choice.cpu().contiguous();
  const auto* picks = host.const_data_ptr<int64_t>();
  Partition result{std::vector<Rows>(alternatives), std::vector<Rows>(alternatives)};
  for (int64_t b = 0; b < host.numel(); ++b) {
    TORCH_CHECK(picks[b] >= 0 && picks[b] < alternatives,
                "argument 'choice': expected values from 0 to ", alternatives - 1, ", given ",
                picks[b]);
    for (int64_t k = 0; k < alternatives; ++k) {
      (k == picks[b] ? result.chosen : result.others)[k].push_back(b);
    }
  }
  return result;
}

at::Tensor indexOf(const Rows& rows, const at::Device& device) {
  return at::tensor(rows, at::kLong).to(device);
}

bool isAbsent(const at::Tensor& rows) {
  return rows.dim() == 1 && rows.size(0) == 0;
}

void checkRows(const char* argument, int64_t k, const at::Tensor& given, const at::Tensor& like,
               size_t expected) {
  TORCH_CHECK(given.dim() == like.dim() && given.sizes().slice(1) == like.sizes().slice(1) &&
                  given.size(0) == static_cast<int64_t>(expected),
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

void checkBlend(const at::Tensor& gate, const at::Tensor& choice, at::TensorList winners,
                at::TensorList losers) {
  const auto alternatives = static_cast<int64_t>(winners.size());
  TORCH_CHECK(alternatives >= 1, "argument 'winners': expected at least one tensor, given none");
  TORCH_CHECK(losers.size() == winners.size(), "argument 'losers': expected ", winners.size(),
              " tensors, given ", losers.size());
  TORCH_CHECK(choice.dim() == 1 && choice.scalar_type() == at::kLong,
              "argument 'choice': expected int64 of shape [B], given ", choice.scalar_type(), " ",
              choice.sizes());
  TORCH_CHECK(gate.is_floating_point(), "argument 'gate': expected a floating-point tensor, given ",
              gate.scalar_type());
  TORCH_CHECK(gate.dim() == 2 && gate.size(0) == choice.size(0) && gate.size(1) == alternatives,
              "argument 'gate': expected shape [", choice.size(0), ", ", alternatives, "], given ",
              gate.sizes());
}

void checkResults(const Partition& rows, at::TensorList winners, at::TensorList losers) {
  const at::Tensor& like = anyWinner(winners);
  for (size_t k = 0; k < winners.size(); ++k) {
    const bool isNobody = isAbsent(winners[k]) && rows.chosen[k].empty();
    if (!isNobody) checkRows("winners", k, winners[k], like, rows.chosen[k].size());
    if (!isAbsent(losers[k])) checkRows("losers", k, losers[k], like, rows.others[k].size());
  }
}

// The chosen rows, each in its place: [B, ...].
at::Tensor gather(const Partition& rows, at::TensorList winners) {
  const at::Tensor& like = anyWinner(winners);
  int64_t count = 0;
  for (const auto& chosen : rows.chosen) count += static_cast<int64_t>(chosen.size());
  for (size_t k = 0; k < winners.size(); ++k) {
    // All rows went one way: the result is there already.
    if (static_cast<int64_t>(rows.chosen[k].size()) == count && count > 0)
      return winners[k].clone();
  }
  auto sizes = like.sizes().vec();
  sizes[0] = count;
  at::Tensor out = at::empty(sizes, like.options());
  for (size_t k = 0; k < winners.size(); ++k) {
    if (rows.chosen[k].empty()) continue;
    out.index_copy_(0, indexOf(rows.chosen[k], out.device()), winners[k]);
  }
  return out;
}

// result - out for the rows that did not choose this alternative.
at::Tensor differences(const Rows& others, const at::Tensor& loser, const at::Tensor& out) {
  return loser - out.index_select(0, indexOf(others, out.device()));
}

template <typename scalar>
void dotRows(const Rows& rows, const at::Tensor& dOut, const at::Tensor& difference,
             at::Tensor& dots) {
  const int64_t width = difference.numel() / difference.size(0);
  const auto* gradient = dOut.const_data_ptr<scalar>();
  const auto* other = difference.const_data_ptr<scalar>();
  auto* result = dots.mutable_data_ptr<double>();
  at::parallel_for(0, static_cast<int64_t>(rows.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const scalar* a = gradient + rows[i] * width;
      const scalar* b = other + i * width;
      double sum = 0;
      for (int64_t j = 0; j < width; ++j)
        sum += static_cast<double>(a[j]) * static_cast<double>(b[j]);
      result[i] = sum;
    }
  });
}

// <dOut_b, difference_b> of each row that did not choose the alternative.
at::Tensor rowDots(const Rows& rows, const at::Tensor& dOut, const at::Tensor& difference) {
  if (dOut.device().is_cpu()) {
    at::Tensor dots = at::empty({static_cast<int64_t>(rows.size())}, at::kDouble);
    const at::Tensor gradient = dOut.contiguous(), other = difference.contiguous();
    AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, dOut.scalar_type(),
                                    "route_blend_backward",
                                    [&] { dotRows<scalar_t>(rows, gradient, other, dots); });
    return dots;
  }
  const at::Tensor gradient = dOut.index_select(0, indexOf(rows, dOut.device()));
  const auto count = static_cast<int64_t>(rows.size());
  return (gradient.to(at::kFloat) * difference.to(at::kFloat)).reshape({count, -1}).sum(1);
}

class RouteBlend : public torch::autograd::Function<RouteBlend> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& gate,
                            const at::Tensor& choice, at::TensorList winners,
                            at::TensorList losers) {
    const at::AutoDispatchBelowADInplaceOrView below;
    const Partition rows = partition(choice, static_cast<int64_t>(winners.size()));
    checkResults(rows, winners, losers);
    const at::Tensor out = gather(rows, winners);
    // An empty tensor stands for a counterfactual that nobody computed.
    variable_list saved{choice};
    for (size_t k = 0; k < losers.size(); ++k) {
      const bool needed = gate.requires_grad() && !isAbsent(losers[k]) && !rows.others[k].empty();
      saved.push_back(needed ? differences(rows.others[k], losers[k], out) : at::Tensor());
    }
    context->save_for_backward(saved);
    context->saved_data["gate_options"] = at::empty({0}, gate.options());
    context->saved_data["absent"] = absentWinners(winners);
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    TORCH_CHECK(!at::GradMode::is_enabled(),
                "route_blend: gradients of gradients are not supported; call backward without "
                "createGraph");
    const auto saved = context->get_saved_variables();
    const auto alternatives = saved.size() - 1;
    const Partition rows = partition(saved[0], static_cast<int64_t>(alternatives));
    const at::Tensor& dOut = gradients[0];
    const auto options = context->saved_data["gate_options"].toTensor().options();
    const auto absent = context->saved_data["absent"].toIntVector();

    at::Tensor dGate = at::zeros({saved[0].size(0), static_cast<int64_t>(alternatives)}, options);
    variable_list dWinners, dLosers(alternatives);
    for (size_t k = 0; k < alternatives; ++k) {
      if (saved[k + 1].defined()) {
        const auto dots = rowDots(rows.others[k], dOut, saved[k + 1]).to(options);
        dGate.select(1, static_cast<int64_t>(k))
            .index_copy_(0, indexOf(rows.others[k], dots.device()), dots);
      }
      dWinners.push_back(absent[k] ? at::Tensor()
                                   : dOut.index_select(0, indexOf(rows.chosen[k], dOut.device())));
    }
    variable_list result{dGate, at::Tensor()};
    result.insert(result.end(), dWinners.begin(), dWinners.end());
    result.insert(result.end(), dLosers.begin(), dLosers.end());
    return result;
  }

 private:
  static std::vector<int64_t> absentWinners(at::TensorList winners) {
    std::vector<int64_t> absent;
    for (const auto& winner : winners) absent.push_back(isAbsent(winner));
    return absent;
  }
};

at::Tensor routeBlend(const at::Tensor& gate, const at::Tensor& choice, at::TensorList winners,
                      at::TensorList losers) {
  checkBlend(gate, choice, winners, losers);
  const Partition rows = partition(choice, static_cast<int64_t>(winners.size()));
  checkResults(rows, winners, losers);
  return gather(rows, winners);
}

at::Tensor routeBlendAutograd(const at::Tensor& gate, const at::Tensor& choice,
                              at::TensorList winners, at::TensorList losers) {
  checkBlend(gate, choice, winners, losers);
  return RouteBlend::apply(gate, choice, winners, losers);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(adaptune, library) {
  library.def(
      "route_blend(Tensor gate, Tensor choice, Tensor[] winners, Tensor[] losers) -> Tensor");
}

TORCH_LIBRARY_IMPL(adaptune, CompositeExplicitAutograd, library) {
  library.impl("route_blend", routeBlend);
}

TORCH_LIBRARY_IMPL(adaptune, Autograd, library) {
  library.impl("route_blend", routeBlendAutograd);
}

}  // namespace adaptune
