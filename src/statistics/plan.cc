// SPDX-License-Identifier: Apache-2.0
#include "tint/statistics/plan.h"

#include <algorithm>
#include <cmath>

#include "tint/base/error.h"
#include "tint/statistics/interval.h"

namespace tint {
namespace {

// Limit against overflow, beyond any practical number of episodes.
constexpr double kMaxEpisodes = 1e15;

double HalfWidth(double episode_variance, double episodes, double confidence) {
  return StudentQuantile(0.5 + confidence / 2, episodes - 1) * std::sqrt(episode_variance / episodes);
}

}  // namespace

double EpisodeVariance(const AccuracyModel& model, double queries) {
  TINT_CHECK(model.mean >= 0 && model.mean <= 1) << "mean " << model.mean;
  TINT_CHECK(queries > 0) << "queries " << queries;
  const double bernoulli = model.mean * (1 - model.mean);
  // No distribution on [0, 1] has a larger variance; the slack is for rounding.
  TINT_CHECK(model.variance >= 0 && model.variance <= bernoulli + 1e-12) << "variance " << model.variance;
  return model.variance + (bernoulli - model.variance) / queries;
}

double VarianceOfMean(const AccuracyModel& model, double queries, int64_t episodes) {
  TINT_CHECK_GT(episodes, 0);
  return EpisodeVariance(model, queries) / static_cast<double>(episodes);
}

int64_t EpisodesForVariance(double episode_variance, double target) {
  TINT_CHECK(episode_variance >= 0 && std::isfinite(episode_variance)) << episode_variance;
  TINT_CHECK(target > 0) << "target " << target;
  TINT_CHECK(episode_variance / target < kMaxEpisodes) << "target " << target;
  // Rounding alone may put the quotient above a whole number.
  return std::max<int64_t>(1, static_cast<int64_t>(std::ceil(episode_variance / target * (1 - 1e-12))));
}

int64_t EpisodesForHalfWidth(double episode_variance, double half_width, double confidence) {
  TINT_CHECK(half_width > 0) << "half width " << half_width;
  const double normal = StudentQuantile(0.5 + confidence / 2, 1e9);
  const double least = EpisodesForVariance(episode_variance, half_width * half_width / (normal * normal));
  // t is larger than the normal quantile, and t / sqrt(N) falls with N: bisection between too few and enough.
  auto low = std::max<int64_t>(1, static_cast<int64_t>(least) - 1), high = std::max<int64_t>(2, low);
  while (HalfWidth(episode_variance, static_cast<double>(high), confidence) > half_width) {
    low = high;
    high *= 2;
  }
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    (HalfWidth(episode_variance, static_cast<double>(middle), confidence) > half_width ? low : high) = middle;
  }
  return high;
}

double UnbiasedVariance(double sample_variance, double mean, double queries) {
  TINT_CHECK(queries > 1) << "queries " << queries;
  return (sample_variance - mean * (1 - mean) / queries) * queries / (queries - 1);
}

double DeviationOfInterval(double half_width, int64_t episodes, double confidence) {
  TINT_CHECK(half_width >= 0) << "half width " << half_width;
  TINT_CHECK_GT(episodes, 1);
  const auto count = static_cast<double>(episodes);
  return half_width * std::sqrt(count) / StudentQuantile(0.5 + confidence / 2, count - 1);
}

Moments SampleMoments(const std::vector<double>& values) {
  TINT_CHECK_GT(values.size(), 1u);
  const auto count = static_cast<double>(values.size());
  Moments moments;
  for (const double value : values) {
    TINT_CHECK(std::isfinite(value)) << "value " << value;
    moments.mean += value / count;
  }
  for (const double value : values) moments.variance += (value - moments.mean) * (value - moments.mean) / (count - 1);
  return moments;
}

}  // namespace tint
