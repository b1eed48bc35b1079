// What one episode's queries gave, class by class: the raw material of all statistics.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tint {

struct ClassScore {
  std::string name;
  int64_t queries = 0;
  int64_t right = 0;
};

struct EpisodeScore {
  uint64_t episode_idx = 0;
  double accuracy = 0;  // right / queries: queries weigh equally inside an episode
  int64_t queries = 0;
  std::vector<ClassScore> classes;  // names distinct; queries and right add up to the episode's
};

// With accuracy and queries computed from the classes. At least one query.
EpisodeScore ScoreOf(uint64_t episode_idx, std::vector<ClassScore> classes);

std::vector<double> AccuraciesOf(const std::vector<EpisodeScore>& scores);
// Harmonic mean of the episodes' numbers of queries: what Theorem 1 wants where they differ (CUB).
double HarmonicMeanQueries(const std::vector<EpisodeScore>& scores);

}  // namespace tint
