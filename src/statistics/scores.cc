#include "tint/statistics/scores.h"

#include <utility>

#include "tint/base/error.h"

namespace tint {

EpisodeScore ScoreOf(uint64_t episode_idx, std::vector<ClassScore> classes) {
  EpisodeScore score{.episode_idx = episode_idx, .classes = std::move(classes)};
  int64_t right = 0;
  for (const ClassScore& one : score.classes) {
    TINT_CHECK(one.right >= 0 && one.right <= one.queries) << one.name;
    score.queries += one.queries;
    right += one.right;
  }
  TINT_CHECK_GT(score.queries, 0) << "episode " << episode_idx;
  score.accuracy = static_cast<double>(right) / static_cast<double>(score.queries);
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
