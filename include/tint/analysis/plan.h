// SPDX-License-Identifier: Apache-2.0
// How many episodes for an interval of a given width: Theorem 1, from figures, a published interval or a result.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tint/analysis/results.h"
#include "tint/options/option.h"

namespace tint {

struct PlanOptions {
  double mean = -1;   // mu; -1: not given
  double sigma = -1;  // standard deviation of the true accuracies; -1: not given
  std::string published = {};
  double queries_per_episode = 0;  // of the episodes to come; 0: as in the result
  double half_width = 0.005;

  void Declare(OptionList& list);
};

struct Plan {
  int64_t episodes = 0;
  double half_width = 0;         // requested, 95 %
  double episode_deviation = 0;  // sqrt(Var[â_i]): the deviation to average out
  double variance = 0;           // of the mean of that many episodes
  // Where the mean and the number of queries are known:
  std::optional<double> mean = {}, sigma = {}, queries = {};
  std::optional<int64_t> episodes_with_all_queries = {};  // with unlimited queries: sigma only
  std::string from = {};                                  // "figures", "published interval", or the result's path

  Json ToJson() const;
  std::string ToTable() const;
};

// From --mean and --sigma with --queries-per-episode; from --published HALF,N[,Q]; or from `results`: exactly one of
// the three, else Error(kUsage). Text that does not parse: Error(kUsage); a result of one episode:
// Error(kBadInput).
Plan MakePlan(const PlanOptions& options, const std::optional<Results>& results);

}  // namespace tint
