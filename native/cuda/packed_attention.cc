#include "fused/packed_attention.h"

//
// In half precision by flash attention of samples of different lengths (Dao, "FlashAttention-2",
// arXiv 2307.08691), which computes no padding; else padded, by LibTorch's own choice among its
// kernels. What drops, drops as on the CPU, and so is padded too. Lengths are known on the host,
// and travel with the launch of a kernel.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <limits>

#include "fused/dropout_attention.h"
#include "tensors.h"

namespace adaptune::cuda {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The samples' rows on one side of attention.
struct Side {
  std::vector<int64_t> lengths;
  int64_t longest = 0, rows = 0;

  explicit Side(at::IntArrayRef given) : lengths(given.vec()) {
    for (const int64_t length : lengths) {
      longest = std::max(longest, length);
      rows += length;
    }
  }

  int64_t samples() const { return static_cast<int64_t>(lengths.size()); }
  bool isPadded() const { return rows < samples() * longest; }

  // Where each sample starts, and the end: [B+1].
  at::Tensor offsets(at::Device device) const {
    std::vector<int32_t> result{0};
    for (const int64_t length : lengths)
      result.push_back(result.back() + static_cast<int32_t>(length));
    return onDevice(result, device);
  }

  // The places of the rows among padded ones: [R] of B longest.
  at::Tensor places(at::Device device) const {
    std::vector<int32_t> result;
    for (int64_t sample = 0; sample < samples(); ++sample)
      for (int64_t row = 0; row < lengths[sample]; ++row)
        result.push_back(static_cast<int32_t>(sample * longest + row));
    return onDevice(result, device).to(at::kLong);
  }

  // Which of the padded rows there are: [B,1,1,longest].
  at::Tensor present(at::Device device) const {
    const at::Tensor own =
        onDevice(std::vector<int32_t>(lengths.begin(), lengths.end()), device).view({-1, 1, 1, 1});
    return at::arange(longest, own.options()).lt(own);
  }
};

// Flash attention has kernels for these.
bool canFlash(const at::Tensor& query, int64_t heads) {
  const auto dtype = query.scalar_type();
  const int64_t size = query.size(1) / heads;
  if ((dtype != at::kHalf && dtype != at::kBFloat16) || size % 8 != 0 || size > 256) return false;
  int major = 0;
  C10_CUDA_CHECK(
      cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, query.device().index()));
  return major >= 8;
}

double scaleOf(const at::Tensor& query) {
  return 1 / std::sqrt(static_cast<double>(query.size(-1)));
}

class FlashAttention : public torch::autograd::Function<FlashAttention> {
 public:
  // query [Rq,H,d], key and value [Rk,H,d]
  static at::Tensor forward(AutogradContext* context, const at::Tensor& query,
                            const at::Tensor& key, const at::Tensor& value, const Side& queries,
                            const Side& keys) {
    const at::AutoDispatchBelowADInplaceOrView below;
    const at::Tensor queryOffsets = queries.offsets(query.device()),
                     keyOffsets = keys.offsets(query.device());
    const auto [out, logsumexp, random, unused, mask] = at::_flash_attention_forward(
        query, key, value, queryOffsets, keyOffsets, queries.longest, keys.longest, /*dropout_p=*/0,
        /*is_causal=*/false, /*return_debug_mask=*/false, scaleOf(query));
    context->save_for_backward(
        {query, key, value, out, logsumexp, random, unused, queryOffsets, keyOffsets});
    context->saved_data["longest_query"] = queries.longest;
    context->saved_data["longest_key"] = keys.longest;
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    TORCH_CHECK(!at::GradMode::is_enabled(),
                "packed_attention: gradients of gradients are not supported; call backward "
                "without createGraph");
    const auto saved = context->get_saved_variables();
    const auto [dQuery, dKey, dValue] = at::_flash_attention_backward(
        gradients[0].contiguous(), saved[0], saved[1], saved[2], saved[3], saved[4], saved[7],
        saved[8], context->saved_data["longest_query"].toInt(),
        context->saved_data["longest_key"].toInt(), /*dropout_p=*/0,
        /*is_causal=*/false, saved[5], saved[6], scaleOf(saved[0]));
    return {dQuery, dKey, dValue, at::Tensor(), at::Tensor()};
  }
};

