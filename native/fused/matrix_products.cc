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

// What is timed for each size: rows, inputs and outputs of layers as they are met, from narrow to
// wide and back, so that no way is judged by one stride.
using Shape = std::array<int64_t, 3>;
constexpr std::array<std::array<Shape, 2>, 3> samples{{{{{32, 96, 192}, {32, 192, 96}}},
                                                       {{{256, 96, 384}, {128, 384, 96}}},
                                                       {{{256, 768, 3072}, {256, 3072, 768}}}}};

// A way other than the one preferred has to be faster by more than what is seen from one
// measurement to the next, so that a processor chooses the same every time.
constexpr double kMargin = 0.95;

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

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Numbers of both signs that draw nothing from a generator.
at::Tensor someNumbers(int64_t rows, int64_t columns, at::ScalarType dtype) {
  return at::arange(rows * columns, at::kFloat).sin_().view({rows, columns}).to(dtype);
}

// The operands of one kind of product of one shape, and the seconds of each way by rounds; infinity
// for one that this machine does not have.
struct Timed {
  Kind kind;
  at::Tensor a, b;
  std::array<std::vector<double>, wayNames.size()> seconds{};

  // Rounds of fewer rows than others are of another shape.
  void run(Way way, int64_t fewer) {
    const int64_t rows = a.size(0) - fewer;
    const at::Tensor x = a.narrow(0, 0, rows);
    const at::Tensor y = kind == weightGradientKind ? b.narrow(0, 0, rows) : b;
    double time = std::numeric_limits<double>::infinity();
    try {
      const double start = now();
      compute(kind, way, x, y);
      time = now() - start;
    } catch (const c10::Error&) {
    }
    seconds[static_cast<size_t>(way)].push_back(time);
  }
};

// Times all ways in turns, each round another one first: what else the machine does falls on all of
// them, and so do operands that are in no cache yet. What is not large has another number of rows
// each time: oneDNN makes a program for every shape that it meets, which takes longer than a small
// product, and batches of samples of different lengths seldom have as many rows as one before.
std::vector<Timed> timed(size_t size, at::ScalarType dtype, const std::vector<Way>& ways) {
  constexpr size_t kFewest = 4, kMost = 24;
  constexpr double kEnough = 0.5;  // seconds
  std::vector<Timed> all;
  for (const auto& [rows, inputs, outputs] : samples[size]) {
    const at::Tensor x = someNumbers(rows, inputs, dtype), y = someNumbers(rows, outputs, dtype),
                     weight = someNumbers(outputs, inputs, dtype);
    all.push_back({forwardKind, x, weight});
    all.push_back({inputGradientKind, y, weight});
    all.push_back({weightGradientKind, y, x});
  }
  const bool isLarge = size + 1 == samples.size();
  const double start = now();
  // Rounds that a slow or busy machine has no time for are left out, down to two.
  const auto goesOn = [&](size_t round) {
    return round < 2 || (round < kMost && now() - start < (round < kFewest ? 3 : 1) * kEnough);
  };
  for (size_t round = 0; goesOn(round); ++round)
    for (Timed& one : all)
      for (size_t turn = 0; turn < ways.size(); ++turn)
        one.run(ways[(round + turn) % ways.size()], isLarge ? 0 : static_cast<int64_t>(round));
  return all;
}

double medianOf(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<int64_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// How many times as long as the preferred way another one takes. By the fewest seconds, which what
// else the machine does delays least, and by the middle of all rounds, each by itself: the larger
// of both, as what is seen in one of them alone is chance.
double relative(const std::vector<Timed>& all, size_t kind, Way way, Way preferred) {
  double fewest = 0, shapes = 0;
  std::vector<double> ratios;
  for (const Timed& one : all) {
    if (one.kind != static_cast<Kind>(kind)) continue;
    const auto& times = one.seconds[static_cast<size_t>(way)];
    const auto& ours = one.seconds[static_cast<size_t>(preferred)];
    fewest +=
        *std::min_element(times.begin(), times.end()) / *std::min_element(ours.begin(), ours.end());
    ++shapes;
    for (size_t round = 0; round < times.size(); ++round)
      ratios.push_back(times[round] / ours[round]);
  }
  return std::max(fewest / shapes, medianOf(ratios));
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
  const bool hasOwn = scalarType == at::kFloat;
  const Way preferred = hasOwn ? Way::packed : Way::library;
  std::vector<Way> ways{preferred, Way::onednn};
  if (hasOwn) ways.push_back(Way::library);
  for (size_t size = 0; size < samples.size(); ++size) {
    const auto all = timed(size, scalarType, ways);
    for (size_t kind = 0; kind < kindNames.size(); ++kind) {
      Way best = preferred;
      double least = kMargin;
      for (const Way way : ways) {
        const double time = relative(all, kind, way, preferred);
        if (time < least) {
          best = way;
          least = time;
        }
      }
      table[place(*dtype, kind, size)] = best;
    }
  }
}

}  // namespace adaptune::products
