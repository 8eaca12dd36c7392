// Random inputs, and comparisons that are counted and say what is wrong.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include "cuda/kernels.h"

inline std::mt19937 generator(7);
inline int failures = 0, comparisons = 0;

template <typename T>
using Values = std::vector<T>;

template <typename T>
Values<T> draw(int64_t count) {
  std::normal_distribution<double> normal;
  Values<T> values(count);
  for (T& value : values) value = static_cast<T>(normal(generator));
  return values;
}

template <typename T>
double tolerance() {
  return sizeof(T) == 8                 ? 1e-12
         : sizeof(T) == 4               ? 2e-5
         : std::is_same_v<T, c10::Half> ? 3e-3
                                        : 2e-2;
}

template <typename T, typename U>
void same(const std::string& what, const Values<T>& found, const Values<U>& expected,
          double near = tolerance<T>()) {
  ++comparisons;
  double scale = 1;
  for (const U value : expected) scale = std::max(scale, std::fabs(static_cast<double>(value)));
  for (size_t n = 0; n < expected.size(); ++n) {
    const double a = static_cast<double>(found[n]), b = static_cast<double>(expected[n]);
    if (std::fabs(a - b) <= near * scale) continue;
    std::printf("%s: element %zu is %g, expected %g\n", what.c_str(), n, a, b);
    ++failures;
    return;
  }
}

template <typename T>
const char* nameOf() {
  return std::is_same_v<T, double>      ? "double"
         : std::is_same_v<T, float>     ? "float"
         : std::is_same_v<T, c10::Half> ? "half"
                                        : "bfloat16";
}

inline std::string title(const char* what, const char* type, int64_t rows, int64_t columns) {
  return std::string(what) + ", " + type + " [" + std::to_string(rows) + "," +
         std::to_string(columns) + "]";
}
