// SPDX-License-Identifier: Apache-2.0
// Theorem 1 against simulation, and the published figures of docs/method.md, Planning the number of episodes.
#include "tint/statistics/plan.h"

#include <cmath>

#include "prelude.h"
#include "tint/statistics/interval.h"
#include "tint/statistics/scores.h"
#include "tint/tensor/random.h"

namespace tint {
namespace {

// Episodes whose true accuracy is 0.6, 0.8 or 1 with equal chance: mu = 0.8, sigma^2 = 2 * 0.2^2 / 3.
constexpr AccuracyModel kThirds{.mean = 0.8, .variance = 0.08 / 3};

std::vector<double> SimulateEpisodes(int64_t episodes, int64_t queries, RandomStream* random) {
  std::vector<double> accuracies;
  for (int64_t e = 0; e < episodes; ++e) {
    const double accuracy = 0.6 + 0.2 * static_cast<double>(random->Integer(0, 2));
    int64_t right = 0;
    for (int64_t q = 0; q < queries; ++q) right += random->Uniform() < accuracy ? 1 : 0;
    accuracies.push_back(static_cast<double>(right) / static_cast<double>(queries));
  }
  return accuracies;
}

// A sample variance of R nearly normal values has the relative standard error sqrt(2 / (R - 1)): 2.2 % here. Leaving
// out the queries' part (a third of the whole) or halving it would be eight of them.
TEST(TheoremOne, IsTheVarianceOfSimulatedMeans) {
  constexpr int64_t kRepetitions = 4000, kEpisodes = 20, kQueries = 15;
  RandomStream random({.seed = 7, .stage = "theorem one"});
  std::vector<double> means, spreads;
  for (int64_t r = 0; r < kRepetitions; ++r) {
    const Moments moments = SampleMoments(SimulateEpisodes(kEpisodes, kQueries, &random));
    means.push_back(moments.mean);
    spreads.push_back(UnbiasedVariance(moments.variance, moments.mean, kQueries));
  }
  const double expected = VarianceOfMean(kThirds, kQueries, kEpisodes);
  EXPECT_NEAR(expected, (0.08 / 3 + (0.16 - 0.08 / 3) / 15) / 20, 1e-15);
  const Moments of_means = SampleMoments(means), of_spreads = SampleMoments(spreads);
  EXPECT_NEAR(of_means.mean, 0.8, 4 * std::sqrt(expected / kRepetitions));
  EXPECT_NEAR(of_means.variance / expected, 1, 4 * std::sqrt(2.0 / (kRepetitions - 1)));
  // The estimate of sigma^2 with the bias that its comment states.
  EXPECT_NEAR(of_spreads.mean, kThirds.variance + expected / (kQueries - 1),
              4 * std::sqrt(of_spreads.variance / kRepetitions));
}

// With two queries the stated bias is Var itself, many standard errors of this simulation.
TEST(TheoremOne, TheBiasOfTheEstimateIsTheStatedOne) {
  constexpr int64_t kRepetitions = 20000, kEpisodes = 3, kQueries = 2;
  RandomStream random({.seed = 8, .stage = "bias"});
  std::vector<double> spreads;
  for (int64_t r = 0; r < kRepetitions; ++r) {
    const Moments moments = SampleMoments(SimulateEpisodes(kEpisodes, kQueries, &random));
    spreads.push_back(UnbiasedVariance(moments.variance, moments.mean, kQueries));
  }
  const Moments moments = SampleMoments(spreads);
  const double error = std::sqrt(moments.variance / kRepetitions);
  const double bias = VarianceOfMean(kThirds, kQueries, kEpisodes) / (kQueries - 1);
  ASSERT_GT(bias, 8 * error);
  EXPECT_NEAR(moments.mean, kThirds.variance + bias, 4 * error);
}

// With different numbers of queries the harmonic mean is exact: the variances average.
TEST(TheoremOne, HoldsForUnequalQueriesWithTheirHarmonicMean) {
  std::vector<EpisodeScore> scores;
  double sum = 0;
  for (const int64_t queries : {180, 240, 215}) {
    scores.push_back(ScoreOf(scores.size(), {{"a", queries, queries / 2}}));
    sum += EpisodeVariance(kThirds, static_cast<double>(queries));
  }
  EXPECT_NEAR(EpisodeVariance(kThirds, HarmonicMeanQueries(scores)), sum / 3, 1e-15);
}

// As published: LabelHalluc +-0.48 % of 600 episodes; TINT with ResNet12 +-0.50 % of 120.
TEST(PublishedIntervals, GiveTheDeviationsOfTheMethod) {
  const double label_halluc = DeviationOfInterval(0.0048, 600), tint = DeviationOfInterval(0.0050, 120);
  EXPECT_NEAR(label_halluc, 0.0599, 5e-5);
  EXPECT_NEAR(tint, 0.0277, 5e-5);
  EXPECT_NEAR(label_halluc * label_halluc / 600, 5.97e-6, 1e-8);
  EXPECT_NEAR(tint * tint / 120, 6.4e-6, 5e-8);
  // A variance of 7e-6 of 600 episodes with 75 queries at LabelHalluc's 86.5 %.
  EXPECT_NEAR(UnbiasedVariance(600 * 7e-6, 0.865, 75), 2.7e-3, 5e-5);
  // 120 unpaired episodes show 0.71 points (ResNet12) and 1.61 (Conv4).
  EXPECT_NEAR(std::sqrt(2.0) * 0.50, 0.71, 5e-3);
  EXPECT_NEAR(DeviationOfInterval(0.0114, 120), 0.063, 5e-4);
}

TEST(Planning, InvertsIntervalsAndVariances) {
  for (const int64_t episodes : {2, 3, 5, 17, 120, 600, 100000}) {
    for (const double half_width : {0.002, 0.0048}) {
      const double deviation = DeviationOfInterval(half_width, episodes);
      EXPECT_EQ(EpisodesForHalfWidth(deviation * deviation, half_width * (1 + 1e-9)), episodes);
      EXPECT_EQ(EpisodesForHalfWidth(deviation * deviation, half_width * (1 - 1e-9)), episodes + 1);
    }
    const double variance = EpisodeVariance(kThirds, 75);
    EXPECT_EQ(EpisodesForVariance(variance, variance / static_cast<double>(episodes)), episodes);
    EXPECT_EQ(EpisodesForVariance(variance, 0.999999 * variance / static_cast<double>(episodes)), episodes + 1);
    EXPECT_DOUBLE_EQ(VarianceOfMean(kThirds, 75, episodes), variance / static_cast<double>(episodes));
  }
  // Without variance two episodes are as informative as many.
  EXPECT_EQ(EpisodesForHalfWidth(0, 0.005), 2);
  EXPECT_EQ(EpisodesForVariance(0, 1e-6), 1);
}

// sigma^2 taken out of what was observed and put back is what was observed.
TEST(Planning, UnbiasedVarianceIsTheInverseOfTheoremOne) {
  for (const double queries : {2.0, 15.0, 75.0, 2975.0}) {
    EXPECT_NEAR(UnbiasedVariance(EpisodeVariance(kThirds, queries), kThirds.mean, queries), kThirds.variance, 1e-15);
  }
  EXPECT_LT(UnbiasedVariance(0, 0.8, 75), 0);  // more alike than chance
}

TEST(Planning, RefusesImpossibleMoments) {
  EXPECT_THAT(CatchError([] { EpisodeVariance({.mean = 1.2, .variance = 0}, 75); }),
              FailsWith(ExitCode::kInternal, HasSubstr("mean")));
  EXPECT_THAT(CatchError([] { EpisodeVariance({.mean = 0.9, .variance = 0.1}, 75); }),
              FailsWith(ExitCode::kInternal, HasSubstr("variance")));
  EXPECT_THAT(CatchError([] { UnbiasedVariance(0.01, 0.8, 1); }), FailsWith(ExitCode::kInternal, HasSubstr("queries")));
  EXPECT_THAT(CatchError([] { EpisodesForHalfWidth(0.01, 0); }),
              FailsWith(ExitCode::kInternal, HasSubstr("half width")));
  EXPECT_THAT(CatchError([] { EpisodesForVariance(0.01, 1e-30); }),
              FailsWith(ExitCode::kInternal, HasSubstr("target")));
}

}  // namespace
}  // namespace tint
