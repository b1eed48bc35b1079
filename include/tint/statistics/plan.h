// SPDX-License-Identifier: Apache-2.0
// How many episodes a result needs. Theorem 1 of the paper, derived in docs/method.md, Planning the number of episodes.
//
// An episode's true accuracy a_i has mean mu and variance sigma^2 over episodes; Q queries give the estimate
//   â_i ~ Binomial(Q, a_i) / Q,   E[â_i] = mu,   Var[â_i] = sigma^2 + (mu (1 - mu) - sigma^2) / Q,
// and the mean of N independent episodes has Var = Var[â_i] / N. Queries are a finite pool with as many of each class,
// and episodes share classes, so independence is an approximation (bootstrap.h shows by how much).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tint {

// All accuracies are shares (0.8029 for 80.29 %). `queries` is a number above 0; of episodes with different numbers
// their harmonic mean, for which the formulas hold exactly.
struct AccuracyModel {
  double mean = 0;      // mu, in [0, 1]
  double variance = 0;  // sigma^2 of the true accuracies, in [0, mu (1 - mu)]
};

// Var[â_i] of one episode: sigma^2 + (mu (1 - mu) - sigma^2) / Q.
double EpisodeVariance(const AccuracyModel& model, double queries);
// Var of the mean of `episodes` episodes.
double VarianceOfMean(const AccuracyModel& model, double queries, int64_t episodes);

// Smallest N with episode_variance / N <= target; target above 0. At least 1.
int64_t EpisodesForVariance(double episode_variance, double target);
// Smallest N >= 2 with t_{(1 + confidence) / 2, N - 1} sqrt(episode_variance / N) <= half_width (above 0).
int64_t EpisodesForHalfWidth(double episode_variance, double half_width, double confidence = 0.95);

// sigma^2 from what was observed: s^2 the sample variance (n - 1) of episodes' accuracies, `mean` theirs.
//   (s^2 - mean (1 - mean) / Q) Q / (Q - 1),   Q above 1
// Unbiased up to the estimated mean in mean (1 - mean): since E[mean (1 - mean)] is smaller than
// mu (1 - mu) by Var[mean], the expectation is sigma^2 + Var[mean] / (Q - 1), too large by about 1e-7 for 120 episodes
// of 75 queries. Negative if the episodes vary less than expected by chance: then use 0.
double UnbiasedVariance(double sample_variance, double mean, double queries);

// The episodes' standard deviation s behind a printed interval: half_width sqrt(N) / t_{(1 + confidence) / 2, N - 1}.
double DeviationOfInterval(double half_width, int64_t episodes, double confidence = 0.95);

// Mean, and variance with n - 1, in two passes. At least two finite values.
struct Moments {
  double mean = 0;
  double variance = 0;
};
Moments SampleMoments(const std::vector<double>& values);

}  // namespace tint
