// SPDX-License-Identifier: Apache-2.0
// Worlds in which it is known how far classes and episodes move the mean.
#include "tint/statistics/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "prelude.h"
#include "tint/statistics/plan.h"
#include "tint/tensor/random.h"

namespace tint {
namespace {

constexpr int64_t kClasses = 20, kWays = 5, kEpisodes = 120;

// Episodes of five of twenty classes; `right` returns the number of correct answers of a class in an episode.
std::vector<EpisodeScore> World(uint64_t seed, int64_t queries,
                                const std::function<int64_t(uint64_t episode, int64_t class_idx)>& right) {
  std::vector<EpisodeScore> scores;
  for (uint64_t e = 0; e < kEpisodes; ++e) {
    RandomStream random({.seed = seed, .stage = "world", .episode_idx = e});
    const std::vector<int64_t> order = random.Permutation(kClasses);
    std::vector<ClassScore> classes;
    for (int64_t k = 0; k < kWays; ++k) {
      const int64_t c = order[static_cast<size_t>(k)];
      classes.push_back({"c" + std::to_string(c), queries, right(e, c)});
    }
    scores.push_back(ScoreOf(e, classes));
  }
  return scores;
}

int64_t Binomial(RandomStream* random, int64_t queries, double rate) {
  int64_t right = 0;
  for (int64_t q = 0; q < queries; ++q) right += random->Uniform() < rate ? 1 : 0;
  return right;
}

// Half the bootstrap interval's length over the t-interval's.
double Ratio(const std::vector<EpisodeScore>& scores, const BootstrapOptions& options = {}) {
  const BootstrapInterval interval = ClassBootstrap(scores, options);
  return (interval.high - interval.low) / 2 / StudentInterval(AccuraciesOf(scores)).half_width;
}

// Twenty classes estimate a standard deviation to within 16 %, ten worlds up to 5 %. What a percentile interval of 20
// classes lacks: sqrt(19 / 20) 1.96 / 1.98.
TEST(ClassBootstrap, IsAsWideAsTheStudentIntervalWhereClassesDoNotMatter) {
  double sum = 0;
  for (uint64_t seed = 0; seed < 10; ++seed) {
    RandomStream random({.seed = seed, .stage = "answers"});
    sum += Ratio(World(seed, 15, [&](uint64_t, int64_t) { return Binomial(&random, 15, 0.8); }), {.replicates = 500});
  }
  EXPECT_NEAR(sum / 10, std::sqrt(19.0 / 20) * 1.96 / 1.98, 0.15);
}

// All classes of an episode answer alike: resampling classes alone would give an interval 1 / sqrt(5) as wide.
TEST(ClassBootstrap, IsAsWideAsTheStudentIntervalWithEpisodeVarianceOnly) {
  RandomStream random({.seed = 3, .stage = "episodes"});
  std::vector<int64_t> right;
  for (int64_t e = 0; e < kEpisodes; ++e) right.push_back(random.Integer(60, 100));
  const auto scores = World(3, 100, [&](uint64_t e, int64_t) { return right[e]; });
  EXPECT_NEAR(Ratio(scores), 1, 0.1);
}

// A class has the same accuracy in each of its episodes, variance tau^2 (with n - 1) over the classes. Of the mean
//   the t-interval's variance: tau^2 (1 - 5/20) / 5 / 120     (five of twenty classes, without replacement)
//   the bootstrap's:           tau^2 (19/20) / 20             (twenty classes drawn anew; each in 30 episodes or so)
TEST(ClassBootstrap, IsWiderWithClassVarianceOnly) {
  const auto scores = World(4, 100, [](uint64_t, int64_t c) { return 60 + 2 * c; });
  const double expected = std::sqrt((19.0 / 20 / 20) / (0.75 / 5 / 120)) * 1.96 / 1.98;
  EXPECT_NEAR(expected, 6.1, 0.05);
  EXPECT_NEAR(Ratio(scores) / expected, 1, 0.12);
}

// The coverage that the interval promises: classes drawn from a wide population, whose mean is 0.8. Of 200 intervals of
// 95 % at most 9 % + noise miss it (percentiles of 20 classes are narrow); Student's miss most.
TEST(ClassBootstrap, CoversTheMeanOfThePopulationOfClasses) {
  int64_t covered = 0, covered_by_student = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    RandomStream random({.seed = seed, .stage = "population"});
    std::vector<int64_t> right;
    for (int64_t c = 0; c < kClasses; ++c) right.push_back(random.Integer(60, 100));
    const auto scores = World(seed, 100, [&](uint64_t, int64_t c) { return right[static_cast<size_t>(c)]; });
    const BootstrapInterval interval = ClassBootstrap(scores, {.replicates = 200, .seed = seed});
    const Interval student = StudentInterval(AccuraciesOf(scores));
    covered += interval.low <= 0.8 && 0.8 <= interval.high ? 1 : 0;
    covered_by_student += std::abs(student.mean - 0.8) <= student.half_width ? 1 : 0;
  }
  EXPECT_GE(covered, 172);  // 91 % less three standard errors of 200
  EXPECT_LE(covered_by_student, 80);
}

TEST(ClassBootstrap, ContainsTheMeanAndRepeatsWithItsSeed) {
  RandomStream random({.seed = 5, .stage = "answers"});
  const auto scores = World(5, 15, [&](uint64_t, int64_t c) { return Binomial(&random, 15, 0.6 + 0.01 * c); });
  const BootstrapInterval once = ClassBootstrap(scores), again = ClassBootstrap(scores);
  const double mean = StudentInterval(AccuraciesOf(scores)).mean;
  EXPECT_LT(once.low, mean);
  EXPECT_GT(once.high, mean);
  EXPECT_EQ(once.low, again.low);
  EXPECT_EQ(once.high, again.high);
  EXPECT_EQ(once.classes, kClasses);
  EXPECT_EQ(once.replicates, 2000);
  EXPECT_NE(ClassBootstrap(scores, {.seed = 1}).low, once.low);
  const BootstrapInterval narrow = ClassBootstrap(scores, {.confidence = 0.5});
  EXPECT_GT(narrow.low, once.low);
  EXPECT_LT(narrow.high, once.high);
}

TEST(ClassBootstrap, OfOneClassOrWithoutSpread) {
  EXPECT_TRUE(std::isnan(ClassBootstrap({ScoreOf(0, {{"only", 10, 7}})}).low));
  const BootstrapInterval same = ClassBootstrap(World(6, 10, [](uint64_t, int64_t) { return 7; }));
  EXPECT_NEAR(same.low, 0.7, 1e-12);
  EXPECT_NEAR(same.high, 0.7, 1e-12);
  // A class without queries does not count.
  EXPECT_EQ(ClassBootstrap({ScoreOf(0, {{"a", 10, 7}, {"b", 0, 0}, {"c", 5, 5}})}).classes, 2);
}

// Both lists have strong effects of classes, and their difference has none: pairing takes them out.
TEST(PairedDifference, CancelsCommonEffects) {
  const auto a = World(7, 100, [](uint64_t, int64_t c) { return 62 + c; });
  const auto b = World(7, 100, [](uint64_t, int64_t c) { return 60 + c; });
  const PairedDifference pair = ComparePaired(a, b);
  EXPECT_NEAR(pair.student.mean, 0.02, 1e-12);
  EXPECT_NEAR(pair.student.half_width, 0, 1e-12);
  EXPECT_NEAR(pair.bootstrap.low, 0.02, 1e-12);
  EXPECT_NEAR(pair.bootstrap.high, 0.02, 1e-12);
  EXPECT_EQ(pair.student.count, kEpisodes);
  const PairedDifference none = ComparePaired(a, a);
  EXPECT_EQ(none.student.mean, 0);
  EXPECT_EQ(none.bootstrap.high, 0);
}

// Where the first is better on some classes alone, episodes repeat that, and the bootstrap says so.
TEST(PairedDifference, IsWiderIfFewClassesCauseIt) {
  const auto a = World(8, 100, [](uint64_t, int64_t c) { return c % 4 == 0 ? 80 : 70; });
  const auto b = World(8, 100, [](uint64_t, int64_t) { return 70; });
  const PairedDifference pair = ComparePaired(a, b);
  EXPECT_NEAR(pair.student.mean, 0.025, 0.003);
  const double width = (pair.bootstrap.high - pair.bootstrap.low) / 2;
  const double expected = std::sqrt((19.0 / 20 / 20) / (0.75 / 5 / 120)) * 1.96 / 1.98;
  EXPECT_NEAR(width / pair.student.half_width / expected, 1, 0.15);
  const PairedDifference turned = ComparePaired(b, a);
  EXPECT_NEAR(turned.student.mean, -pair.student.mean, 1e-15);
  EXPECT_NEAR(turned.bootstrap.low, -pair.bootstrap.high, 0.002);
}

TEST(PairedDifference, DoesNotDependOnTheOrder) {
  RandomStream random({.seed = 9, .stage = "answers"});
  const auto a = World(9, 15, [&](uint64_t, int64_t) { return Binomial(&random, 15, 0.8); });
  const auto b = World(9, 15, [&](uint64_t, int64_t) { return Binomial(&random, 15, 0.7); });
  auto shuffled = b;
  std::reverse(shuffled.begin(), shuffled.end());
  for (EpisodeScore& score : shuffled) std::reverse(score.classes.begin(), score.classes.end());
  const PairedDifference pair = ComparePaired(a, b), other = ComparePaired(a, shuffled);
  EXPECT_EQ(pair.differences, other.differences);
  EXPECT_EQ(pair.bootstrap.low, other.bootstrap.low);
  EXPECT_EQ(ClassBootstrap(b).high, ClassBootstrap(shuffled).high);
  EXPECT_EQ(pair.episodes.front(), 0u);
  EXPECT_NEAR(pair.differences[3], a[3].accuracy - b[3].accuracy, 1e-15);
}

TEST(PairedDifference, ReportsWhatCannotBePaired) {
  const EpisodeScore one = ScoreOf(0, {{"a", 10, 7}, {"b", 10, 9}});
  EXPECT_EQ(WhyNotPaired(one, ScoreOf(0, {{"b", 10, 1}, {"a", 10, 2}})), "");
  EXPECT_THAT(WhyNotPaired(one, ScoreOf(0, {{"a", 10, 7}, {"c", 10, 9}})), HasSubstr("'c'"));
  EXPECT_THAT(WhyNotPaired(one, ScoreOf(0, {{"a", 10, 7}, {"b", 5, 5}})), HasSubstr("10 and 5 queries"));
  EXPECT_THAT(WhyNotPaired(one, ScoreOf(0, {{"a", 10, 7}})), HasSubstr("2 and 1 classes"));
  EXPECT_THAT(CatchError([&] { ComparePaired({one}, {ScoreOf(1, one.classes)}); }),
              FailsWith(ExitCode::kInternal, HasSubstr("episode_idx")));
}

TEST(Percentiles, AreLinearBetweenOrderStatistics) {
  const std::vector<double> values = {1, 2, 4, 8, 16};
  EXPECT_DOUBLE_EQ(Percentile(values, 0), 1);
  EXPECT_DOUBLE_EQ(Percentile(values, 0.5), 4);
  EXPECT_DOUBLE_EQ(Percentile(values, 0.6), 4 + 0.4 * 4);
  EXPECT_DOUBLE_EQ(Percentile(values, 1), 16);
}

}  // namespace
}  // namespace tint
