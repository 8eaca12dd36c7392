#include "guards.h"

#include <ATen/ATen.h>
#include <ATen/EmptyTensor.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

#include <limits>
#include <string>
#include <unordered_map>

#include "guards_sizes.h"
#include "operators.h"

namespace adaptune {

namespace {

bool hasElementsOnCpu(const at::Tensor& tensor) {
  return tensor.defined() && tensor.device().is_cpu() && tensor.layout() == at::kStrided;
}

// Of a processor's integers only the least divided by -1 has no quotient: it traps.
void guardTruncation(const torch::jit::Stack& arguments) {
  const auto& mode = arguments[2];
  if (!mode.isString() || mode.toStringRef() != "trunc") return;
  const auto& self = arguments[0].toTensor();
  if (!hasElementsOnCpu(self)) return;
  at::Tensor divisor;
  at::ScalarType type;
  if (arguments[1].isTensor()) {
    divisor = arguments[1].toTensor();
    if (!hasElementsOnCpu(divisor)) return;
    type = at::result_type(self, divisor);
  } else {
    const at::Scalar scalar = arguments[1].toScalar();
    type = at::result_type(self, scalar);
    if (!scalar.isIntegral(false) || scalar.toLong() != -1) return;
  }
  if (type != at::kInt && type != at::kLong) return;
  const int64_t least =
      type == at::kInt ? std::numeric_limits<int32_t>::min() : std::numeric_limits<int64_t>::min();
  if (!self.eq(least).any().item<bool>()) return;
  if (divisor.defined()) {
    const bool both = self.eq(least).logical_and(divisor.eq(-1)).any().item<bool>();
    if (!both) return;
  }
  TORCH_CHECK(false, "the least ", type == at::kInt ? "int32" : "int64", ", ", least,
              ", divided by -1 is no such integer");
}

std::vector<int64_t> integersOf(const c10::IValue& value) {
  if (value.isIntList()) return value.toIntVector();
  const at::Tensor tensor = value.toTensor().to(at::kCPU, at::kLong).contiguous();
  const int64_t* first = tensor.const_data_ptr<int64_t>();
  return {first, first + tensor.numel()};
}

// Classes are looked up in the scores as they come. What pads the targets is not read.
void guardCtc(const torch::jit::Stack& arguments) {
  const auto& scores = arguments[0].toTensor();
  const auto& given = arguments[1].toTensor();
  if (!hasElementsOnCpu(scores) || !hasElementsOnCpu(given) || scores.dim() < 2) return;
  if (given.dim() > 2) return;
  for (const int64_t length : integersOf(arguments[2])) {
    TORCH_CHECK(length >= 0, "expected input lengths of at least 0, given ", length);
  }
  const auto lengths = integersOf(arguments[3]);
  const int64_t classes = scores.size(-1);
  const at::Tensor targets = given.to(at::kLong).contiguous();
  const int64_t* rows = targets.const_data_ptr<int64_t>();
  const bool isPadded = targets.dim() == 2;
  int64_t start = 0;
  for (size_t i = 0; i < lengths.size(); ++i) {
    TORCH_CHECK(lengths[i] >= 0, "expected target lengths of at least 0, given ", lengths[i]);
    const int64_t end = isPadded ? std::min(lengths[i], targets.size(1)) + start
                                 : std::min(lengths[i] + start, targets.numel());
    if (end > targets.numel()) return;  // LibTorch says what does not fit
    for (int64_t k = start; k < end; ++k) {
      TORCH_CHECK(rows[k] >= 0 && rows[k] < classes, "expected targets of 0 to ", classes - 1,
                  ", given ", rows[k]);
    }
    start = isPadded ? start + targets.size(1) : end;
  }
}

// LAPACK balances a matrix before it looks for eigenvalues, and with what is not finite ends up
// beyond its ends. LibTorch looks for that where eigenvectors are asked for too, and not here.
void guardEigenvalues(const torch::jit::Stack& arguments) {
  const auto& self = arguments[0].toTensor();
  if (!hasElementsOnCpu(self) || self.numel() == 0) return;
  if (!at::isFloatingType(self.scalar_type()) && !self.is_complex()) return;
  TORCH_CHECK(self.isfinite().all().item<bool>(),
              "expected matrices of finite numbers, given infinities or NaNs");
}

// Where each maximum was found, in the plane that the gradient is written to: the last `dims`
// sizes.
template <size_t indices, int64_t dims>
void guardPool(const torch::jit::Stack& arguments) {
  const auto& gradient = arguments[0].toTensor();
  const auto& self = arguments[1].toTensor();
  const auto& found = arguments[indices].toTensor();
  TORCH_CHECK(gradient.sizes() == found.sizes(), "expected indices of sizes ", gradient.sizes(),
              ", given ", found.sizes());
  requireSamePlanes(gradient, self, dims);
  if (!hasElementsOnCpu(self) || !hasElementsOnCpu(found)) return;
  if (found.numel() == 0) return;
  int64_t plane = 1;
  for (int64_t dim = 1; dim <= dims; ++dim) plane *= self.size(-dim);
  const auto [least, most] = found.aminmax();
  TORCH_CHECK(least.item<int64_t>() >= 0 && most.item<int64_t>() < plane,
              "expected indices of 0 to ", plane - 1, ", given ", least.item<int64_t>(), " to ",
              most.item<int64_t>());
}

// A quantised tensor has a scale, which other bits read as one lack.
void guardQuantized(const torch::jit::Stack& arguments) {
  const auto type = arguments.size() > 1 && arguments[1].isInt()
                        ? static_cast<at::ScalarType>(arguments[1].toInt())
                        : at::kFloat;
  TORCH_CHECK(
      !c10::isQIntType(arguments[0].toTensor().scalar_type()) && !c10::isQIntType(type),
      "expected dtypes that are not quantised; x.intRepr() tells a quantised tensor's bits");
}

// The sizes of what a call may resize. LibTorch sets them before it asks for the memory, and leaves
// them where there is none: such a tensor says that it has elements that lie nowhere.
class Sizes {
 public:
  Sizes(const Overload& overload, const torch::jit::Stack& arguments) {
    for (size_t i = 0; i < overload.arguments.size(); ++i) {
      if (!overload.arguments[i].written) continue;
      if (arguments[i].isTensor()) remember(arguments[i].toTensor());
      if (!arguments[i].isTensorList()) continue;
      for (const at::Tensor& tensor : arguments[i].toTensorVector()) remember(tensor);
    }
  }

