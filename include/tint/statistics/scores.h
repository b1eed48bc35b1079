// SPDX-License-Identifier: Apache-2.0
// Correct and total queries of one episode by class: the input of all statistics.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tint {

struct ClassScore {
  std::string name;
  int64_t queries = 0;
  int64_t correct = 0;
};

struct EpisodeScore {
  uint64_t episode_idx = 0;
  double accuracy = 0;  // correct / queries: queries weigh equally inside an episode
  int64_t queries = 0;
  std::vector<ClassScore> classes;  // names distinct; queries and correct add up to the episode's
};

// With accuracy and queries computed from the classes. At least one query.
EpisodeScore ScoreOf(uint64_t episode_idx, std::vector<ClassScore> classes);

std::vector<double> AccuraciesOf(const std::vector<EpisodeScore>& scores);
// Harmonic mean of the episodes' numbers of queries: used in Theorem 1 where they differ (CUB).
double HarmonicMeanQueries(const std::vector<EpisodeScore>& scores);

}  // namespace tint
