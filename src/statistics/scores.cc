// SPDX-License-Identifier: Apache-2.0
#include "tint/statistics/scores.h"

#include <utility>

#include "tint/base/error.h"

namespace tint {

EpisodeScore ScoreOf(uint64_t episode_idx, std::vector<ClassScore> classes) {
  EpisodeScore score{.episode_idx = episode_idx, .classes = std::move(classes)};
  int64_t correct = 0;
  for (const ClassScore& one : score.classes) {
    TINT_CHECK(one.correct >= 0 && one.correct <= one.queries) << one.name;
    score.queries += one.queries;
    correct += one.correct;
  }
  TINT_CHECK_GT(score.queries, 0) << "episode " << episode_idx;
  score.accuracy = static_cast<double>(correct) / static_cast<double>(score.queries);
  return score;
}

std::vector<double> AccuraciesOf(const std::vector<EpisodeScore>& scores) {
  std::vector<double> accuracies;
  for (const EpisodeScore& score : scores) accuracies.push_back(score.accuracy);
  return accuracies;
}

double HarmonicMeanQueries(const std::vector<EpisodeScore>& scores) {
  TINT_CHECK(!scores.empty());
  double sum = 0;
  for (const EpisodeScore& score : scores) {
    TINT_CHECK_GT(score.queries, 0);
    sum += 1 / static_cast<double>(score.queries);
  }
  return static_cast<double>(scores.size()) / sum;
}

}  // namespace tint
