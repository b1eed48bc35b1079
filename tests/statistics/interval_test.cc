// SPDX-License-Identifier: Apache-2.0
#include "tint/statistics/interval.h"

#include <cmath>
#include <limits>

#include "prelude.h"

namespace tint {
namespace {

// Quantiles of Student's distribution as printed tables give them.
TEST(StudentQuantile, EqualsTables) {
  EXPECT_NEAR(StudentQuantile(0.975, 119), 1.9801, 5e-5);
  EXPECT_NEAR(StudentQuantile(0.975, 599), 1.9639, 5e-5);
  EXPECT_NEAR(StudentQuantile(0.975, 4), 2.7764, 5e-5);
  EXPECT_NEAR(StudentQuantile(0.995, 10), 3.1693, 5e-5);
}

// One degree is Cauchy's distribution: tan(pi (p - 1/2)). Two degrees: (2p - 1) / sqrt(2 p (1 - p)).
TEST(StudentQuantile, EqualsClosedForms) {
  for (const double p : {0.6, 0.9, 0.975, 0.999}) {
    EXPECT_NEAR(StudentQuantile(p, 1) / std::tan(M_PI * (p - 0.5)), 1, 1e-12) << p;
    EXPECT_NEAR(StudentQuantile(p, 2) / ((2 * p - 1) / std::sqrt(2 * p * (1 - p))), 1, 1e-12) << p;
    EXPECT_DOUBLE_EQ(StudentQuantile(1 - p, 7), -StudentQuantile(p, 7)) << p;
  }
}

TEST(StudentQuantile, RefusesInvalidProbabilities) {
  for (const double p : {0.0, 1.0, -0.5, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_THAT(CatchError([&] { StudentQuantile(p, 5); }), FailsWith(ExitCode::kInternal, HasSubstr("probability")));
  }
  EXPECT_THAT(CatchError([] { StudentQuantile(0.9, 0); }), FailsWith(ExitCode::kInternal, HasSubstr("degrees")));
}

// 1..5: mean 3, s = sqrt(2.5), t_{0.975,4} = 2.776445105.
TEST(StudentInterval, OfKnownSamples) {
  const Interval five = StudentInterval({1, 2, 3, 4, 5});
  EXPECT_DOUBLE_EQ(five.mean, 3);
  EXPECT_NEAR(five.half_width, 2.776445105 * std::sqrt(2.5 / 5), 1e-8);
  EXPECT_EQ(five.count, 5);
  EXPECT_NEAR(StudentInterval({1, 2, 3, 4, 5}, 0.99).half_width, 4.604094871 * std::sqrt(2.5 / 5), 1e-8);
  // Two values: s = |a - b| / sqrt 2, so the half width is |a - b| / 2 * tan(0.475 pi).
  EXPECT_NEAR(StudentInterval({0.4, 0.5}).half_width, 0.05 * std::tan(0.475 * M_PI), 1e-12);
}

// The published +-0.50 % of 120 episodes (the paper's ResNet12) means s = 0.0277: as many episodes with that s give it
// back.
TEST(StudentInterval, GivesThePublishedWidthForThePublishedDeviation) {
  std::vector<double> values;
  const double half_step = 0.0277 * std::sqrt(119.0 / 120.0);
  for (int i = 0; i < 120; ++i) values.push_back(0.9313 + (i % 2 == 0 ? half_step : -half_step));
  const Interval interval = StudentInterval(values);
  EXPECT_NEAR(interval.mean, 0.9313, 1e-12);
  EXPECT_NEAR(interval.half_width, 0.0050, 1e-5);
}

TEST(StudentInterval, MovesAndScalesWithItsValues) {
  const std::vector<double> values = {0.61, 0.72, 0.55, 0.68, 0.7, 0.66};
  std::vector<double> moved;
  for (const double value : values) moved.push_back(3 * value + 1e6);
  const Interval plain = StudentInterval(values), other = StudentInterval(moved);
  EXPECT_NEAR(other.mean, 3 * plain.mean + 1e6, 1e-8);
  EXPECT_NEAR(other.half_width, 3 * plain.half_width, 1e-8);
  EXPECT_DOUBLE_EQ(StudentInterval({0.5, 0.5, 0.5}).half_width, 0);
}

TEST(StudentInterval, OfOneValueHasNoWidth) {
  const Interval one = StudentInterval({0.41});
  EXPECT_DOUBLE_EQ(one.mean, 0.41);
  EXPECT_TRUE(std::isnan(one.half_width));
  EXPECT_EQ(one.count, 1);
}

TEST(StudentInterval, RefusesNothingAndNonFinite) {
  EXPECT_THAT(CatchError([] { StudentInterval({}); }), FailsWith(ExitCode::kInternal, HasSubstr("empty")));
  EXPECT_THAT(CatchError([] {
                StudentInterval({0.5, std::nan("")});
              }),
              FailsWith(ExitCode::kInternal, HasSubstr("nan")));
  EXPECT_THAT(CatchError([] { StudentInterval({0.5}, 1.0); }), FailsWith(ExitCode::kInternal, HasSubstr("confidence")));
}

}  // namespace
}  // namespace tint
