#include "guards_sizes.h"

#include <ATen/ATen.h>
#include <ATen/EmptyTensor.h>

#include <algorithm>
#include <unordered_map>

namespace adaptune {

at::Tensor tensorOf(Arguments arguments, size_t index) {
  return arguments[index].isTensor() ? arguments[index].toTensor() : at::Tensor();
}

void requireSizes(const at::Tensor& tensor, at::IntArrayRef sizes, const char* what) {
  TORCH_CHECK(tensor.sizes() == sizes, "expected ", what, " of sizes ", sizes, ", given ",
              tensor.sizes());
}

void requireSamePlanes(const at::Tensor& gradient, const at::Tensor& input, int64_t dims) {
  const int64_t planes = input.dim() - dims;
  TORCH_CHECK(planes > 0, "expected an input of at least ", dims + 1, " dimensions, given ",
              input.dim());
  TORCH_CHECK(gradient.dim() == input.dim() &&
                  gradient.sizes().slice(0, planes) == input.sizes().slice(0, planes),
              "expected a gradient of as many planes as the input, ", input.sizes(), ", given ",
              gradient.sizes());
}

namespace {

void guardCopy(Arguments arguments) {
  const at::Tensor& self = arguments[0].toTensor();
  TORCH_CHECK(self.layout() == at::kStrided, "expected a plain tensor, given one of layout ",
              self.layout(), "; x.copy_(other) writes into it");
}

constexpr size_t kNone = 99;

// Parameters, and lists of gradients and moments of their sizes; the list `sometimes` only where
// the argument `when` is true or not 0. `steps` are of one number each.
template <size_t sometimes, size_t when, size_t steps>
void guardFused(Arguments arguments) {
  const auto parameters = arguments[0].toTensorVector();
  const auto& condition = arguments[when];
  const bool readsAll = condition.isBool() ? condition.toBool() : condition.toScalar().toDouble();
  for (size_t list = 0; list < arguments.size() && arguments[list].isTensorList(); ++list) {
    if (list == sometimes && !readsAll) continue;
    const auto tensors = arguments[list].toTensorVector();
    TORCH_CHECK(tensors.size() == parameters.size(), "expected a list of ", parameters.size(),
                " tensors, one a parameter, given ", tensors.size());
    for (size_t i = 0; i < tensors.size(); ++i) {
      if (list == steps) {
        TORCH_CHECK(tensors[i].numel() == 1, "expected steps of one number");
        continue;
      }
      requireSizes(tensors[i], parameters[i].sizes(), "a tensor for a parameter");
      TORCH_CHECK(tensors[i].is_non_overlapping_and_dense(), "expected dense tensors");
    }
  }
}

at::ScalarType sameType(at::ScalarType type) {
  return type;
}
at::ScalarType realType(at::ScalarType type) {
  return c10::toRealValueType(type);
}
at::ScalarType complexType(at::ScalarType type) {
  return c10::toComplexType(type);
}

// self, dim, .., perhaps out: of the result's dtype
template <at::ScalarType (*resultType)(at::ScalarType)>
void guardFourier(Arguments arguments) {
  const int64_t dims = arguments[0].toTensor().dim();
  std::vector<bool> seen(dims);
  for (const int64_t dim : arguments[1].toIntVector()) {
    TORCH_CHECK(dim >= 0 && dim < dims && !seen[dim], "expected dimensions of 0 to ", dims - 1,
                ", each once, given ", dim);
    seen[dim] = true;
  }
  if (arguments.size() < 5) return;
  const auto type = resultType(arguments[0].toTensor().scalar_type());
  const auto given = arguments[4].toTensor().scalar_type();
  TORCH_CHECK(given == type, "expected out of dtype ", type, ", given ", given);
}

// self, observer_on, fake_quant_on, running_min and _max, scale, zero_point, .., per_row at 11
void guardObserver(Arguments arguments) {
  if (arguments[11].toBool()) return;
  for (size_t index = 1; index <= 6; ++index) {
    const int64_t count = arguments[index].toTensor().numel();
    TORCH_CHECK(count == 1, "expected argument ", index, " of one number, given ", count);
  }
}

// LU_data, LU_pivots
void guardUnpack(Arguments arguments) {
  const at::Tensor& matrix = arguments[0].toTensor();
  if (matrix.dim() < 2) return;
  auto sizes = matrix.sizes().slice(0, matrix.dim() - 1).vec();
  sizes.back() = std::min(matrix.size(-1), matrix.size(-2));
  requireSizes(arguments[1].toTensor(), sizes, "pivots");
}

// self, size, stride
void guardAlias(Arguments arguments) {
  const at::Tensor& self = arguments[0].toTensor();
  const auto sizes = arguments[1].toIntVector(), strides = arguments[2].toIntVector();
  const auto isNegative = [](int64_t number) { return number < 0; };
  TORCH_CHECK(sizes.size() == strides.size() &&
                  std::none_of(sizes.begin(), sizes.end(), isNegative) &&
                  std::none_of(strides.begin(), strides.end(), isNegative),
              "expected as many sizes as strides, none of them negative");
  const size_t needed =
      at::detail::computeStorageNbytes(sizes, strides, self.itemsize(), self.storage_offset());
  TORCH_CHECK(needed <= self.storage().nbytes(), "expected sizes and strides within ",
              self.storage().nbytes(), " bytes of storage, given ", needed);
}

// Bits of the generator's direction numbers.
constexpr int64_t kSobolBits = 30;

template <size_t state, size_t dimension>
void guardSobol(Arguments arguments) {
  const int64_t dims = arguments[dimension].toInt();
  const at::Tensor& numbers = arguments[state].toTensor();
  requireSizes(numbers, {dims, kSobolBits}, "a state");
  TORCH_CHECK(numbers.scalar_type() == at::kLong, "expected a state of int64");
}

// quasi, n, sobolstate, dimension, num_generated
void guardSobolDraw(Arguments arguments) {
  guardSobol<2, 3>(arguments);
  requireSizes(arguments[0].toTensor(), {arguments[3].toInt()}, "a last point");
  for (const size_t index : {1, 4}) {
    TORCH_CHECK(arguments[index].toInt() >= 0, "expected a count of at least 0, given ",
                arguments[index].toInt());
  }
}

// self, ltm, dimension
void guardSobolScramble(Arguments arguments) {
  guardSobol<0, 2>(arguments);
  requireSizes(arguments[1].toTensor(), {arguments[2].toInt(), kSobolBits, kSobolBits}, "matrices");
}

// data, reduce, lengths, indices, offsets, axis, unsafe
void guardSegments(Arguments arguments) {
  TORCH_CHECK(!arguments[6].toBool(),
              "expected unsafe: false, as lengths that nobody looks at may read anywhere");
  const at::Tensor offsets = tensorOf(arguments, 4);
  const at::Tensor& data = arguments[0].toTensor();
  if (!offsets.defined() || !offsets.device().is_cpu() || offsets.numel() == 0) return;
  const int64_t count = data.size(arguments[5].toInt());
  TORCH_CHECK(offsets.ge(0).logical_and(offsets.le(count)).all().item<bool>(),
              "expected offsets of 0 to ", count);
}

// grad_in, input_sizes, dim, size, step
void guardUnfoldBackward(Arguments arguments) {
  auto sizes = arguments[1].toIntVector();
  const auto dims = static_cast<int64_t>(sizes.size());
  const int64_t dim = c10::maybe_wrap_dim(arguments[2].toInt(), dims);
  const int64_t size = arguments[3].toInt(), step = arguments[4].toInt();
  const int64_t whole = dims == 0 ? 1 : sizes[dim];
  TORCH_CHECK(size >= 0 && size <= whole, "expected a size of 0 to ", whole, ", given ", size);
  TORCH_CHECK(step > 0, "expected a step of at least 1, given ", step);
  if (dims > 0) sizes[dim] = (whole - size) / step + 1;
  sizes.push_back(size);
  requireSizes(arguments[0].toTensor(), sizes, "a gradient");
}

// Each tensor takes some hundred bytes, whatever it holds.
constexpr int64_t kMostParts = 1 << 22;

void requireParts(int64_t parts) {
  TORCH_CHECK(parts <= kMostParts, "expected at most ", kMostParts,
              " tensors as a result, asked for ", parts);
}

int64_t sizeAt(Arguments arguments, size_t dim) {
  const at::Tensor& self = arguments[0].toTensor();
  const int64_t at = arguments[dim].toInt();
  return at >= -self.dim() && at < self.dim() ? self.size(at) : 0;  // LibTorch says what is wrong
}

// self, dim
void guardUnbind(Arguments arguments) {
  requireParts(sizeAt(arguments, 1));
}

// self, size or sizes of a part, dim
void guardSplit(Arguments arguments) {
  if (!arguments[1].isInt() || arguments[1].toInt() < 1) return;
  requireParts((sizeAt(arguments, 2) - 1) / arguments[1].toInt() + 1);
}

// self, number of parts, dim
void guardChunk(Arguments arguments) {
  if (arguments[1].isInt()) requireParts(std::min(arguments[1].toInt(), sizeAt(arguments, 2)));
}

// self, number of parts or where they end; as many parts as asked for, however few elements there
// are
void guardSections(Arguments arguments) {
  if (arguments[1].isInt()) requireParts(arguments[1].toInt());
}

// self, elements in each combination: a dimension each
void guardCombinations(Arguments arguments) {
  TORCH_CHECK(arguments[1].toInt() <= 64, "expected combinations of at most 64, given ",
              arguments[1].toInt());
}

template <size_t index>
void guardPackedMatrix(Arguments arguments) {
  const at::Tensor& matrix = arguments[index].toTensor();
  TORCH_CHECK(matrix.dim() == 2 && matrix.numel() > 0,
              "expected a matrix that is not empty, given ", matrix.sizes());
}

// weight, and the least and greatest number of each of its rows
void guardRowwise(Arguments arguments) {
  guardPackedMatrix<0>(arguments);
  requireSizes(arguments[1].toTensor(), {arguments[0].toTensor().size(0), 2}, "ranges of rows");
}

// LibTorch's kernel writes single precision, whatever the dtype.
void guardZero(Arguments arguments) {
  const auto tensors = arguments[0].isTensor() ? std::vector{arguments[0].toTensor()}
                                               : arguments[0].toTensorVector();
  for (const at::Tensor& tensor : tensors) {
    TORCH_CHECK(!tensor.is_mkldnn() || tensor.scalar_type() == at::kFloat,
                "expected float32 of the mkldnn layout, given ", tensor.scalar_type());
  }
}

}  // namespace

Guard sizeGuardOf(const std::string& name) {
  static const std::unordered_map<std::string, Guard> guards{
      {"aten::_fft_c2c", guardFourier<sameType>},
      {"aten::_fft_c2r", guardFourier<realType>},
      {"aten::_fft_r2c", guardFourier<complexType>},
      {"aten::_foreach_zero", guardZero},
      {"aten::_foreach_zero_", guardZero},
      {"aten::_fused_adagrad", guardFused<kNone, 4, 3>},
      {"aten::_fused_adagrad_", guardFused<kNone, 4, 3>},
      {"aten::_fused_adam", guardFused<4, 11, 5>},
      {"aten::_fused_adam_", guardFused<4, 11, 5>},
      {"aten::_fused_adamw", guardFused<4, 11, 5>},
      {"aten::_fused_adamw_", guardFused<4, 11, 5>},
      {"aten::_fused_moving_avg_obs_fq_helper", guardObserver},
      {"aten::_fused_sgd", guardFused<2, 4, kNone>},
      {"aten::_fused_sgd_", guardFused<2, 4, kNone>},
      {"aten::_log_softmax_backward_data", guardSameSizes<0, 1>},
      {"aten::_reshape_alias", guardAlias},
      {"aten::_reshape_alias_copy", guardAlias},
      {"aten::_sobol_engine_draw", guardSobolDraw},
      {"aten::_sobol_engine_ff_", guardSobol<2, 3>},
      {"aten::_sobol_engine_initialize_state_", guardSobol<0, 1>},
      {"aten::_sobol_engine_scramble_", guardSobolScramble},
      {"aten::_softmax_backward_data", guardSameSizes<0, 1>},
      {"aten::chunk", guardChunk},
      {"aten::combinations", guardCombinations},
      {"aten::copy", guardCopy},
      {"aten::dsplit", guardSections},
      {"aten::fbgemm_pack_gemm_matrix_fp16", guardPackedMatrix<0>},
      {"aten::fbgemm_pack_quantized_matrix", guardPackedMatrix<0>},
      {"aten::fused_moving_avg_obs_fake_quant", guardObserver},
      {"aten::hsplit", guardSections},
      {"aten::lu_unpack", guardUnpack},
      {"aten::segment_reduce", guardSegments},
      {"aten::split", guardSplit},
      {"aten::split_copy", guardSplit},
      {"aten::tensor_split", guardSections},
      {"aten::unbind", guardUnbind},
      {"aten::unbind_copy", guardUnbind},
      {"aten::unfold_backward", guardUnfoldBackward},
      {"aten::unsafe_chunk", guardChunk},
      {"aten::unsafe_split", guardSplit},
      {"aten::vsplit", guardSections},
      {"aten::zero", guardZero},
      {"aten::zero_", guardZero},
      {"onednn::linear_prepack_fp16", guardPackedMatrix<0>},
      {"quantized::embedding_bag_2bit_prepack", guardPackedMatrix<0>},
      {"quantized::embedding_bag_4bit_prepack", guardPackedMatrix<0>},
      {"quantized::embedding_bag_byte_prepack", guardPackedMatrix<0>},
      {"quantized::embedding_bag_2bit_prepack_with_rowwise_min_max", guardRowwise},
      {"quantized::embedding_bag_4bit_prepack_with_rowwise_min_max", guardRowwise},
      {"quantized::embedding_bag_byte_prepack_with_rowwise_min_max", guardRowwise},
      {"quantized::linear_dynamic_fp16_unpacked_weight", guardPackedMatrix<1>},
  };
  const auto found = guards.find(name);
  return found == guards.end() ? nullptr : found->second;
}

}  // namespace adaptune