// Rows [R,D] -> [B,H,longest,d], zeros where there is none.
at::Tensor padded(const at::Tensor& rows, const Side& side, int64_t heads) {
  at::Tensor all = rows;
  if (side.isPadded())
    all = at::zeros({side.samples() * side.longest, rows.size(1)}, rows.options())
              .index_copy(0, side.places(rows.device()), rows);
  return all.view({side.samples(), side.longest, heads, -1}).transpose(1, 2);
}

// Attention whose weights drop: query [B,H,S,d], key and value [B,H,S',d], mask added to the
// scores.
class Dropping : public torch::autograd::Function<Dropping> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& query,
                            const at::Tensor& key, const at::Tensor& value, const at::Tensor& mask,
                            const Drawn& drawn, const at::Tensor& keys,
                            std::vector<int64_t> heads) {
    const at::AutoDispatchBelowADInplaceOrView below;
    const auto [out, weights] = attendDropping(query, key, value, mask, {drawn, keys, heads});
    context->save_for_backward({query, key, value, weights, drawn.rows, keys});
    context->saved_data["p"] = drawn.p;
    context->saved_data["seed"] = drawn.seed;
    context->saved_data["heads"] = std::move(heads);
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    TORCH_CHECK(!at::GradMode::is_enabled(),
                "packed_attention: gradients of gradients are not supported; call backward "
                "without createGraph");
    const auto saved = context->get_saved_variables();
    const auto heads = context->saved_data["heads"].toIntVector();
    const Drawn drawn{context->saved_data["p"].toDouble(), context->saved_data["seed"].toInt(),
                      saved[4]};
    const auto all = attendDroppingBackward(gradients[0], saved[0], saved[1], saved[2], saved[3],
                                            {drawn, saved[5], heads});
    return {all.query, all.key, all.value, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

// Numbers of rows [R] -> of padded ones [B longest]; undefined where there are none.
at::Tensor paddedNumbers(const at::Tensor& numbers, const Side& side) {
  if (!numbers.defined() || !side.isPadded()) return numbers;
  return at::zeros({side.samples() * side.longest}, numbers.options())
      .index_copy(0, side.places(numbers.device()), numbers);
}

at::Tensor attendPadded(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                        const Side& queries, const Side& keys, int64_t heads,
                        const PackedDropping& dropping) {
  const at::Tensor q = padded(query, queries, heads), k = padded(key, keys, heads),
                   v = padded(value, keys, heads);
  const at::Tensor present = keys.isPadded() ? keys.present(query.device()) : at::Tensor();
  at::Tensor out;
  if (dropping.queries.drops()) {
    at::Tensor mask;
    if (present.defined())
      mask = at::zeros(present.sizes(), query.options())
                 .masked_fill_(present.logical_not(), -std::numeric_limits<float>::infinity());
    const Drawn drawn{dropping.queries.p, dropping.queries.seed,
                      paddedNumbers(dropping.queries.rows, queries)};
    out = Dropping::apply(q, k, v, mask, drawn, paddedNumbers(dropping.keys, keys), dropping.heads);
  } else {
    out = at::scaled_dot_product_attention(
        q, k, v, present.defined() ? OptionalTensor(present) : std::nullopt);
  }
  const at::Tensor all = out.transpose(1, 2).reshape({-1, query.size(1)});
  return queries.isPadded() ? all.index_select(0, queries.places(query.device())) : all;
}

at::Tensor packedAttention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                           at::IntArrayRef queryLengths, at::IntArrayRef keyLengths, int64_t heads,
                           const PackedDropping& dropping) {
  const c10::cuda::CUDAGuard guard(query.device());
  const Side queries(queryLengths), keys(keyLengths);
  if (queries.rows == 0) return query.clone();
  if (dropping.queries.drops() || !canFlash(query, heads))
    return attendPadded(query.contiguous(), key.contiguous(), value.contiguous(), queries, keys,
                        heads, dropping);
  const auto byHead = [&](const at::Tensor& rows) {
    return rows.contiguous().view({rows.size(0), heads, -1});
  };
  return FlashAttention::apply(byHead(query), byHead(key), byHead(value), queries, keys)
      .view({query.size(0), query.size(1)});
}

// When the addon is loaded.
[[maybe_unused]] const bool installed = (cudaPackedAttention = packedAttention, true);

}  // namespace

}  // namespace adaptune::cuda
