// Philox4x32-10: Salmon, Moraes, Dror & Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", SC
// 2011, section 3.3. A vector holds whole counters of four words, one after the other.
#pragma once

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#include "lanes.h"

namespace adaptune::kernels {

namespace {

typedef uint64_t Products __attribute__((vector_size(kBytes)));

constexpr int kWords = kBytes / 4;
constexpr uint32_t kMultipliers[] = {0xD2511F53, 0xCD9E8D57};
constexpr uint32_t kWeyl[] = {0x9E3779B9, 0xBB67AE85};

// a, 0, b, 0 for every counter.
inline Words inEvenWords(uint32_t a, uint32_t b) {
  Words words{};
  for (int n = 0; n < kWords; n += 4) {
    words[n] = a;
    words[n + 2] = b;
  }
  return words;
}

// The products of the even words, 64 bits each.
inline Words multiplyEven(Words a, Words b) {
#if defined(__AVX512F__)
  return reinterpret_cast<Words>(
      _mm512_mul_epu32(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)));
#elif defined(__AVX2__)
  return reinterpret_cast<Words>(
      _mm256_mul_epu32(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)));
#elif defined(__SSE2__)
  return reinterpret_cast<Words>(
      _mm_mul_epu32(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(b)));
#else
  const Products low = Products{} + 0xffffffff;
  return reinterpret_cast<Words>((reinterpret_cast<Products>(a) & low) *
                                 (reinterpret_cast<Products>(b) & low));
#endif
}

// The four words of every counter in reverse.
inline Words reversed(Words words) {
#if defined(__AVX512F__)
  return reinterpret_cast<Words>(
      _mm512_shuffle_epi32(reinterpret_cast<__m512i>(words), static_cast<_MM_PERM_ENUM>(0x1B)));
#elif defined(__AVX2__)
  return reinterpret_cast<Words>(_mm256_shuffle_epi32(reinterpret_cast<__m256i>(words), 0x1B));
#elif defined(__SSE2__)
  return reinterpret_cast<Words>(_mm_shuffle_epi32(reinterpret_cast<__m128i>(words), 0x1B));
#else
  Words result;
  for (int n = 0; n < kWords; ++n) result[n] = words[n ^ 3];
  return result;
#endif
}

// keep[column] = -1 where an element of the row stays, 0 where it is dropped. Several vectors at a
// time, as each round waits for the one before. There has to be room for whole vectors.
inline void keepRow(const Dropout& dropout, int64_t row, uint32_t stream, int64_t columns,
                    int32_t* keep) {
  constexpr int kTogether = 4;
  const Words limit = Words{} + dropout.limit;
  const Words multipliers = inEvenWords(kMultipliers[0], kMultipliers[1]);
  const Words weyl = inEvenWords(kWeyl[0], kWeyl[1]);
  const Words firstKey =
      inEvenWords(static_cast<uint32_t>(dropout.seed), static_cast<uint32_t>(dropout.seed >> 32));
  Words first;
  for (int n = 0; n < kWords; n += 4) {
    first[n] = n / 4;
    first[n + 1] = dropout.positionOf(row);
    first[n + 2] = dropout.sampleOf(row);
    first[n + 3] = stream;
  }
  for (int64_t column = 0; column < columns; column += kTogether * kWords) {
    Words state[kTogether];
    for (int n = 0; n < kTogether; ++n)
      state[n] = first + inEvenWords(static_cast<uint32_t>((column + n * kWords) / 4), 0);
    Words key = firstKey;
    for (int round = 0; round < 10; ++round) {
      for (Words& words : state) {
        const Words odd = reinterpret_cast<Words>(reinterpret_cast<Products>(words) >> 32);
        words = reversed(multiplyEven(words, multipliers)) ^ odd ^ key;
      }
      key += weyl;
    }
    for (int n = 0; n < kTogether && column + n * kWords < columns; ++n) {
      const auto stays = state[n] >= limit;
      memcpy(keep + column + n * kWords, &stays, sizeof(stays));
    }
  }
}

}  // namespace

}  // namespace adaptune::kernels
