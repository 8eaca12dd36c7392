// Packed attention where a device has a way of its own.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "philox.h"

namespace adaptune {

// Who is dropped: the numbers of all queries [Rq] and keys [Rk].
struct PackedDropping {
  Drawn queries;
  at::Tensor keys;
  std::vector<int64_t> heads;
};

// Attention of packed rows with its gradient: see packed_attention.cc.
using DeviceAttention = at::Tensor(const at::Tensor& query, const at::Tensor& key,
                                   const at::Tensor& value, at::IntArrayRef queries,
                                   at::IntArrayRef keys, int64_t heads,
                                   const PackedDropping& dropping);

// CUDA's; null in an addon that is built without it.
extern DeviceAttention* cudaPackedAttention;

}  // namespace adaptune
