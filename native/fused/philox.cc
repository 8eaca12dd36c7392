#include "philox.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <cmath>

namespace adaptune {

namespace {

constexpr int64_t kWord = 0xffffffff;

int64_t limitOf(double p) {
  return static_cast<int64_t>(std::min(std::round(p * 4294967296.0), 4294967295.0));
}

struct Product {
  at::Tensor high, low;
};

// Of 32-bit words in int64, whose product wraps as 64 bits do.
Product multiply(const at::Tensor& words, int64_t multiplier) {
  const at::Tensor product = words * multiplier;
  return {product.bitwise_right_shift(32).bitwise_and(kWord), product.bitwise_and(kWord)};
}

// Philox4x32-10 (Salmon et al. 2011, section 3.3) of counters whose words broadcast.
std::array<at::Tensor, 4> philox(std::array<at::Tensor, 4> words, uint64_t seed) {
  uint32_t low = static_cast<uint32_t>(seed), high = static_cast<uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const Product first = multiply(words[0], 0xD2511F53), second = multiply(words[2], 0xCD9E8D57);
    words = {second.high.bitwise_xor(words[1]).bitwise_xor(static_cast<int64_t>(low)), second.low,
             first.high.bitwise_xor(words[3]).bitwise_xor(static_cast<int64_t>(high)), first.low};
    low += 0x9E3779B9;
    high += 0xBB67AE85;
  }
  return words;
}

}  // namespace

Drawn checkedDrawn(double p, int64_t seed, const std::optional<at::Tensor>& rows, int64_t count,
                   const at::Tensor& like) {
  TORCH_CHECK(p >= 0 && p <= 1, "argument 'p': expected a probability, given ", p);
  if (!rows || !rows->defined()) return {p, seed, at::Tensor()};
  TORCH_CHECK(rows->dim() == 1 && rows->scalar_type() == at::kLong && rows->size(0) == count &&
                  rows->device() == like.device(),
              "argument 'rows': expected Long of shape [", count, "] on ", like.device(),
              ", one number for every row, given ", rows->scalar_type(), " ", rows->sizes(), " on ",
              rows->device());
  return {p, seed, rows->contiguous()};
}

double scaleOf(double p) {
  return p == 1 ? 0 : 1 / (1 - p);
}

kernels::Dropout kernelDropout(const Drawn& drawn, int64_t rowsPerSample) {
  return {static_cast<uint64_t>(drawn.seed), static_cast<uint32_t>(limitOf(drawn.p)),
          scaleOf(drawn.p), drawn.rows.defined() ? drawn.rows.const_data_ptr<int64_t>() : nullptr,
          std::max<int64_t>(1, rowsPerSample)};
}

at::Tensor numbersInOrder(int64_t count, int64_t rowsPerSample, at::Device device) {
  const at::Tensor numbers = at::arange(count, at::TensorOptions().dtype(at::kLong).device(device));
  const int64_t each = std::max<int64_t>(1, rowsPerSample);
  return numbers.div(each, "floor") * (int64_t{1} << 32) + numbers.remainder(each);
}

at::Tensor keepFactors(const Drawn& drawn, const at::Tensor& rows, const at::Tensor& streams,
                       const at::Tensor& columns, at::ScalarType dtype) {
  const auto words = philox({columns.div(4, "floor"), rows.bitwise_and(kWord),
                             rows.bitwise_right_shift(32).bitwise_and(kWord), streams},
                            static_cast<uint64_t>(drawn.seed));
  const at::Tensor word = columns.bitwise_and(3);
  at::Tensor bits = words[0];
  for (int64_t n = 1; n < 4; ++n) bits = at::where(word == n, words[n], bits);
  return (bits >= limitOf(drawn.p)).to(dtype) * scaleOf(drawn.p);
}

}  // namespace adaptune
