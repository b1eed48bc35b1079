// SPDX-License-Identifier: Apache-2.0
#include "tint/tensor/random.h"

#include <ATen/ATen.h>

#include <cmath>
#include <set>

#include "files.h"
#include "tensor_matchers.h"

namespace tint {
namespace {

using testing::CatchError;
using testing::TensorEquals;

// Random123's tests/kat_vectors, the three lines "philox4x32 10", of the engine that streams use: its counter is the
// offset and the subsequence, its key the seed, each the lower word first.
TEST(Philox, KnownAnswers) {
  struct KnownAnswer {
    uint64_t offset, subsequence, seed;
    std::vector<uint32_t> words;
  };
  const std::vector<KnownAnswer> answers = {
      {0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {~uint64_t{0}, ~uint64_t{0}, ~uint64_t{0}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {0x85a308d3243f6a88, 0x0370734413198a2e, 0x299f31d0a4093822, {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}}};
  for (const KnownAnswer& answer : answers) {
    at::Philox4_32 engine(answer.seed, answer.subsequence, answer.offset);
    for (const uint32_t word : answer.words) EXPECT_EQ(engine(), word);
  }
}

StreamKey Key(uint64_t index = 4) {
  return {.seed = 1, .stage = "generate", .episode_idx = 2, .class_idx = 3, .index = index};
}

// Computed once by a separate Python program (hashlib.sha256 over the encoding, integers for Philox, math for
// Box-Muller). Finished runs were computed with these numbers, so they never change.
TEST(RandomStream, TheNumbersOfAKeyAreFixed) {
  RandomStream bits(Key());
  for (uint32_t expected :
       {0xe2f5083au, 0x7ca7d878u, 0xa43f1fbau, 0x0f490163u, 0x1336f595u, 0x632e4e45u, 0x75c3c636u, 0x75cde5d6u}) {
    EXPECT_EQ(bits.Bits(), expected);
  }
  EXPECT_EQ(RandomStream(Key()).Bits64(), 0xe2f5083a7ca7d878u);
  EXPECT_DOUBLE_EQ(RandomStream(Key()).Uniform(), 0.8865513937750217);
  RandomStream normal(Key());
  EXPECT_DOUBLE_EQ(normal.Normal(), -1.3137749903699676);
  EXPECT_DOUBLE_EQ(normal.Normal(), -1.6207424166345141);
}

TEST(RandomStream, EveryPartOfTheKeyCounts) {
  const std::vector<StreamKey> keys = {
      {},
      {.seed = 1},
      {.seed = uint64_t{1} << 32},
      {.stage = "a"},
      {.stage = "b"},
      {.stage = "ab"},
      {.stage = std::string_view("a\0", 2)},
      {.stage = std::string_view("\0\0\0\0\0\0\0\0", 8)},
      {.episode_idx = 1},
      {.class_idx = 1},
      {.index = 1},
      {.index = uint64_t{1} << 63},
      {.episode_idx = 1, .class_idx = 1},
  };
  std::set<uint64_t> first;
  for (const StreamKey& key : keys) first.insert(RandomStream(key).Bits64());
  EXPECT_EQ(first.size(), keys.size());
  EXPECT_EQ(RandomStream(Key()).Bits64(), RandomStream(Key()).Bits64());
}

TEST(RandomStream, TensorsAreTheScalarsInOrder) {
  RandomStream scalar(Key()), tensor(Key());
  const at::Tensor normals = tensor.Normal({3, 5});
  for (int64_t i = 0; i < 15; ++i) {
    EXPECT_EQ(normals[i / 5][i % 5].item<float>(), static_cast<float>(scalar.Normal())) << i;
  }
}

// One stream a thing: whatever else is drawn, and however it is grouped, its numbers are the same.
TEST(RandomStream, BatchesDoNotMatter) {
  auto image = [](uint64_t index) { return RandomStream(Key(index)).Normal({4, 6}); };
  const at::Tensor together = at::stack({image(0), image(1), image(2), image(3)});
  const at::Tensor apart = at::cat({at::stack({image(3), image(2)}).flip(0), at::stack({image(1), image(0)}).flip(0)});
  EXPECT_THAT(together.slice(0, 2), TensorEquals(apart.slice(0, 0, 2)));
  EXPECT_THAT(together.slice(0, 0, 2), TensorEquals(apart.slice(0, 2)));
  RandomStream batches(Key());
  const at::Tensor joined = at::cat({batches.Normal({1, 3}), batches.Normal({4, 3}), batches.Normal({2, 3})});
  EXPECT_THAT(joined, TensorEquals(RandomStream(Key()).Normal({7, 3})));
}

// The bounds below are five standard errors of the quantity: a correct generator with another key would miss one in 1.7
// million times; this key is fixed.
constexpr double kErrors = 5.0;

TEST(RandomStream, NormalHasTheMomentsOfTheNormal) {
  constexpr double kCount = 1'000'000;
  const at::Tensor x = RandomStream(Key()).Normal({static_cast<int64_t>(kCount)}).to(at::kDouble);
  auto moment = [&](int power) { return x.pow(power).mean().item<double>(); };
  // Var[x^p] = E[x^2p] - E[x^p]^2 with E[x^2] = 1, E[x^4] = 3, E[x^6] = 15, E[x^8] = 105.
  EXPECT_NEAR(moment(1), 0, kErrors * std::sqrt(1 / kCount));
  EXPECT_NEAR(moment(2), 1, kErrors * std::sqrt(2 / kCount));
  EXPECT_NEAR(moment(3), 0, kErrors * std::sqrt(15 / kCount));
  EXPECT_NEAR(moment(4), 3, kErrors * std::sqrt(96 / kCount));
  // Neighbours, among them the two halves of a Box-Muller pair, are uncorrelated, and so are their squares.
  const at::Tensor a = x.slice(0, 0, x.size(0), 2), b = x.slice(0, 1, x.size(0), 2);
  EXPECT_NEAR((a * b).mean().item<double>(), 0, kErrors * std::sqrt(2 / kCount));
  EXPECT_NEAR(((a * a - 1) * (b * b - 1)).mean().item<double>(), 0, kErrors * std::sqrt(8 / kCount));
}

TEST(RandomStream, StreamsAreIndependent) {
  constexpr int64_t kStreams = 1000, kLength = 100;
  std::vector<at::Tensor> rows;
  for (int64_t i = 0; i < kStreams; ++i) rows.push_back(RandomStream(Key(static_cast<uint64_t>(i))).Normal({kLength}));
  const at::Tensor x = at::stack(rows).to(at::kDouble);
  const double count = kStreams * kLength;
  EXPECT_NEAR(x.mean().item<double>(), 0, kErrors / std::sqrt(count));
  const at::Tensor neighbours = x.slice(0, 0, kStreams - 1) * x.slice(0, 1, kStreams);
  EXPECT_NEAR(neighbours.mean().item<double>(), 0, kErrors / std::sqrt(count));
  // The first number of each stream, seen as a sample, is normal too.
  EXPECT_NEAR(x.select(1, 0).pow(2).mean().item<double>(), 1, kErrors * std::sqrt(2.0 / kStreams));
}

double ChiSquare(const at::Tensor& counts) {
  const at::Tensor expected = counts.to(at::kDouble).mean();
  return ((counts.to(at::kDouble) - expected).pow(2) / expected).sum().item<double>();
}

// Five standard deviations of the chi-square distribution above its mean.
double ChiSquareBound(double degrees) { return degrees + kErrors * std::sqrt(2 * degrees); }

TEST(RandomStream, UniformFillsItsIntervalEvenly) {
  const at::Tensor x = RandomStream(Key()).Uniform({1'000'000});
  EXPECT_GE(x.min().item<float>(), 0.0f);
  EXPECT_LT(x.max().item<float>(), 1.0f);
  EXPECT_LT(ChiSquare(at::bincount(x.mul(1000).floor().to(at::kLong), {}, 1000)), ChiSquareBound(999));
  RandomStream stream(Key(5));
  at::Tensor counts = at::zeros({100}, at::kLong);
  for (int i = 0; i < 100'000; ++i) counts.data_ptr<int64_t>()[static_cast<int>(stream.Uniform() * 100)] += 1;
  EXPECT_LT(ChiSquare(counts), ChiSquareBound(99));
}

TEST(RandomStream, IntegerIncludesBothEndsEvenly) {
  RandomStream stream(Key());
  at::Tensor counts = at::zeros({7}, at::kLong);
  for (int i = 0; i < 70'000; ++i) {
    const int64_t value = stream.Integer(-3, 3);
    ASSERT_TRUE(value >= -3 && value <= 3);
    counts.data_ptr<int64_t>()[value + 3] += 1;
  }
  EXPECT_LT(ChiSquare(counts), ChiSquareBound(6));
  EXPECT_EQ(stream.Integer(5, 5), 5);
  EXPECT_EQ(CatchError([&] { stream.Integer(1, 0); }).code(), ExitCode::kInternal);
  int negative = 0;
  for (int i = 0; i < 1000; ++i) negative += stream.Integer(INT64_MIN, INT64_MAX) < 0;
  EXPECT_NEAR(negative, 500, kErrors * std::sqrt(250.0));
}

// Of 3 * 2^62 values a plain remainder of 64 bits would draw the lowest third half of the time.
TEST(RandomStream, IntegerHasNoModuloBias) {
  RandomStream stream(Key());
  constexpr int64_t kLow = -(int64_t{1} << 62);
  constexpr int kDraws = 20'000;
  int lowest_third = 0;
  for (int i = 0; i < kDraws; ++i) lowest_third += stream.Integer(kLow, INT64_MAX) < 0;
  EXPECT_NEAR(lowest_third, kDraws / 3.0, kErrors * std::sqrt(kDraws * 2.0 / 9.0));
}

TEST(RandomStream, PermutationsAreAllEquallyLikely) {
  at::Tensor counts = at::zeros({24}, at::kLong);
  RandomStream stream(Key());
  for (int i = 0; i < 24'000; ++i) {
    const std::vector<int64_t> order = stream.Permutation(4);
    ASSERT_EQ(std::set<int64_t>(order.begin(), order.end()), (std::set<int64_t>{0, 1, 2, 3}));
    // The rank of the permutation by its inversions (Lehmer code).
    int64_t rank = 0;
    for (int a = 0; a < 4; ++a) {
      int64_t smaller = 0;
      for (int b = a + 1; b < 4; ++b) smaller += order[static_cast<size_t>(b)] < order[static_cast<size_t>(a)];
      rank = rank * (4 - a) + smaller;
    }
    counts.data_ptr<int64_t>()[rank] += 1;
  }
  EXPECT_LT(ChiSquare(counts), ChiSquareBound(23));
  EXPECT_TRUE(stream.Permutation(0).empty());
  EXPECT_EQ(stream.Permutation(1), std::vector<int64_t>{0});
}

TEST(RandomStream, EmptyAndScalarTensorsAreFine) {
  EXPECT_EQ(RandomStream(Key()).Normal({0, 3}).numel(), 0);
  EXPECT_EQ(RandomStream(Key()).Uniform(c10::IntArrayRef{}).dim(), 0);
}

}  // namespace
}  // namespace tint
