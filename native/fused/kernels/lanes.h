// Vectors of floats and doubles as wide as the instruction set has them, and how rows are read and
// written by them. They are the compilers' own vector types (GCC, Clang), so that one source serves
// AVX-512, AVX2, SSE2 and NEON.
//
// What is compiled for newer processors than the rest must not leave anything behind that the
// linker could merge with the rest: no headers of LibTorch or of the standard library's templates
// here, and internal linkage for everything.
#pragma once

#include <stdint.h>
#include <string.h>

#include "kernels.h"

namespace adaptune::kernels {

namespace {

#if defined(__AVX512F__)
constexpr int kBytes = 64;
#elif defined(__AVX2__)
constexpr int kBytes = 32;
#else
constexpr int kBytes = 16;
#endif

template <typename A>
struct LanesOf;

template <>
struct LanesOf<float> {
  typedef float Vector __attribute__((vector_size(kBytes)));
  typedef int32_t Bits __attribute__((vector_size(kBytes)));
};

template <>
struct LanesOf<double> {
  typedef double Vector __attribute__((vector_size(kBytes)));
  typedef int64_t Bits __attribute__((vector_size(kBytes)));
};

template <typename A>
using Vec = typename LanesOf<A>::Vector;
template <typename A>
using Bits = typename LanesOf<A>::Bits;

template <typename A>
constexpr int64_t kLanes = kBytes / sizeof(A);

// Memory as a vector, whatever its alignment.
template <typename V>
V loadAs(const void* from) {
  V v;
  memcpy(&v, from, sizeof(V));
  return v;
}

typedef uint16_t Halves __attribute__((vector_size(kBytes / 2)));
typedef uint32_t Words __attribute__((vector_size(kBytes)));
typedef int32_t HalfInts __attribute__((vector_size(kBytes / 2)));

inline Vec<float> load(const float* from) {
  return loadAs<Vec<float>>(from);
}

inline Vec<double> load(const double* from) {
  return loadAs<Vec<double>>(from);
}

// A bfloat16 is the upper half of a float.
inline Vec<float> load(const BFloat16* from) {
  return reinterpret_cast<Vec<float>>(__builtin_convertvector(loadAs<Halves>(from), Words) << 16);
}

inline void store(float* to, Vec<float> v) {
  memcpy(to, &v, sizeof(v));
}

inline void store(double* to, Vec<double> v) {
  memcpy(to, &v, sizeof(v));
}

// Rounds to the nearest, ties to even; NaN stays one.
inline void store(BFloat16* to, Vec<float> v) {
  const Words bits = reinterpret_cast<Words>(v);
  const Words rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  const Words isNan = reinterpret_cast<Words>(v != v);
  const Halves halves = __builtin_convertvector((rounded & ~isNan) | (isNan & 0x7fc0), Halves);
  memcpy(to, &halves, sizeof(halves));
}

// How the columns of a vector are read and written where all of them are there.
struct Whole {
  template <typename T>
  auto read(const T* from) const {
    return load(from);
  }
  template <typename T, typename V>
  void write(T* to, V v) const {
    store(to, v);
  }
  template <typename V, typename A>
  V orElse(V v, A) const {
    return v;
  }
};

// And at the end of a row, where fewer are; the others read as zeros.
struct Part {
  int64_t columns;

  template <typename T>
  auto read(const T* from) const {
    T some[kBytes / sizeof(T)] = {};
    memcpy(some, from, columns * sizeof(T));
    return load(some);
  }
  template <typename T, typename V>
  void write(T* to, V v) const {
    T some[kBytes / sizeof(T)];
    store(some, v);
    memcpy(to, some, columns * sizeof(T));
  }
  // Another value where no column is.
  template <typename V, typename A>
  V orElse(V v, A value) const {
    for (int64_t lane = columns; lane < kLanes<A>; ++lane) v[lane] = value;
    return v;
  }
};

// Calls visit(first column, Whole or Part) for all columns of a row, a vector of A at a time.
template <typename A, typename Visit>
void forColumns(int64_t columns, const Visit& visit) {
  int64_t column = 0;
  for (; column + kLanes<A> <= columns; column += kLanes<A>) visit(column, Whole{});
  if (column < columns) visit(column, Part{columns - column});
}

// Keeps a product from being fused with a sum that it is in: equal products stay equal.
inline Vec<float> rounded(Vec<float> v) {
#if defined(__aarch64__)
  asm("" : "+w"(v));
#elif defined(__x86_64__)
  asm("" : "+v"(v));
#endif
  return v;
}

template <typename A>
A sumOf(Vec<A> v) {
  A sum = 0;
  for (int64_t lane = 0; lane < kLanes<A>; ++lane) sum += v[lane];
  return sum;
}

template <typename A>
A maximumOf(Vec<A> v) {
  A maximum = v[0];
  for (int64_t lane = 1; lane < kLanes<A>; ++lane) maximum = v[lane] > maximum ? v[lane] : maximum;
  return maximum;
}

template <typename A>
Vec<A> all(A value) {
  return Vec<A>{} + value;
}

// Which lanes of A stay, by 32-bit masks of their columns.
template <typename A>
Bits<A> maskAt(const int32_t* keep) {
  if constexpr (sizeof(A) == 4)
    return loadAs<Bits<A>>(keep);
  else
    return __builtin_convertvector(loadAs<HalfInts>(keep), Bits<A>);
}

// Zeros where the mask is not set.
template <typename A>
Vec<A> masked(Vec<A> v, Bits<A> mask) {
  return reinterpret_cast<Vec<A>>(reinterpret_cast<Bits<A>>(v) & mask);
}

template <typename A>
Vec<A> choose(Bits<A> mask, Vec<A> where, Vec<A> elsewhere) {
  return reinterpret_cast<Vec<A>>((reinterpret_cast<Bits<A>>(where) & mask) |
                                  (reinterpret_cast<Bits<A>>(elsewhere) & ~mask));
}

}  // namespace

}  // namespace adaptune::kernels
