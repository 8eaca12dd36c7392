#include "matrix_products.h"

#include <ATen/Context.h>
#include <ATen/Functions.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <limits>

#include "kept_panels.h"
#include "packed_products.h"

namespace adaptune::products {

namespace {

enum class Way : int8_t { library, onednn, packed };

constexpr std::array<const char*, 3> wayNames{"library", "oneDNN", "packed"};
constexpr std::array<const char*, 2> dtypeNames{"float32", "bfloat16"};
constexpr std::array<const char*, 3> kindNames{"forward", "input gradient", "weight gradient"};
constexpr std::array<const char*, 3> sizeNames{"small", "medium", "large"};

enum Kind { forwardKind, inputGradientKind, weightGradientKind };

// Floating-point operations from which on a product is medium, and large.
constexpr double mediumFrom = 1 << 22, largeFrom = 1 << 27;

// What is timed for each size: rows, inputs and outputs.
constexpr std::array<std::array<int64_t, 3>, 3> samples{
    {{32, 128, 128}, {64, 512, 512}, {256, 768, 768}}};

std::array<std::atomic<Way>, 18> table{};

size_t place(size_t dtype, size_t kind, size_t size) {
  return (dtype * kindNames.size() + kind) * sizeNames.size() + size;
}

std::string nameOf(size_t dtype, size_t kind, size_t size) {
  return std::string(dtypeNames[dtype]) + " " + kindNames[kind] + " " + sizeNames[size];
}

template <typename Fn>
void forAll(const Fn& fn) {
  for (size_t dtype = 0; dtype < dtypeNames.size(); ++dtype)
    for (size_t kind = 0; kind < kindNames.size(); ++kind)
      for (size_t size = 0; size < sizeNames.size(); ++size) fn(dtype, kind, size);
}

std::optional<size_t> dtypeNumber(at::ScalarType dtype) {
  if (dtype == at::kFloat) return 0;
  if (dtype == at::kBFloat16) return 1;
  return std::nullopt;
}

Way wayFor(Kind kind, const at::Tensor& rows, int64_t outputs) {
  const auto dtype = dtypeNumber(rows.scalar_type());
  if (!dtype || !rows.device().is_cpu()) return Way::library;
  const double work = 2.0 * static_cast<double>(rows.numel()) * static_cast<double>(outputs);
  const size_t size = work < mediumFrom ? 0 : work < largeFrom ? 1 : 2;
  return table[place(*dtype, kind, size)].load(std::memory_order_relaxed);
}

// oneDNN's product x weight^T + bias as LibTorch offers it to compiled graphs. Called boxed, as the
// C++ types of its arguments are not the same in all versions. Takes tensors of any strides.
at::Tensor onednn(const at::Tensor& x, const at::Tensor& weight,
                  const std::optional<at::Tensor>& bias, bool gelu) {
  static const auto op =
      c10::Dispatcher::singleton().findSchemaOrThrow("mkldnn::_linear_pointwise", "");
  const c10::impl::GenericList none(
      c10::OptionalType::create(c10::NumberType::get()));  // parameters of the activation
  torch::jit::Stack stack{x, weight, bias, gelu ? "gelu" : "none", none, gelu ? "none" : ""};
  op.callBoxed(&stack);
  return stack.front().toTensor();
}

// [M,N] of a [M,K], whose dimension `side` is M, and of b with N.
at::Tensor multiplyPacked(at::Tensor a, int64_t aSide, at::Tensor b, int64_t bSide,
                          const std::optional<at::Tensor>& bias = std::nullopt, bool gelu = false) {
  const int64_t m = a.size(aSide), n = b.size(bSide), k = a.size(1 - aSide);
  at::Tensor c = at::empty({m, n}, a.options());
  const auto left = packed::operandOf(a, aSide), right = packed::operandOf(b, bSide);
  const at::Tensor added = bias ? bias->contiguous() : at::Tensor();
  const auto panels = bSide == 0 ? packed::keptPanels(b) : nullptr;
  packed::multiply({left, right, m, n, k, c.mutable_data_ptr<float>(), readFrom<float>(added), gelu,
                    panels.get()});
  return c;
}

at::Tensor multiply(Way way, const at::Tensor& x, const at::Tensor& weight,
                    const std::optional<at::Tensor>& bias, bool gelu) {
  if (way == Way::packed) return multiplyPacked(x, 0, weight, 0, bias, gelu);
  if (way == Way::onednn && x.size(0) > 0) return onednn(x, weight, bias, gelu);
  const at::Tensor y = at::linear(x, weight, bias);
  return gelu ? at::gelu(y) : y;
}

at::Tensor compute(Kind kind, Way way, const at::Tensor& x, const at::Tensor& weight) {
  if (kind == forwardKind) return multiply(way, x, weight, std::nullopt, false);
  if (kind == inputGradientKind) {
    if (way == Way::packed) return multiplyPacked(x, 0, weight, 1);
    return way == Way::onednn && x.size(0) > 0 ? onednn(x, weight.t(), std::nullopt, false)
                                               : x.mm(weight);
  }
  if (way == Way::packed) return multiplyPacked(x, 1, weight, 1);
  return way == Way::onednn && x.size(0) > 0 ? onednn(x.t(), weight.t(), std::nullopt, false)
                                             : x.t().mm(weight);
}

// Seconds of the fastest of some runs; infinity for a way that this machine does not have. What is
// not large is timed with another number of rows each time: oneDNN makes a program for every shape
// that it meets, which takes longer than a small product, and batches of samples of different
// lengths seldom have as many rows as one before.
double timeOf(Kind kind, Way way, const at::Tensor& a, const at::Tensor& b, bool isLarge) {
  using Clock = std::chrono::steady_clock;
  double best = std::numeric_limits<double>::infinity();
  try {
    compute(kind, way, a, b);
    for (int run = 1; run <= 4; ++run) {
      const int64_t rows = a.size(0) - (isLarge ? 0 : run);
      const at::Tensor x = a.narrow(0, 0, rows);
      const at::Tensor y = kind == weightGradientKind ? b.narrow(0, 0, rows) : b;
      const auto start = Clock::now();
      compute(kind, way, x, y);
      best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
    }
  } catch (const c10::Error&) {
  }
  return best;
}

}  // namespace

at::Tensor forward(const at::Tensor& x, const at::Tensor& weight,
                   const std::optional<at::Tensor>& bias, bool gelu) {
  return multiply(wayFor(forwardKind, x, weight.size(0)), x, weight, bias, gelu);
}

at::Tensor inputGradient(const at::Tensor& dy, const at::Tensor& weight) {
  return compute(inputGradientKind, wayFor(inputGradientKind, dy, weight.size(1)), dy, weight);
}

at::Tensor weightGradient(const at::Tensor& dy, const at::Tensor& x) {
  return compute(weightGradientKind, wayFor(weightGradientKind, dy, x.size(1)), dy, x);
}

std::vector<Choice> choices() {
  std::vector<Choice> all;
  forAll([&](size_t dtype, size_t kind, size_t size) {
    const Way way = table[place(dtype, kind, size)];
    all.push_back({nameOf(dtype, kind, size), wayNames[static_cast<size_t>(way)]});
  });
  return all;
}

void choose(const Choice& choice) {
  const auto way = std::find(wayNames.begin(), wayNames.end(), choice.way);
  TORCH_CHECK(way != wayNames.end(), "no way to multiply is called '", choice.way,
              "': they are library, oneDNN and packed");
  bool isKnown = false;
  forAll([&](size_t dtype, size_t kind, size_t size) {
    if (nameOf(dtype, kind, size) != choice.product) return;
    TORCH_CHECK(choice.way != "packed" || dtype == 0, "'", choice.product,
                "' has no way called 'packed': it is for float32");
    table[place(dtype, kind, size)] = static_cast<Way>(way - wayNames.begin());
    isKnown = true;
  });
  TORCH_CHECK(isKnown, "no matrix product is called '", choice.product,
              "': they are named as in 'float32 forward large'");
}

void measure(at::ScalarType scalarType) {
  const auto dtype = dtypeNumber(scalarType);
  TORCH_CHECK(dtype, "matrix products are chosen for float32 and bfloat16, not for ", scalarType);
  const at::NoGradGuard noGrad;
  for (size_t size = 0; size < samples.size(); ++size) {
    const auto [rows, inputs, outputs] = samples[size];
    const at::Tensor x = at::ones({rows, inputs}, scalarType),
                     y = at::ones({rows, outputs}, scalarType),
                     weight = at::ones({outputs, inputs}, scalarType);
    const std::array<std::array<at::Tensor, 2>, 3> operands{{{x, weight}, {y, weight}, {y, x}}};
    for (size_t kind = 0; kind < operands.size(); ++kind) {
      const auto& [a, b] = operands[kind];
      const bool isLarge = size + 1 == samples.size();
      const auto time = [&](Way way) {
        return timeOf(static_cast<Kind>(kind), way, a, b, isLarge);
      };
      // Only what is faster by far is another way: the same processor is to choose the same one.
      Way best = scalarType == at::kFloat ? Way::packed : Way::library;
      double seconds = time(best);
      for (const Way way : {Way::library, Way::onednn}) {
        const double other = way == best ? seconds : time(way);
        if (other < 0.75 * seconds) {
          best = way;
          seconds = other;
        }
      }
      table[place(*dtype, kind, size)] = best;
    }
  }
}

}  // namespace adaptune::products
