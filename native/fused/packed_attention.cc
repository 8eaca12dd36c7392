// Attention of samples that lie one after the other in packed rows, so that no padding is computed.
//
//   query [Rq,D], key and value [Rk,D]; sample b has the next query_lengths[b] and key_lengths[b]
//   rows, and each of its queries attends to all of its keys:
//   out_b = dropout(softmax(q_b k_b^T / sqrt(d))) v_b,  head by head (Vaswani et al. 2017, eq. 1)
//
// Samples of the same lengths that lie next to each other go in one call, so that a batch of equal
// lengths costs what padded attention does.
#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <cmath>

namespace adaptune {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Samples next to each other that have the same lengths.
struct Run {
  int64_t samples, queries, keys;  // how many, and their rows each
  int64_t first_query, first_key;  // where their rows start
};

std::vector<Run> runsOf(at::IntArrayRef queries, at::IntArrayRef keys) {
  std::vector<Run> runs;
  int64_t query = 0, key = 0;
  for (size_t b = 0; b < queries.size(); ++b) {
    const bool isLikeLast =
        !runs.empty() && runs.back().queries == queries[b] && runs.back().keys == keys[b];
    if (isLikeLast)
      ++runs.back().samples;
    else
      runs.push_back({1, queries[b], keys[b], query, key});
    query += queries[b];
    key += keys[b];
  }
  return runs;
}

int64_t sum(at::IntArrayRef lengths) {
  int64_t total = 0;
  for (const int64_t length : lengths) total += length;
  return total;
}

void checkLengths(const char* argument, at::IntArrayRef lengths, const at::Tensor& rows) {
  for (const int64_t length : lengths) {
    TORCH_CHECK(length > 0, "argument '", argument,
                "': expected at least one row for every sample, given ", lengths);
  }
  TORCH_CHECK(sum(lengths) == rows.size(0), "argument '", argument, "': expected a sum of ",
              rows.size(0), ", the number of rows, given ", lengths);
}

void check(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
           at::IntArrayRef queries, at::IntArrayRef keys, int64_t heads, double dropout) {
  TORCH_CHECK(query.dim() == 2 && query.is_floating_point(),
              "argument 'query': expected a floating-point tensor of shape [R,D], given ",
              query.scalar_type(), " ", query.sizes());
  const std::pair<const char*, const at::Tensor&> others[] = {{"key", key}, {"value", value}};
  for (const auto& [name, tensor] : others) {
    TORCH_CHECK(tensor.dim() == 2 && tensor.size(1) == query.size(1) &&
                    tensor.size(0) == key.size(0) && tensor.scalar_type() == query.scalar_type() &&
                    tensor.device() == query.device(),
                "argument '", name, "': expected ", query.scalar_type(), " of shape [R',",
                query.size(1), "] on ", query.device(), ", given ", tensor.scalar_type(), " ",
                tensor.sizes(), " on ", tensor.device());
  }
  TORCH_CHECK(queries.size() == keys.size(), "argument 'key_lengths': expected ", queries.size(),
              " samples as in 'query_lengths', given ", keys.size());
  checkLengths("query_lengths", queries, query);
  checkLengths("key_lengths", keys, key);
  TORCH_CHECK(heads > 0 && query.size(1) % heads == 0,
              "argument 'heads': expected a divisor of the width ", query.size(1), ", given ",
              heads);
  TORCH_CHECK(dropout >= 0 && dropout < 1,
              "argument 'dropout_p': expected a probability below 1, given ", dropout);
}

// Rows of a run, seen by head: [samples,heads,rows,d].
at::Tensor byHead(const at::Tensor& rows, int64_t first, int64_t samples, int64_t length,
                  int64_t heads) {
  return rows.narrow(0, first, samples * length)
      .view({samples, length, heads, rows.size(1) / heads})
      .transpose(1, 2);
}

// What the backward needs of a run beside its inputs and its result.
struct Saved {
  at::Tensor first, second;
};

struct Attended {
  at::Tensor out;
  Saved saved;
};

bool isFlash(const at::Tensor& query, double dropout) {
  return query.device().is_cpu() && dropout == 0;
}

double scaleOf(const at::Tensor& query) {
  return 1 / std::sqrt(static_cast<double>(query.size(-1)));
}

// query [n,H,S,d], key and value [n,H,S',d].
Attended attend(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                double dropout) {
  if (isFlash(query, dropout)) {
    auto [out, logsumexp] = at::_scaled_dot_product_flash_attention_for_cpu(query, key, value);
    return {out, {logsumexp, out}};
  }
  const at::Tensor weights = (query * scaleOf(query)).matmul(key.transpose(-2, -1)).softmax(-1);
  if (dropout == 0) return {weights.matmul(value), {weights, at::Tensor()}};
  const at::Tensor kept = at::empty_like(weights).bernoulli_(1 - dropout).div_(1 - dropout);
  return {(weights * kept).matmul(value), {weights, kept}};
}

std::array<at::Tensor, 3> attendBackward(const at::Tensor& dOut, const at::Tensor& query,
                                         const at::Tensor& key, const at::Tensor& value,
                                         const Saved& saved, double dropout) {
  if (isFlash(query, dropout)) {
    auto [dQuery, dKey, dValue] = at::_scaled_dot_product_flash_attention_for_cpu_backward(
        dOut, query, key, value, saved.second, saved.first, 0, false);
    return {dQuery, dKey, dValue};
  }
  const at::Tensor& weights = saved.first;
  const at::Tensor& kept = saved.second;
  const at::Tensor used = kept.defined() ? weights * kept : weights;
  at::Tensor dWeights = dOut.matmul(value.transpose(-2, -1));
  if (kept.defined()) dWeights.mul_(kept);
  const at::Tensor dScores =
      weights * (dWeights - (weights * dWeights).sum(-1, true)) * scaleOf(query);
  return {dScores.matmul(key), dScores.transpose(-2, -1).matmul(query),
          used.transpose(-2, -1).matmul(dOut)};
}

class PackedAttention : public torch::autograd::Function<PackedAttention> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& givenQuery,
                            const at::Tensor& givenKey, const at::Tensor& givenValue,
                            std::vector<int64_t> queries, std::vector<int64_t> keys, int64_t heads,
                            double dropout) {
    const at::AutoDispatchBelowADInplaceOrView below;
    const at::Tensor query = givenQuery.contiguous(), key = givenKey.contiguous(),
                     value = givenValue.contiguous();
    at::Tensor out = at::empty_like(query);
    variable_list saved{query, key, value};
    for (const Run& run : runsOf(queries, keys)) {
      auto part = attend(byHead(query, run.first_query, run.samples, run.queries, heads),
                         byHead(key, run.first_key, run.samples, run.keys, heads),
                         byHead(value, run.first_key, run.samples, run.keys, heads), dropout);
      byHead(out, run.first_query, run.samples, run.queries, heads).copy_(part.out);
      saved.push_back(part.saved.first);
      saved.push_back(part.saved.second);
    }
    context->save_for_backward(saved);
    context->saved_data["queries"] = std::move(queries);
    context->saved_data["keys"] = std::move(keys);
    context->saved_data["heads"] = heads;
    context->saved_data["dropout"] = dropout;
    return out;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    TORCH_CHECK(!at::GradMode::is_enabled(),
                "packed_attention: gradients of gradients are not supported; call backward "
                "without createGraph");
    const auto saved = context->get_saved_variables();
    const auto queries = context->saved_data["queries"].toIntVector();
    const auto keys = context->saved_data["keys"].toIntVector();
    const int64_t heads = context->saved_data["heads"].toInt();
    const double dropout = context->saved_data["dropout"].toDouble();
    const at::Tensor dOut = gradients[0].contiguous();
    at::Tensor dQuery = at::empty_like(saved[0]), dKey = at::empty_like(saved[1]),
               dValue = at::empty_like(saved[2]);
    size_t next = 3;
    for (const Run& run : runsOf(queries, keys)) {
      const auto ofQueries = [&](const at::Tensor& rows) {
        return byHead(rows, run.first_query, run.samples, run.queries, heads);
      };
      const auto ofKeys = [&](const at::Tensor& rows) {
        return byHead(rows, run.first_key, run.samples, run.keys, heads);
      };
      const Saved here{saved[next], saved[next + 1]};
      next += 2;
      const auto parts = attendBackward(ofQueries(dOut), ofQueries(saved[0]), ofKeys(saved[1]),
                                        ofKeys(saved[2]), here, dropout);
      ofQueries(dQuery).copy_(parts[0]);
      ofKeys(dKey).copy_(parts[1]);
      ofKeys(dValue).copy_(parts[2]);
    }
    return {dQuery, dKey, dValue, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

at::Tensor packedAttention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                           at::IntArrayRef queries, at::IntArrayRef keys, int64_t heads,
                           double dropout) {
  check(query, key, value, queries, keys, heads, dropout);
  return PackedAttention::apply(query, key, value, queries.vec(), keys.vec(), heads, dropout);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(adaptune, library) {
  library.def(
      "packed_attention(Tensor query, Tensor key, Tensor value, int[] query_lengths, "
      "int[] key_lengths, int heads, *, float dropout_p=0.) -> Tensor");
}

TORCH_LIBRARY_IMPL(adaptune, CompositeImplicitAutograd, library) {
  library.impl("packed_attention", packedAttention);
}

}  // namespace adaptune
