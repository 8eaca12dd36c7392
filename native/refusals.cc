#include "refusals.h"

#include <unordered_map>

namespace adaptune {

const char* insteadOf(const std::string& name) {
  static const std::unordered_map<std::string, const char*> instead{
      {"_quantized::wrapped_fbgemm_pack_gemm_matrix_fp16", "fbgemmPackGemmMatrixFp16"},
      {"adaptune::_bias_gelu_backward", "torch.ops.adaptune.bias_gelu"},
      {"adaptune::_dropout_add_layer_norm", "torch.ops.adaptune.dropout_add_layer_norm"},
      {"adaptune::_dropout_add_layer_norm_backward", "torch.ops.adaptune.dropout_add_layer_norm"},
      {"aten::_adaptive_avg_pool2d_backward", "adaptiveAvgPool2d"},
      {"aten::_adaptive_avg_pool3d_backward", "adaptiveAvgPool3d"},
      {"aten::_add_batch_dim", "unsqueeze"},
      {"aten::_batch_norm_impl_index_backward", "nativeBatchNormBackward"},
      {"aten::_cdist_backward", "cdist"},
      {"aten::_cholesky_solve_helper", "choleskySolve"},
      {"aten::_compute_linear_combination", "tensordot"},
      {"aten::_convert_indices_from_coo_to_csr", "x.toSparseCsr"},
      {"aten::_convert_indices_from_csr_to_coo", "x.toSparse"},
      {"aten::_ctc_loss_backward", "ctcLoss"},
      {"aten::_cummax_helper", "cummax"},
      {"aten::_cummin_helper", "cummin"},
      {"aten::_dyn_quant_matmul_4bit", "linear"},
      {"aten::_embedding_bag_backward", "embeddingBag"},
      {"aten::_embedding_bag_dense_backward", "embeddingBag"},
      {"aten::_embedding_bag_per_sample_weights_backward", "embeddingBag"},
      {"aten::_embedding_bag_sparse_backward", "embeddingBag"},
      {"aten::_foreach_copy", "torch.ops.aten._foreach_copy_"},
      {"aten::_grid_sampler_2d_cpu_fallback", "gridSampler"},
      {"aten::_grid_sampler_2d_cpu_fallback_backward", "gridSampler"},
      {"aten::_lazy_clone", "clone"},
      {"aten::_logcumsumexp", "logcumsumexp"},
      {"aten::_new_zeros_with_same_feature_meta", "x.newZeros"},
      {"aten::_nnpack_spatial_convolution", "conv2d"},
      {"aten::_pack_padded_sequence_backward", "torch.ops.aten._pack_padded_sequence"},
      {"aten::_pdist_backward", "pdist"},
      {"aten::_pdist_forward", "pdist"},
      {"aten::_remove_batch_dim", "unsqueeze"},
      {"aten::_scaled_dot_product_flash_attention_for_cpu_backward", "scaledDotProductAttention"},
      {"aten::_segment_reduce_backward", "segmentReduce"},
      {"aten::_slow_conv2d_backward", "convolutionBackward"},
      {"aten::_sparse_coo_tensor_unsafe", "sparseCooTensor"},
      {"aten::_stack", "stack"},
      {"aten::_thnn_differentiable_gru_cell_backward", "gruCell"},
      {"aten::_thnn_differentiable_lstm_cell_backward", "lstmCell"},
      {"aten::_transform_bias_rescale_qkv", "scaledDotProductAttention"},
      {"aten::_weight_norm_interface_backward", "torch.ops.aten._weight_norm"},
      {"aten::adaptive_avg_pool3d_backward", "adaptiveAvgPool3d"},
      {"aten::mkldnn_rnn_layer", "lstm"},
      {"aten::mkldnn_rnn_layer_backward", "lstm"},
      {"aten::quantized_gru_cell", "gruCell"},
      {"aten::quantized_lstm_cell", "lstmCell"},
      {"aten::quantized_rnn_relu_cell", "rnnReluCell"},
      {"aten::quantized_rnn_tanh_cell", "rnnTanhCell"},
      {"c10d::check_for_nan", "x.isnan().any()"},
      {"inductor::_alloc_from_pool", "x.asStrided"},
      {"inductor::_reinterpret_tensor", "x.asStrided"},
      {"mkldnn::_reorder_mkldnn_rnn_layer_weight", "lstm"},
  };
  const auto found = instead.find(name);
  return found == instead.end() ? nullptr : found->second;
}

}  // namespace adaptune
