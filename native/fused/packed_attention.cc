// Attention of samples that lie one after the other in packed rows, so that no padding is computed.
//
//   query [Rq,D], key and value [Rk,D]; sample b has the next query_lengths[b] and key_lengths[b]
//   rows, and each of its queries attends to all of its keys:
//   out_b = dropout(softmax(q_b k_b^T / sqrt(d))) v_b,  head by head (Vaswani et al. 2017, eq. 1)
//
// Dropout goes by who queries and keys are, given as in dropout.cc: by default positions count up.
//
// Samples of the same lengths that lie next to each other go in one call, so that a batch of equal
// lengths costs what padded attention does.
#include "packed_attention.h"

#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <cmath>

#include "dropout_attention.h"

namespace adaptune {

DeviceAttention* cudaPackedAttention = nullptr;

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
    TORCH_CHECK(length > 0 && length <= rows.size(0), "argument '", argument,
                "': expected at least one row for every sample, and no more than there are, given ",
                lengths);
  }
  TORCH_CHECK(sum(lengths) == rows.size(0), "argument '", argument, "': expected a sum of ",
              rows.size(0), ", the number of rows, given ", lengths);
}

void check(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
           at::IntArrayRef queries, at::IntArrayRef keys, int64_t heads,
           at::IntArrayRef headNumbers) {
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
  TORCH_CHECK(headNumbers.empty() || static_cast<int64_t>(headNumbers.size()) == heads,
              "argument 'head_numbers': expected ", heads, " numbers or none, given ", headNumbers);
}

// Calls fn(run, its number) for all. Of several each has a thread of its own: a sample is too small
// to be worth the threads' meeting at its end.
template <typename Fn>
void forRuns(const std::vector<Run>& runs, at::Device device, const Fn& fn) {
  const auto count = static_cast<int64_t>(runs.size());
  const auto some = [&](int64_t begin, int64_t end) {
    const at::AutoDispatchBelowADInplaceOrView below;  // other threads know of no such modes
    for (int64_t number = begin; number < end; ++number) fn(runs[number], number);
  };
  if (device.is_cpu() && count > 1)
    at::parallel_for(0, count, 1, some);
  else
    some(0, count);
}

// Rows of a run, seen by head: [samples,heads,rows,d].
at::Tensor byHead(const at::Tensor& rows, int64_t first, int64_t samples, int64_t length,
                  int64_t heads) {
  return rows.narrow(0, first, samples * length)
      .view({samples, length, heads, rows.size(1) / heads})
      .transpose(1, 2);
}

// The rows [R,D] of a run seen by head; no copy where they lie so.
at::Tensor rowsOf(const at::Tensor& heads) {
  return heads.transpose(1, 2).reshape({heads.size(0) * heads.size(2), -1});
}

// A run's result [n,H,S,d], and what the backward needs beside it and the inputs: the sum of the
// exponentials' logarithm where LibTorch's flash attention is taken, or the weights.
struct Attended {
  at::Tensor out, saved;
};

// Whether that is LibTorch's flash attention, whose backward needs its result.
bool isFlash(const at::Tensor& rows, double p) {
  return rows.device().is_cpu() && p == 0;
}

struct Dropping : PackedDropping {
  AttentionDrawn of(const Run& run) const {
    const auto part = [](const at::Tensor& rows, int64_t first, int64_t count) {
      return rows.defined() ? rows.narrow(0, first, count) : rows;
    };
    const at::Tensor own = part(queries.rows, run.first_query, run.samples * run.queries);
    return {
        {queries.p, queries.seed, own}, part(keys, run.first_key, run.samples * run.keys), heads};
  }
};

// The rows of samples in order: sample * 2^32 + position.
at::Tensor numbersOf(at::IntArrayRef lengths, const at::Tensor& like) {
  at::Tensor numbers = at::empty({sum(lengths)}, at::kLong);
  auto* next = numbers.mutable_data_ptr<int64_t>();
  for (size_t b = 0; b < lengths.size(); ++b)
    for (int64_t n = 0; n < lengths[b]; ++n) *next++ = (static_cast<int64_t>(b) << 32) + n;
  return numbers.to(like.device());
}

double scaleOf(const at::Tensor& query) {
  return 1 / std::sqrt(static_cast<double>(query.size(-1)));
}

// query [n,H,S,d], key and value [n,H,S',d].
Attended attend(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                const AttentionDrawn& drawn) {
  if (drawn.drawn.drops()) {
    auto [out, weights] = attendDropping(query, key, value, at::Tensor(), drawn);
    return {out, weights};
  }
  if (query.device().is_cpu()) {
    auto [out, logsumexp] = at::_scaled_dot_product_flash_attention_for_cpu(query, key, value);
    return {out, logsumexp};
  }
  const at::Tensor weights = (query * scaleOf(query)).matmul(key.transpose(-2, -1)).softmax(-1);
  return {weights.matmul(value), weights};
}

std::array<at::Tensor, 3> attendBackward(const at::Tensor& dOut, const at::Tensor& query,
                                         const at::Tensor& key, const at::Tensor& value,
                                         const Attended& attended, const AttentionDrawn& drawn) {
  if (drawn.drawn.drops()) {
    const auto all = attendDroppingBackward(dOut, query, key, value, attended.saved, drawn);
    return {all.query, all.key, all.value};
  }
  if (query.device().is_cpu()) {
    auto [dQuery, dKey, dValue] = at::_scaled_dot_product_flash_attention_for_cpu_backward(
        dOut, query, key, value, attended.out, attended.saved, 0, false);
    return {dQuery, dKey, dValue};
  }
  const at::Tensor& weights = attended.saved;
  const at::Tensor dWeights = dOut.matmul(value.transpose(-2, -1));
  const at::Tensor dScores =
      weights * (dWeights - (weights * dWeights).sum(-1, true)) * scaleOf(query);
  return {dScores.matmul(key), dScores.transpose(-2, -1).matmul(query),
          weights.transpose(-2, -1).matmul(dOut)};
}

