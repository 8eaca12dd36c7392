// The exponential and the normal distribution, to a few units in the last place of a float; of
// doubles by the standard library, one by one.
#pragma once

#include <math.h>

#include "lanes.h"

namespace adaptune::kernels {

namespace {

// e^x: 2^n e^r, |r| <= log(2) / 2, e^r by its series. Zero below the smallest normal number.
inline Vec<float> exponential(Vec<float> x) {
  constexpr float kLog2E = 1.44269504f;
  constexpr float kLog2High = 0.693359375f, kLog2Low = -2.12194440e-4f;
  constexpr float kToInteger = 12582912.0f;  // 1.5 2^23: adding it rounds to a whole number
  constexpr float kSmallest = -87.33654f, kLargest = 88.37626f;
  const Vec<float> within =
      choose<float>(x < kSmallest, all(kSmallest), choose<float>(x > kLargest, all(kLargest), x));
  const Vec<float> shifted = within * kLog2E + kToInteger;
  const Vec<float> n = shifted - kToInteger;
  const Vec<float> r = within - n * kLog2High - n * kLog2Low;
  constexpr float kFactorials[] = {5040, 720, 120, 24, 6, 2, 1, 1};
  Vec<float> series{};
  for (const float factorial : kFactorials) series = series * r + 1 / factorial;
  const Bits<float> exponent =
      reinterpret_cast<Bits<float>>(shifted) - reinterpret_cast<Bits<float>>(all(kToInteger));
  const auto result =
      reinterpret_cast<Vec<float>>(reinterpret_cast<Bits<float>>(series) + (exponent << 23));
  return choose<float>(x < kSmallest, Vec<float>{}, choose<float>(x == x, result, x));
}

inline Vec<double> exponential(Vec<double> x) {
  for (int64_t lane = 0; lane < kLanes<double>; ++lane) x[lane] = exp(x[lane]);
  return x;
}

// The standard normal distribution at x: P(X <= x), and its density.
template <typename A>
struct Normal {
  Vec<A> cumulative, density;
};

constexpr double kDensityAtZero = 0.39894228040143268;  // 1 / sqrt(2 pi)

// P(X <= -u) = e^(-u^2 / 2) t polynomial(t) for t = 1 / (1 + 0.35 u), the form of Abramowitz &
// Stegun 7.1.26. The coefficients are a minimax fit over u in 0 .. 13.5, below which e^(-u^2 / 2)
// is zero: its relative error is at most 3.2e-8.
inline Normal<float> normal(Vec<float> x) {
  const Vec<float> u = choose<float>(x < 0, -x, x);
  const Vec<float> decay = exponential(x * x * -0.5f);
  const Vec<float> t = 1.0f / (1.0f + 0.35f * u);
  constexpr float kCoefficients[] = {-2.912590531e-02f, 1.438724250e-01f,  -2.555049443e-01f,
                                     1.589297092e-01f,  -2.293741425e-02f, 1.054330477e-01f,
                                     1.198524109e-01f,  1.398590857e-01f,  1.396215696e-01f};
  Vec<float> polynomial{};
  for (const float coefficient : kCoefficients) polynomial = polynomial * t + coefficient;
  const Vec<float> tail = decay * t * polynomial;
  return {choose<float>(x < 0, tail, 1.0f - tail), decay * static_cast<float>(kDensityAtZero)};
}

inline Normal<double> normal(Vec<double> x) {
  Normal<double> result;
  for (int64_t lane = 0; lane < kLanes<double>; ++lane) {
    result.cumulative[lane] = 0.5 * erfc(-x[lane] * M_SQRT1_2);
    result.density[lane] = kDensityAtZero * exp(-0.5 * x[lane] * x[lane]);
  }
  return result;
}

}  // namespace

}  // namespace adaptune::kernels
