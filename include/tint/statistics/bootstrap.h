// SPDX-License-Identifier: Apache-2.0
// Intervals that account for classes shared by episodes. docs/method.md, Episodes and confidence intervals.
//
// Episodes are drawn from few classes (20 in miniImageNet's test split), so a class's difficulty returns in many of
// them and Student's interval, which assumes independent episodes, is too narrow as a statement about other classes.
//
// The estimator. In episode e, class c has m_ec queries and r_ec correct answers; n_e = sum_c m_ec. The mean accuracy
// is
//   theta = (1/N) sum_e sum_c r_ec / n_e = sum_c R_c / sum_c M_c,   R_c = sum_e r_ec / n_e,   M_c = sum_e m_ec / n_e,
// over all classes c of all N episodes (sum_c M_c = N): each class brings its part of every episode that it is in.
// A replicate draws as many classes as there are, with replacement; class c comes w_c times:
//   theta*_classes = sum_c w_c R_c / sum_c w_c M_c.
// What all classes of one episode have in common (its photos, its training) would count as independent there. So
// episodes are drawn as well, and their mean accuracy theta*_episodes is added as far as classes do not explain it:
//   theta* = theta*_classes + lambda (theta*_episodes - theta),   lambda^2 = max(0, 1 - V_cells / V_episodes),
//   V_episodes = sum_e (sum_c z_ec)^2,   V_cells = sum_e sum_c z_ec^2,   z_ec = (r_ec - theta m_ec) / (n_e N),
// which gives the variance V_classes + V_episodes - V_cells of two-way clustering (Cameron, Gelbach, Miller 2011,
// "Robust inference with multiway clustering"), each counted once. The interval is that of percentiles.
//
// With few classes C percentiles are somewhat narrow: by sqrt(C / (C - 1)) t_{0.975, C-1} / 1.96, 1.10 for C = 20.
//
// A paired difference is the same with r_ec of one list less r_ec of the other; m_ec must be equal.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tint/statistics/interval.h"
#include "tint/statistics/scores.h"

namespace tint {

struct BootstrapOptions {
  int64_t replicates = 2000;
  double confidence = 0.95;
  uint64_t seed = 0;
};

struct BootstrapInterval {
  double low = 0, high = 0;  // NaN with fewer than two classes
  int64_t classes = 0;       // resampled
  int64_t replicates = 0;
};

// At least one episode; every episode has classes with at least one query between them (else Error(kInternal)).
BootstrapInterval ClassBootstrap(const std::vector<EpisodeScore>& scores, const BootstrapOptions& options = {});

// Two lists of the same episodes, in any order; classes in any order.
struct PairedDifference {
  Interval student;  // of a - b over episodes
  BootstrapInterval bootstrap;
  std::vector<uint64_t> episodes;   // ascending
  std::vector<double> differences;  // a - b of each
};
// Both hold the same episodes, with the same classes and as many queries of each (else Error(kInternal): callers check
// with WhyNotPaired).
PairedDifference ComparePaired(const std::vector<EpisodeScore>& a, const std::vector<EpisodeScore>& b,
                               const BootstrapOptions& options = {});
// Why an episode's scores in two lists cannot be paired ("class 'dog' has 15 and 10 queries"), or "".
std::string WhyNotPaired(const EpisodeScore& a, const EpisodeScore& b);

// Value below which a share p of the sorted values lies, linearly interpolated between order statistics.
double Percentile(const std::vector<double>& sorted, double p);

}  // namespace tint
