// SPDX-License-Identifier: Apache-2.0
// Two results of the same episodes, paired: the comparison that needs the fewest episodes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tint/analysis/results.h"
#include "tint/statistics/bootstrap.h"

namespace tint {

struct Comparison {
  std::string a = {}, b = {};                                // paths
  double mean_a = 0, mean_b = 0;                             // over the paired episodes
  PairedDifference difference = {};                          // a - b
  std::vector<double> accuracies_a = {}, accuracies_b = {};  // by paired episode
  std::vector<uint64_t> unpaired = {};                       // episodes of the file that at least one of them lacks
  uint64_t episodes_in_file = 0;
  std::string episodes_sha256 = {};
  std::vector<std::string> configuration_differences = {};  // "distill.options.steps: 10000 -> 3000", from a to b

  Json ToJson() const;          // shares; null if an interval is unknown
  std::string ToTable() const;  // percent
};

// Other episode files, no common episode, or an episode with other queries: Error(kBadInput) naming both.
Comparison Compare(const Results& a, const Results& b, const BootstrapOptions& options);

}  // namespace tint
