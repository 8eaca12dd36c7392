// Guards of the layers of networks: norms, pooling, padding, embeddings, sequences, attention.
#include <ATen/ATen.h>

#include <initializer_list>
#include <unordered_map>

#include "guards_sizes.h"

namespace adaptune {

namespace {

// Statistics and weights, each of as many numbers as the input has channels. Those that the call
// does not read may be left out, or empty.
void requirePerChannel(Arguments arguments, const at::Tensor& input,
                       std::initializer_list<size_t> all, std::initializer_list<size_t> read) {
  TORCH_CHECK(input.dim() >= 2, "expected an input of at least 2 dimensions, given ", input.dim());
  for (const size_t index : read) {
    TORCH_CHECK(tensorOf(arguments, index).defined(), "expected argument ", index,
                " as a Tensor, which this mode reads, given null");
    requireSizes(tensorOf(arguments, index), {input.size(1)}, "a number for each channel");
  }
  for (const size_t index : all) {
    const at::Tensor given = tensorOf(arguments, index);
    if (!given.defined() || given.sizes() == at::IntArrayRef{0}) continue;
    requireSizes(given, {input.size(1)}, "a number for each channel");
  }
}

// input, weight, bias, running mean and variance, training
void guardBatchNorm(Arguments arguments) {
  const bool hasStatistics = arguments[3].isTensor() || arguments[3].isNone();
  const at::Tensor& input = arguments[0].toTensor();
  if (!hasStatistics) {
    TORCH_CHECK(arguments[3].toBool(), "expected training: true where no statistics are given");
    requirePerChannel(arguments, input, {1, 2}, {});
  } else if (arguments[5].isBool() && arguments[5].toBool()) {
    requirePerChannel(arguments, input, {1, 2, 3, 4}, {});
  } else {
    requirePerChannel(arguments, input, {1, 2}, {3, 4});
  }
}

void guardBatchStatistics(Arguments arguments) {
  requirePerChannel(arguments, arguments[0].toTensor(), {1, 2}, {});
}

// grad_out, input, weight, running mean and variance, saved ones, training
void guardBatchNormBackward(Arguments arguments) {
  const at::Tensor& input = arguments[1].toTensor();
  guardSameSizes<0, 1>(arguments);
  if (arguments[7].toBool()) {
    requirePerChannel(arguments, input, {2, 3, 4}, {5, 6});
  } else {
    requirePerChannel(arguments, input, {2, 5, 6}, {3, 4});
  }
}

template <size_t groups>
void guardGroupNorm(Arguments arguments) {
  TORCH_CHECK(arguments[groups].toInt() > 0, "expected at least 1 group, given ",
              arguments[groups].toInt());
}

// grad_out, input, normalized_shape, mean, rstd
void guardLayerNormBackward(Arguments arguments) {
  const at::Tensor& input = arguments[1].toTensor();
  const int64_t rows = input.dim() - static_cast<int64_t>(arguments[2].toIntVector().size());
  if (rows < 0) return;  // LibTorch says what does not fit
  guardSameSizes<0, 1>(arguments);
  const int64_t count = c10::multiply_integers(input.sizes().slice(0, rows));
  for (const size_t index : {3, 4}) {
    const int64_t given = arguments[index].toTensor().numel();
    TORCH_CHECK(given == count, "expected ", count, " statistics, one a row, given ", given);
  }
}

// grad_output, self, padding: two numbers for each of the last dimensions
template <bool reflects>
void guardPadBackward(Arguments arguments) {
  const at::Tensor& self = arguments[1].toTensor();
  const auto padding = arguments[2].toIntVector();
  const auto padded = static_cast<int64_t>(padding.size() / 2);
  TORCH_CHECK(self.dim() > padded, "expected an input of at least ", padded + 1,
              " dimensions, given ", self.dim());
  auto sizes = self.sizes().vec();
  for (int64_t dim = 0; dim < padded; ++dim) {
    int64_t& size = sizes[sizes.size() - 1 - dim];
    for (const int64_t pad : {padding[2 * dim], padding[2 * dim + 1]}) {
      TORCH_CHECK(!reflects || pad < size, "expected padding of less than ", size, ", given ", pad);
    }
    size += padding[2 * dim] + padding[2 * dim + 1];
  }
  requireSizes(arguments[0].toTensor(), sizes, "a gradient");
}

// grad_output, self, whose last `dims` sizes were pooled
template <int64_t dims>
void guardAverageBackward(Arguments arguments) {
  requireSamePlanes(arguments[0].toTensor(), arguments[1].toTensor(), dims);
}

// grad_output, input [B, C, ..], grid [B, .., dims]
void guardGridBackward(Arguments arguments) {
  const at::Tensor& input = arguments[1].toTensor();
  const at::Tensor& grid = arguments[2].toTensor();
  if (input.dim() < 4 || grid.dim() != input.dim()) return;  // LibTorch says what does not fit
  auto sizes = input.sizes().vec();
  for (int64_t dim = 2; dim < input.dim(); ++dim) sizes[dim] = grid.size(dim - 1);
  requireSizes(arguments[0].toTensor(), sizes, "a gradient");
}

void guardEmbeddingBag(Arguments arguments) {
  for (const size_t index : {1, 2}) {
    const int64_t dims = arguments[index].toTensor().dim();
    TORCH_CHECK(dims == 1, "expected indices and offsets of 1 dimension, given ", dims,
                "; x.flatten() first");
  }
  const at::Tensor& offsets = arguments[2].toTensor();
  if (!offsets.device().is_cpu() || offsets.numel() == 0) return;
  const int64_t count = arguments[1].toTensor().numel();
  TORCH_CHECK(offsets.diff().ge(0).all().item<bool>() && offsets[-1].item<int64_t>() <= count,
              "expected offsets that grow to at most ", count, ", the number of indices");
}

// How many sequences go on at each step, longest first: those of all steps are the rows of data.
template <size_t data, size_t sizes>
void guardPacked(Arguments arguments) {
  const at::Tensor& counts = arguments[sizes].toTensor();
  const at::Tensor& rows = arguments[data].toTensor();
  TORCH_CHECK(counts.dim() == 1 && counts.numel() > 0 && counts.scalar_type() == at::kLong &&
                  counts.device().is_cpu(),
              "expected batch sizes as an int64 tensor of 1 dimension on the CPU");
  TORCH_CHECK(counts.diff().le(0).all().item<bool>() && counts[-1].item<int64_t>() > 0,
              "expected batch sizes of at least 1 that never grow");
  TORCH_CHECK(rows.dim() > 0 && counts.sum().item<int64_t>() == rows.size(0),
              "expected batch sizes whose sum is the number of rows of the data, ", rows.sizes());
}

// input, lengths, batch_first
void guardPack(Arguments arguments) {
  const at::Tensor& input = arguments[0].toTensor();
  const at::Tensor& lengths = arguments[1].toTensor();
  TORCH_CHECK(input.dim() >= 2, "expected an input of at least 2 dimensions, given ", input.dim());
  const int64_t batchDim = arguments[2].toBool() ? 0 : 1;
  TORCH_CHECK(lengths.device().is_cpu() && lengths.scalar_type() == at::kLong,
              "expected lengths as an int64 tensor on the CPU");
  requireSizes(lengths, {input.size(batchDim)}, "lengths, one a sequence,");
  const int64_t steps = input.size(1 - batchDim);
  TORCH_CHECK(lengths.ge(1).logical_and(lengths.le(steps)).all().item<bool>(),
              "expected lengths of 1 to ", steps);
}

// Of lstm, gru and both rnn: the input or packed data, its batch sizes where it is packed, the
// states (layers, sequences, features), the weights.
void guardRecurrent(Arguments arguments) {
  const bool isPacked = arguments[1].isTensor() && arguments[2].isTensor();
  const bool isPackedLstm =
      arguments[1].isTensor() && arguments[2].isTensorList() && arguments[3].isTensorList();
  const size_t states = isPacked || isPackedLstm ? 2 : 1;
  if (states == 2) guardPacked<0, 1>(arguments);
  const at::Tensor& input = arguments[0].toTensor();
  const int64_t dims = states == 2 ? 2 : 3;
  TORCH_CHECK(input.dim() == dims, "expected an input of ", dims, " dimensions, given ",
              input.dim());
  const auto each = arguments[states].isTensor() ? std::vector{arguments[states].toTensor()}
                                                 : arguments[states].toTensorVector();
  for (const at::Tensor& state : each) {
    TORCH_CHECK(state.dim() == 3, "expected states of 3 dimensions, given ", state.dim());
  }
  const auto weights = arguments[states + 1].toTensorVector();
  TORCH_CHECK(
      weights.empty() || (weights[0].dim() == 2 && weights[0].size(1) == input.size(dims - 1)),
      "expected a first weight of 2 dimensions for ", input.size(dims - 1), " features");
}

// self, weight, kernel_size
void guardKernel(Arguments arguments) {
  const at::Tensor& weight = arguments[1].toTensor();
  const auto kernel = arguments[2].toIntVector();
  TORCH_CHECK(weight.dim() == static_cast<int64_t>(kernel.size()) + 2 &&
                  weight.sizes().slice(2) == at::IntArrayRef(kernel),
              "expected a weight that ends in the kernel's sizes, ", at::IntArrayRef(kernel),
              ", given ", weight.sizes());
}

// query, key, value [B, H, T, D], dropout_p, is_causal, attn_mask
void guardFlash(Arguments arguments) {
  const at::Tensor& query = arguments[0].toTensor();
  const at::Tensor& key = arguments[1].toTensor();
  TORCH_CHECK(query.dim() == 4 && key.dim() == 4, "expected query and key of 4 dimensions");
  guardSameSizes<1, 2>(arguments);
  TORCH_CHECK(key.size(2) > 0, "expected at least one key");
  requireSizes(key, {query.size(0), query.size(1), key.size(2), query.size(3)}, "keys");
  const at::Tensor mask = tensorOf(arguments, 5);
  TORCH_CHECK(!mask.defined() || mask.dim() == 2 || mask.dim() == 4, "expected a mask of 2 or 4 ",
              "dimensions, given ", mask.defined() ? mask.dim() : 0);
  if (mask.defined()) mask.expand({query.size(0), query.size(1), query.size(2), key.size(2)});
}

// query, key, value, attn_mask, dropout_p, is_causal, scale, enable_gqa
void guardAttention(Arguments arguments) {
  if (!arguments[7].toBool()) return;
  for (const size_t index : {1, 2}) {
    const at::Tensor& keys = arguments[index].toTensor();
    TORCH_CHECK(keys.dim() < 3 || keys.size(-3) > 0, "expected keys and values of a head at least");
  }
}

// grad_output, indices, num_weights
void guardEmbeddingBackward(Arguments arguments) {
  const at::Tensor& indices = arguments[1].toTensor();
  if (!indices.device().is_cpu() || indices.numel() == 0) return;
  const int64_t rows = arguments[2].toInt();
  TORCH_CHECK(indices.ge(0).logical_and(indices.lt(rows)).all().item<bool>(),
              "expected indices of 0 to ", rows - 1);
}

// v, g, dim
void guardWeightNorm(Arguments arguments) {
  const at::Tensor& weight = arguments[0].toTensor();
  const int64_t dim = arguments[2].toInt();
  TORCH_CHECK(weight.dim() > 0 && weight.numel() > 0, "expected a weight that is not empty");
  if (dim != 0 && dim != weight.dim() - 1) return;
  const int64_t given = arguments[1].toTensor().numel();
  TORCH_CHECK(given == weight.size(dim), "expected ", weight.size(dim), " norms, given ", given);
}

// self, output_size, align_corners, scales_h, scales_w
void guardAntialiased(Arguments arguments) {
  const at::Tensor& self = arguments[0].toTensor();
  if (!arguments[1].isIntList() || self.dim() != 4) return;
  const auto output = arguments[1].toIntVector();
  for (size_t i = 0; i < 2; ++i) {
    if (!arguments[3 + i].isDouble()) continue;
    const double scaled = static_cast<double>(self.size(2 + i)) * arguments[3 + i].toDouble();
    const auto expected = static_cast<int64_t>(scaled);
    TORCH_CHECK(expected == output[i], "expected an output size of ", expected,
                " for the scale given, given ", output[i]);
  }
}

// input, weight
void guardMkldnnLinear(Arguments arguments) {
  const at::Tensor& weight = arguments[1].toTensor();
  TORCH_CHECK(!arguments[0].toTensor().is_mkldnn() || weight.dim() == 2,
              "expected a weight of 2 dimensions, given ", weight.dim());
}

}  // namespace

Guard layerGuardOf(const std::string& name) {
  static const std::unordered_map<std::string, Guard> guards{
      {"aten::_batch_norm_no_update", guardBatchNorm},
      {"aten::_batch_norm_with_update", guardBatchNorm},
      {"aten::_embedding_bag", guardEmbeddingBag},
      {"aten::_embedding_bag_forward_only", guardEmbeddingBag},
      {"aten::_native_batch_norm_legit", guardBatchNorm},
      {"aten::_native_batch_norm_legit_functional", guardBatchNorm},
      {"aten::_pack_padded_sequence", guardPack},
      {"aten::_pad_packed_sequence", guardPacked<0, 1>},
      {"aten::_scaled_dot_product_flash_attention_for_cpu", guardFlash},
      {"aten::_upsample_bicubic2d_aa", guardAntialiased},
      {"aten::_upsample_bilinear2d_aa", guardAntialiased},
      {"aten::_upsample_lanczos2d_aa", guardAntialiased},
      {"aten::_weight_norm", guardWeightNorm},
      {"aten::_weight_norm_interface", guardWeightNorm},
      {"aten::avg_pool2d_backward", guardAverageBackward<2>},
      {"aten::avg_pool3d_backward", guardAverageBackward<3>},
      {"aten::batch_norm_backward", guardBatchNormBackward},
      {"aten::batch_norm_update_stats", guardBatchStatistics},
      {"aten::embedding_bag", guardEmbeddingBag},
      {"aten::embedding_backward", guardEmbeddingBackward},
      {"aten::embedding_dense_backward", guardEmbeddingBackward},
      {"aten::grid_sampler_2d_backward", guardGridBackward},
      {"aten::grid_sampler_3d_backward", guardGridBackward},
      {"aten::gru", guardRecurrent},
      {"aten::linear", guardMkldnnLinear},
      {"aten::lstm", guardRecurrent},
      {"aten::mkldnn_linear", guardMkldnnLinear},
      {"aten::native_batch_norm", guardBatchNorm},
      {"aten::native_batch_norm_backward", guardBatchNormBackward},
      {"aten::native_group_norm", guardGroupNorm<6>},
      {"aten::native_group_norm_backward", guardGroupNorm<8>},
      {"aten::native_layer_norm_backward", guardLayerNormBackward},
      {"aten::reflection_pad1d_backward", guardPadBackward<true>},
      {"aten::reflection_pad2d_backward", guardPadBackward<true>},
      {"aten::reflection_pad3d_backward", guardPadBackward<true>},
      {"aten::replication_pad1d_backward", guardPadBackward<false>},
      {"aten::replication_pad2d_backward", guardPadBackward<false>},
      {"aten::replication_pad3d_backward", guardPadBackward<false>},
      {"aten::rnn_relu", guardRecurrent},
      {"aten::rnn_tanh", guardRecurrent},
      {"aten::scaled_dot_product_attention", guardAttention},
      {"aten::slow_conv3d", guardKernel},
      {"aten::slow_conv3d_forward", guardKernel},
      {"aten::slow_conv_transpose2d", guardKernel},
      {"aten::slow_conv_transpose3d", guardKernel},
  };
  const auto found = guards.find(name);
  return found == guards.end() ? nullptr : found->second;
}

}  // namespace adaptune