class PackedAttention : public torch::autograd::Function<PackedAttention> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& givenQuery,
                            const at::Tensor& givenKey, const at::Tensor& givenValue,
                            std::vector<int64_t> queries, std::vector<int64_t> keys, int64_t heads,
                            Dropping dropping) {
    const at::AutoDispatchBelowADInplaceOrView below;
    const at::Tensor query = givenQuery.contiguous(), key = givenKey.contiguous(),
                     value = givenValue.contiguous();
    const auto runs = runsOf(queries, keys);
    at::Tensor out = runs.size() == 1 ? at::Tensor() : at::empty_like(query);
    variable_list results(runs.size());
    forRuns(runs, query.device(), [&](const Run& run, int64_t number) {
      auto part =
          attend(byHead(query, run.first_query, run.samples, run.queries, heads),
                 byHead(key, run.first_key, run.samples, run.keys, heads),
                 byHead(value, run.first_key, run.samples, run.keys, heads), dropping.of(run));
      results[number] = part.saved;
      if (out.defined())
        byHead(out, run.first_query, run.samples, run.queries, heads).copy_(part.out);
      else
        out = rowsOf(part.out);
    });
    variable_list saved{query, key, value, dropping.queries.rows, dropping.keys};
    saved.push_back(isFlash(query, dropping.queries.p) ? out : at::Tensor());
    saved.insert(saved.end(), results.begin(), results.end());
    context->save_for_backward(saved);
    context->saved_data["queries"] = std::move(queries);
    context->saved_data["keys"] = std::move(keys);
    context->saved_data["heads"] = heads;
    context->saved_data["p"] = dropping.queries.p;
    context->saved_data["seed"] = dropping.queries.seed;
    context->saved_data["head_numbers"] = std::move(dropping.heads);
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
    const Dropping dropping{
        {{context->saved_data["p"].toDouble(), context->saved_data["seed"].toInt(), saved[3]},
         saved[4],
         context->saved_data["head_numbers"].toIntVector()}};
    // LibTorch's backward of flash attention takes three times as long in half precision.
    const auto widened = [&](const at::Tensor& rows) {
      return rows.element_size() == 2 && isFlash(rows, dropping.queries.p) ? rows.to(at::kFloat)
                                                                           : rows;
    };
    const at::Tensor dOut = widened(gradients[0].contiguous()), query = widened(saved[0]),
                     key = widened(saved[1]), value = widened(saved[2]),
                     out = saved[5].defined() ? widened(saved[5]) : at::Tensor();
    const auto runs = runsOf(queries, keys);
    at::Tensor dQuery = at::empty_like(saved[0]), dKey = at::empty_like(saved[1]),
               dValue = at::empty_like(saved[2]);
    const auto results = saved.begin() + 6;
    forRuns(runs, dOut.device(), [&](const Run& run, int64_t number) {
      const auto ofQueries = [&](const at::Tensor& rows) {
        return byHead(rows, run.first_query, run.samples, run.queries, heads);
      };
      const auto ofKeys = [&](const at::Tensor& rows) {
        return byHead(rows, run.first_key, run.samples, run.keys, heads);
      };
      const Attended here{out.defined() ? ofQueries(out) : out, results[number]};
      const auto parts = attendBackward(ofQueries(dOut), ofQueries(query), ofKeys(key),
                                        ofKeys(value), here, dropping.of(run));
      ofQueries(dQuery).copy_(parts[0]);
      ofKeys(dKey).copy_(parts[1]);
      ofKeys(dValue).copy_(parts[2]);
    });
    return {dQuery, dKey, dValue, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

at::Tensor packedAttention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                           at::IntArrayRef queries, at::IntArrayRef keys, int64_t heads,
                           double dropout, int64_t seed, const std::optional<at::Tensor>& queryRows,
                           const std::optional<at::Tensor>& keyRows, at::IntArrayRef headNumbers) {
  check(query, key, value, queries, keys, heads, headNumbers);
  Dropping dropping{{checkedDrawn(dropout, seed, queryRows, query.size(0), query),
                     checkedDrawn(dropout, seed, keyRows, key.size(0), key).rows,
                     headNumbers.vec()}};
  if (dropout > 0 && !queryRows) dropping.queries.rows = numbersOf(queries, query);
  if (query.is_cuda() && cudaPackedAttention != nullptr)
    return cudaPackedAttention(query, key, value, queries, keys, heads, dropping);
  return PackedAttention::apply(query, key, value, queries.vec(), keys.vec(), heads,
                                std::move(dropping));
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(adaptune, library) {
  library.def(
      "packed_attention(Tensor query, Tensor key, Tensor value, int[] query_lengths, "
      "int[] key_lengths, int heads, *, float dropout_p=0., int seed=0, Tensor? query_rows=None, "
      "Tensor? key_rows=None, int[] head_numbers=[]) -> Tensor");
}

TORCH_LIBRARY_IMPL(adaptune, CompositeImplicitAutograd, library) {
  library.impl("packed_attention", packedAttention);
}

}  // namespace adaptune
