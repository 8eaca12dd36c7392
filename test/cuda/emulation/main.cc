// Runs the kernels of native/cuda on the processor and compares them with plain loops in double
// precision. Prints what is wrong; exits with 1 when anything is.
#include <algorithm>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "compare.h"
#include "cuda/kernels.h"
#include "cuda/philox.cuh"

using namespace adaptune::cuda;

namespace {

// The factor of an element by the definition of philox.cuh.
double keeps(const Dropout& dropout, int64_t row, int64_t column) {
  if (!dropout.drops) return 1;
  const auto number = numberOf(dropout, row);
  const Words words = philox(
      {{static_cast<uint32_t>(column / 4), number.position, number.sample, 0}}, dropout.seed);
  return words.at[column % 4] >= dropout.limit ? dropout.scale : 0;
}

Dropout dropping(double p, const int64_t* rows = nullptr, int64_t rowsPerSample = 1) {
  return {0x123456789abcdefull, static_cast<uint32_t>(p * 4294967296.0),
          1 / (1 - p),          rows,
          rowsPerSample,        p > 0};
}

// Known answers of Random123, version 1.14: philox4x32-10.
void testPhilox() {
  const auto zeros = philox({{0, 0, 0, 0}}, 0);
  same<uint32_t, uint32_t>("philox of zeros", {zeros.at, zeros.at + 4},
                           {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}, 0);
  const auto pi = philox({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0x299f31d0a4093822ull);
  same<uint32_t, uint32_t>("philox of pi", {pi.at, pi.at + 4},
                           {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}, 0);
}

template <typename T>
void testDropout(int64_t rows, int64_t columns) {
  const auto x = draw<T>(rows * columns);
  Values<int64_t> numbers;
  for (int64_t row = 0; row < rows; ++row) numbers.push_back(((row * 7 + 3) << 32) + row * 5);
  for (const int64_t* given :
       {static_cast<const int64_t*>(nullptr), std::as_const(numbers).data()}) {
    Values<T> y(rows * columns);
    const Dropout dropout = dropping(0.4, given, 3);
    launch(DropoutRows<T>{x.data(), y.data(), rows, columns, dropout}, nullptr);
    Values<double> expected;
    for (int64_t n = 0; n < rows * columns; ++n)
      expected.push_back(static_cast<double>(x[n]) * keeps(dropout, n / columns, n % columns));
    same(title("dropout", nameOf<T>(), rows, columns), y, expected);
  }
}

double normalBelow(double z) {
  return 0.5 * (1 + std::erf(z / std::sqrt(2)));
}

template <typename T, typename P>
void testBiasGelu(int64_t rows, int64_t columns, bool hasBias) {
  const auto x = draw<T>(rows * columns), dy = draw<T>(rows * columns);
  const auto bias = draw<P>(columns);
  Values<T> y(rows * columns), dx(rows * columns);
  const int64_t together = 16, groups = (rows + together - 1) / together;
  Values<Accumulate<T>> sums(groups * columns, 77);
  const P* given = hasBias ? bias.data() : nullptr;
  launch(BiasGeluRows<T, P>{x.data(), given, y.data(), rows, columns}, nullptr);
  launch(BiasGeluBackwardRows<T, P>{dy.data(), x.data(), given, dx.data(), sums.data(), rows,
                                    columns, groups, together},
         nullptr);
  Values<double> expected, gradient, total(groups * columns);
  for (int64_t n = 0; n < rows * columns; ++n) {
    const double z =
        static_cast<double>(x[n]) + (hasBias ? static_cast<double>(bias[n % columns]) : 0);
    expected.push_back(z * normalBelow(z));
    const double density = std::exp(-z * z / 2) / std::sqrt(2 * M_PI);
    gradient.push_back(static_cast<double>(dy[n]) * (normalBelow(z) + z * density));
    total[n / columns / together * columns + n % columns] += gradient.back();
  }
  const auto what = title("bias and gelu", nameOf<T>(), rows, columns);
  same(what, y, expected);
  same(what + ", gradient", dx, gradient);
  same(what + ", bias gradient", sums, total, tolerance<T>());
}

template <typename T, typename P>
void testAddNorm(int64_t rows, int64_t columns, int alternatives, double p) {
  const auto x = draw<T>(rows * columns), residual = draw<T>(rows * columns),
             dy = draw<T>(rows * columns);
  std::vector<Values<P>> weights, biases;
  Values<int32_t> choice;
  for (int k = 0; k < alternatives; ++k) {
    weights.push_back(draw<P>(columns));
    biases.push_back(draw<P>(columns));
  }
  for (int64_t row = 0; row < rows; ++row)
    choice.push_back(static_cast<int32_t>(row * row % std::max(1, alternatives)));
  const Dropout dropout = dropping(p, nullptr, 2);
  using A = Accumulate<T>;
  Values<T> y(rows * columns), normed(rows * columns), dx(rows * columns), dh(rows * columns);
  Values<A> rstd(rows);
  AddNormRows<T, P> job{
      x.data(), residual.data(), y.data(), normed.data(), rstd.data(), rows, columns, 1e-5, {},
      {},       choice.data(),   dropout};
  for (int k = 0; k < alternatives; ++k) {
    job.weights.at[k] = weights[k].data();
    job.biases.at[k] = biases[k].data();
  }
  launch(job, nullptr);

  Values<double> expected(rows * columns), hat(rows * columns), slope(rows * columns),
      dropped(rows * columns), inverse;
  const auto weightOf = [&](int64_t row, int64_t c) {
    return alternatives == 0 ? 1 : static_cast<double>(weights[choice[row]][c]);
  };
  for (int64_t row = 0; row < rows; ++row) {
    Values<double> h;
    double mean = 0, variance = 0, total = 0, along = 0;
    for (int64_t c = 0; c < columns; ++c) {
      const int64_t n = row * columns + c;
      h.push_back(static_cast<double>(x[n]) * keeps(dropout, row, c) +
                  static_cast<double>(residual[n]));
      mean += h.back() / columns;
    }
    for (const double value : h) variance += (value - mean) * (value - mean) / columns;
    inverse.push_back(1 / std::sqrt(variance + 1e-5));
    for (int64_t c = 0; c < columns; ++c) {
      const int64_t n = row * columns + c;
      hat[n] = (h[c] - mean) * inverse[row];
      const double bias = alternatives == 0 ? 0 : static_cast<double>(biases[choice[row]][c]);
      expected[n] = hat[n] * weightOf(row, c) + bias;
      // The gradient reads what was saved, in the rows' own type.
      total += static_cast<double>(dy[n]) * weightOf(row, c) / columns;
      along +=
          static_cast<double>(dy[n]) * weightOf(row, c) * static_cast<double>(normed[n]) / columns;
    }
    for (int64_t c = 0; c < columns; ++c) {
      const int64_t n = row * columns + c;
      slope[n] = inverse[row] * (static_cast<double>(dy[n]) * weightOf(row, c) - total -
                                 static_cast<double>(normed[n]) * along);
      dropped[n] = slope[n] * keeps(dropout, row, c);
    }
  }
  const auto what = title("add and norm", nameOf<T>(), rows, columns);
  same(what, y, expected);
  same(what + ", normed", normed, hat);
  same(what + ", rstd", rstd, inverse, tolerance<A>());

  AddNormBackwardRows<T, P> back{dy.data(), normed.data(), rstd.data(), dx.data(),     dh.data(),
                                 rows,      columns,       job.weights, choice.data(), dropout};
  launch(back, nullptr);
  same(what + ", gradient of the sum", dh, slope);
  same(what + ", gradient of x", dx, dropped);
  if (alternatives == 0) return;

  const int64_t together = 24, groups = (rows + together - 1) / together;
  const int64_t slots = 2 * alternatives - 1;  // the last bias is not asked for
  Values<A> sums(groups * slots * columns, 77);
  AddNormParameterSums<T> adding{dy.data(), normed.data(), choice.data(), rows, columns, groups,
                                 together,  slots,         alternatives,  {},   {}};
  Values<double> totals(groups * slots * columns);
  for (int k = 0; k < alternatives; ++k) {
    adding.dweights.at[k] = sums.data() + k * columns;
    if (k + 1 < alternatives) adding.dbiases.at[k] = sums.data() + (alternatives + k) * columns;
  }
  launch(adding, nullptr);
  for (int64_t n = 0; n < rows * columns; ++n) {
    const int64_t row = n / columns, c = n % columns, k = choice[row];
    double* group = totals.data() + row / together * slots * columns;
    group[k * columns + c] += static_cast<double>(dy[n]) * static_cast<double>(normed[n]);
    if (k + 1 < alternatives) group[(alternatives + k) * columns + c] += static_cast<double>(dy[n]);
  }
  same(what + ", gradients of parameters", sums, totals, tolerance<A>());
}

template <typename T>
void testGate(int64_t rows, int64_t alternatives, bool noisy) {
  const auto logits = draw<T>(rows * alternatives), dgate = draw<T>(rows * alternatives);
  auto noise = draw<Accumulate<T>>(rows * alternatives);
  for (auto& one : noise) one = std::fabs(one);
  noise[0] = 0;  // as a draw may be
  Values<T> gate(logits.size()), p(logits.size()), dlogits(logits.size());
  Values<int64_t> choice(rows);
  launch(GateRows<T>{logits.data(), noisy ? noise.data() : nullptr, gate.data(), p.data(),
                     choice.data(), rows, alternatives, 0.7},
         nullptr);
  launch(GateBackwardRows<T>{p.data(), dgate.data(), dlogits.data(), rows, alternatives, 0.7},
         nullptr);
  Values<double> soft, hard, gradient;
  Values<int64_t> best;
  for (int64_t row = 0; row < rows; ++row) {
    Values<double> score;
    for (int64_t k = 0; k < alternatives; ++k) {
      const int64_t n = row * alternatives + k;
      const double draws = std::max(static_cast<double>(noise[n]), 1.17549435e-38);
      score.push_back((static_cast<double>(logits[n]) - (noisy ? std::log(draws) : 0)) / 0.7);
    }
    const auto most = std::max_element(score.begin(), score.end());
    best.push_back(most - score.begin());
    double sum = 0, along = 0;
    for (const double one : score) sum += std::exp(one - *most);
    for (int64_t k = 0; k < alternatives; ++k) {
      soft.push_back(std::exp(score[k] - *most) / sum);
      hard.push_back(k == best.back());
      const int64_t n = row * alternatives + k;
      along += static_cast<double>(p[n]) * static_cast<double>(dgate[n]);
    }
    for (int64_t k = 0; k < alternatives; ++k) {
      const int64_t n = row * alternatives + k;
      gradient.push_back(static_cast<double>(p[n]) * (static_cast<double>(dgate[n]) - along) / 0.7);
    }
  }
  const auto what = title("gate", nameOf<T>(), rows, alternatives);
  same(what, gate, hard, 0);
  same(what + ", choice", choice, best, 0);
  same(what + ", probabilities", p, soft);
  same(what + ", gradient", dlogits, gradient);
}

template <typename T, typename S>
void testSpans(int64_t columns, int64_t offset) {
  // Rows of five samples of which the third and the fifth are none of the part's.
  const int64_t lengths[] = {3, 1, 4, 6, 2};
  DotSpans<T, S> dots{};
  SpanTable& spans = dots.spans;
  int64_t row = 0, rows = 0;
  for (int sample = 0; sample < 5; ++sample) {
    if (sample != 2 && sample != 4) {
      const int n = spans.count++;
      spans.part[n] = static_cast<int32_t>(rows);
      spans.whole[n] = static_cast<int32_t>(row);
      spans.length[n] = static_cast<int32_t>(lengths[sample]);
      spans.longest = std::max(spans.longest, spans.length[n]);
      dots.sample[n] = sample;
      rows += lengths[sample];
    }
    row += lengths[sample];
  }
  // An offset of elements puts rows between whole vectors.
  const auto wholeStore = draw<T>(row * columns + offset),
             partStore = draw<T>(rows * columns + offset);
  const T* whole = wholeStore.data() + offset;
  const T* part = partStore.data() + offset;
  Values<T> out(rows * columns), taken(rows * columns), back(row * columns, T(9));
  Values<S> sums(10, S(1));
  dots.part = part;
  dots.whole = whole;
  dots.sums = sums.data();
  dots.columns = columns;
  dots.stride = 2;
  launch(dots, nullptr);
  launch(SubtractSpans<T>{part, whole, out.data(), columns, spans}, nullptr);
  const int64_t bytes = columns * static_cast<int64_t>(sizeof(T));
  launch(CopySpans{whole, taken.data(), bytes, true, spans}, nullptr);
  launch(CopySpans{part, back.data(), bytes, false, spans}, nullptr);

  Values<double> difference, took, put(row * columns, 9), products(10, 1);
  for (int n = 0; n < spans.count; ++n)
    for (int64_t i = 0; i < spans.length[n] * columns; ++i) {
      const int64_t from = spans.whole[n] * columns + i, to = spans.part[n] * columns + i;
      const double a = static_cast<double>(part[to]), b = static_cast<double>(whole[from]);
      difference.push_back(a - b);
      took.push_back(b);
      put[from] = a;
      products[dots.sample[n] * 2] += a * b;
    }
  const auto what = title("spans", nameOf<T>(), rows, columns);
  same(what + ", taken", taken, took, 0);
  same(what + ", put", back, put, 0);
  same(what + ", differences", out, difference);
  same(what + ", dots", sums, products);
}

template <typename T>
void testSoftmaxDropout(int64_t samples, int64_t heads, int64_t queries, int64_t columns,
                        bool given) {
  const int64_t rows = samples * heads * queries;
  auto scores = draw<T>(rows * columns);
  const auto gradient = draw<T>(rows * columns);
  scores[0] = static_cast<T>(-INFINITY);  // as of a key that is not there
  Values<int64_t> ofQueries, ofKeys;
  for (int64_t n = 0; n < samples * queries; ++n) ofQueries.push_back(((n + 9) << 32) + n * 3);
  for (int64_t n = 0; n < samples * columns; ++n) ofKeys.push_back(n * 5 % 301);
  AttentionDropout attention{dropping(0.3, given ? ofQueries.data() : nullptr, queries),
                             heads,
                             queries,
                             columns,
                             given ? ofKeys.data() : nullptr,
                             {}};
  for (int64_t head = 0; head < heads; ++head)
    attention.numbers[head] = static_cast<int32_t>(given ? 11 - head : head);
  Values<T> weights(rows * columns), dropped(rows * columns), again(rows * columns),
      dscores(rows * columns);
  launch(SoftmaxDropoutRows<T>{scores.data(), weights.data(), dropped.data(), rows, attention},
         nullptr);
  launch(SoftmaxDropoutBackwardRows<T>{weights.data(), gradient.data(), dscores.data(),
                                       again.data(), rows, attention},
         nullptr);
  Values<double> soft(rows * columns), left(rows * columns), expected(rows * columns);
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t sample = row / heads / queries, head = row / queries % heads;
    const auto number = numberOf(attention.dropout, sample * queries + row % queries);
    double sum = 0, along = 0;
    for (int64_t c = 0; c < columns; ++c)
      sum += std::exp(static_cast<double>(scores[row * columns + c]));
    Values<double> slope;
    for (int64_t c = 0; c < columns; ++c) {
      const int64_t n = row * columns + c;
      const auto position = static_cast<uint32_t>(given ? ofKeys[sample * columns + c] : c);
      const Words words = philox({{position / 4, number.position, number.sample,
                                   static_cast<uint32_t>(attention.numbers[head])}},
                                 attention.dropout.seed);
      const double factor =
          words.at[position % 4] >= attention.dropout.limit ? attention.dropout.scale : 0;
      soft[n] = std::exp(static_cast<double>(scores[n])) / sum;
      left[n] = soft[n] * factor;
      slope.push_back(static_cast<double>(gradient[n]) * factor);
      along += static_cast<double>(weights[n]) * slope.back();
    }
    for (int64_t c = 0; c < columns; ++c) {
      const int64_t n = row * columns + c;
      expected[n] = static_cast<double>(weights[n]) * (slope[c] - along);
    }
  }
  const auto what = title("softmax and dropout", nameOf<T>(), rows, columns);
  same(what, weights, soft);
  same(what + ", dropped", dropped, left);
  same(what + ", dropped again", again, left);
  same(what + ", gradient", dscores, expected);
}

void testNumbers() {
  WriteNumbers job{};
  Values<int32_t> numbers(kMostNumbers + 1, -1), expected(kMostNumbers + 1, -1);
  job.to = numbers.data();
  job.count = kMostNumbers;
  for (int n = 0; n < kMostNumbers; ++n) expected[n] = job.numbers[n] = n * n - 5;
  launch(job, nullptr);
  same("numbers", numbers, expected, 0);
}

template <typename T, typename P>
void testWith() {
  for (const auto [rows, columns] :
       {std::pair<int64_t, int64_t>{3, 8}, {70, 24}, {5, 7}, {2, 1300}}) {
    testDropout<T>(rows, columns);
    testBiasGelu<T, P>(rows, columns, rows != 5);
  }
  for (const int64_t columns : {8, 200, 256, 384, 512, 768, 1000, 1024, 13, 1040})
    testAddNorm<T, P>(columns == 8 ? 60 : 5, columns, columns == 384 ? 0 : 3,
                      columns == 512 ? 0 : 0.3);
  testAddNorm<T, P>(1, 16, 1, 0.5);
  for (const int64_t alternatives : {1, 2, 3, 37})
    testGate<T>(150, alternatives, alternatives != 3);
  for (const bool given : {false, true}) {
    testSoftmaxDropout<T>(2, 3, 5, 37, given);
    testSoftmaxDropout<T>(1, 2, 3, 4, given);
  }
  for (const int64_t columns : {1, 3, 8, 40})
    for (const int64_t offset : {0, 1}) testSpans<T, P>(columns, offset);
}

}  // namespace

int main() {
  testPhilox();
  testNumbers();
  testWith<float, float>();
  testWith<double, double>();
  testWith<c10::Half, c10::Half>();
  testWith<c10::BFloat16, c10::BFloat16>();
  testWith<c10::BFloat16, float>();
  testWith<c10::Half, float>();
  std::printf("%d comparisons, %d failed\n", comparisons, failures);
  return failures == 0 ? 0 : 1;
}
