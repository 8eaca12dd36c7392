// Attention whose weights drop: out = dropout(softmax(q k^T / sqrt(d) + mask)) v (Vaswani et al.
// 2017, equation 1). What is dropped depends on the sample, the head, and the positions of query
// and key: see kernels/kernels.h.
#pragma once

#include <ATen/Tensor.h>

#include "philox.h"

namespace adaptune {

// What the weights [n,H,S,S'] drop.
struct AttentionDrawn {
  Drawn drawn;            // rows are the queries', [n S]
  at::Tensor keys;        // [n S'] int64, as rows; undefined for positions 0 .. S'-1
  at::IntArrayRef heads;  // [H]; empty for 0 .. H-1
};

struct DroppingAttention {
  at::Tensor out;      // [n,H,S,d]
  at::Tensor weights;  // [n,H,S,S'], before what is dropped; the gradient needs no more
};

// query [n,H,S,d], key and value [n,H,S',d]; the mask is added to the scores, or undefined.
DroppingAttention attendDropping(const at::Tensor& query, const at::Tensor& key,
                                 const at::Tensor& value, const at::Tensor& mask,
                                 const AttentionDrawn& drawn);

struct DroppingGradient {
  at::Tensor query, key, value, scores;
};

DroppingGradient attendDroppingBackward(const at::Tensor& dOut, const at::Tensor& query,
                                        const at::Tensor& key, const at::Tensor& value,
                                        const at::Tensor& weights, const AttentionDrawn& drawn);

// The two passes over weights by a device's own kernels; false where it has none for these.
struct WeightKernels {
  // weights = softmax(scores) and what is left of them, into tensors like the scores.
  bool (*forward)(const at::Tensor& scores, const AttentionDrawn& drawn, at::Tensor& weights,
                  at::Tensor& dropped);
  // The gradient of the scores, and what was left of the weights once more.
  bool (*backward)(const at::Tensor& weights, const at::Tensor& ddropped,
                   const AttentionDrawn& drawn, at::Tensor& dscores, at::Tensor& dropped);
};

// CUDA's; null in an addon that is built without them.
extern const WeightKernels* cudaWeightKernels;

}  // namespace adaptune
