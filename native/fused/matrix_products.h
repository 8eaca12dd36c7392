// The three matrix products of a linear layer on the CPU, each by the fastest way there is.
//
// LibTorch has two: its BLAS (MKL), which at::linear and at::mm take in single precision, and
// oneDNN, which is twice as fast on some processors and slower on others, and makes a program for
// every shape. In single precision there are kernels of our own too (packed_products.h). Which way
// is taken depends on the dtype, on the product and on its size, never on what was timed a moment
// ago, so that the same table gives the same bits.
#pragma once

#include <ATen/Tensor.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace adaptune::products {

// x [R,n], weight [m,n], bias [m] -> x weight^T + bias [R,m], through erf-GELU where asked for.
at::Tensor forward(const at::Tensor& x, const at::Tensor& weight,
                   const std::optional<at::Tensor>& bias, bool gelu);

// dy [R,m], weight [m,n] -> dy weight [R,n]
at::Tensor inputGradient(const at::Tensor& dy, const at::Tensor& weight);

// dy [R,m], x [R,n] -> dy^T x [m,n]
at::Tensor weightGradient(const at::Tensor& dy, const at::Tensor& x);

// One line of the table of ways: "float32 forward large" -> "oneDNN", "library" or "packed".
struct Choice {
  std::string product, way;
};

std::vector<Choice> choices();

// Throws c10::Error for an unknown product or way.
void choose(const Choice& choice);

// Times all ways at every product and size of a dtype, for a second or two, and takes our own, or
// LibTorch's where it has none or is slower beyond a small margin.
void measure(at::ScalarType dtype);

}  // namespace adaptune::products