  void restore() {
    for (const auto& was : all_) {
      const auto& tensor = was.tensor;
      if (tensor.sizes() == was.sizes && tensor.strides() == was.strides &&
          tensor.storage_offset() == was.offset)
        continue;
      const size_t bytes =
          at::detail::computeStorageNbytes(was.sizes, was.strides, tensor.itemsize(), was.offset);
      auto* inner = tensor.unsafeGetTensorImpl();
      if (bytes <= tensor.storage().nbytes()) {
        inner->set_sizes_and_strides(was.sizes, was.strides, was.offset);
      } else {
        inner->set_sizes_contiguous({0});
      }
    }
  }

 private:
  struct Was {
    at::Tensor tensor;
    std::vector<int64_t> sizes, strides;
    int64_t offset;
  };

  void remember(const at::Tensor& tensor) {
    if (!tensor.defined() || !tensor.has_storage() || tensor.layout() != at::kStrided) return;
    all_.push_back({tensor, tensor.sizes().vec(), tensor.strides().vec(), tensor.storage_offset()});
  }

  std::vector<Was> all_;
};

// Kernels for plain tensors read those of the mkldnn layout as if they were.
void guardLayouts(const torch::jit::Stack& arguments) {
  for (const c10::IValue& value : arguments) {
    if (!value.isTensor() || !value.toTensor().defined()) continue;
    TORCH_CHECK(!value.toTensor().is_mkldnn(),
                "expected no tensor of the mkldnn layout; x.toDense() makes a plain one");
  }
}

void guardCall(const Overload& overload, const torch::jit::Stack& arguments) {
  TORCH_CHECK(overload.instead == nullptr, "refused, as it trusts its arguments, and wrong ones ",
              "would end the process; call ", overload.instead);
  if (overload.trustsLayouts) guardLayouts(arguments);
  if (overload.guard == nullptr) return;
  const at::NoGradGuard noGrad;
  overload.guard(arguments);
}

}  // namespace

Guard guardOf(const c10::OperatorName& name) {
  static const std::unordered_map<std::string, Guard> guards{
      {"aten::ctc_loss", guardCtc},
      {"aten::_ctc_loss", guardCtc},
      {"aten::linalg_eigvals", guardEigenvalues},
      {"aten::_linalg_eigvals", guardEigenvalues},
      {"aten::max_pool2d_with_indices_backward", guardPool<7, 2>},
      {"aten::max_pool3d_with_indices_backward", guardPool<7, 3>},
      {"aten::adaptive_max_pool2d_backward", guardPool<2, 2>},
      {"aten::adaptive_max_pool3d_backward", guardPool<2, 3>},
      {"aten::fractional_max_pool2d_backward", guardPool<4, 2>},
      {"aten::fractional_max_pool3d_backward", guardPool<4, 3>},
  };
  const bool viewsBits = name.overload_name.rfind("dtype", 0) == 0 &&
                         (name.name == "aten::view" || name.name == "aten::view_copy");
  if (viewsBits || name.name.rfind("aten::_neg_view", 0) == 0) return guardQuantized;
  if (name.name.rfind("aten::div", 0) == 0) {
    return name.overload_name.find("_mode") == std::string::npos ? nullptr : guardTruncation;
  }
  const auto found = guards.find(name.name);
  if (found != guards.end()) return found->second;
  const Guard sizes = sizeGuardOf(name.name);
  return sizes ? sizes : layerGuardOf(name.name);
}

bool trustsLayouts(const c10::OperatorHandle& handle) {
  using c10::DispatchKey;
  if (handle.hasKernelForDispatchKey(DispatchKey::MkldnnCPU)) return false;
  const std::string& name = handle.operator_name().name;
  const bool isBackward = name.size() > 9 && name.compare(name.size() - 9, 9, "_backward") == 0;
  return isBackward || (handle.hasKernelForDispatchKey(DispatchKey::CPU) &&
                        !handle.hasKernelForDispatchKey(DispatchKey::CompositeExplicitAutograd));
}

bool resizes(const c10::OperatorName& name) {
  return name.name.rfind("aten::resize_", 0) == 0 || name.name.rfind("aten::set_", 0) == 0 ||
         name.name == "aten::as_strided_";
}

void callGuarded(const Overload& overload, torch::jit::Stack& stack) {
  // torch.explain tells of calls that do not run.
  const bool runs =
      !c10::impl::tls_is_dispatch_key_included(c10::DispatchKey::TESTING_ONLY_GenericMode);
  if (runs) guardCall(overload, stack);
  if (!runs || !overload.resizes) return overload.handle.callBoxed(stack);
  Sizes sizes(overload, stack);
  try {
    overload.handle.callBoxed(stack);
  } catch (...) {
    sizes.restore();
    throw;
  }
}

}  // namespace adaptune
