// SPDX-License-Identifier: Apache-2.0
#include "tint/fewshot/scoring.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "tint/base/error.h"
#include "tint/data/task.h"
#include "tint/fewshot/methods.h"
#include "tint/tensor/checks.h"

namespace tint {

namespace {

// Gives each image of a data set one row, in the order in which they are met.
class ImageRows {
 public:
  explicit ImageRows(std::vector<NamedFile>* files) : files_(files) {}
  int64_t Of(const std::string& class_name, const std::string& name) {
    const auto [at, is_new] = rows_.try_emplace({class_name, name}, static_cast<int64_t>(files_->size()));
    if (is_new) files_->push_back({class_name, name});
    return at->second;
  }

 private:
  std::vector<NamedFile>* files_;
  std::map<std::pair<std::string, std::string>, int64_t> rows_;
};

IndexedEpisodes::One IndexTask(const Task& task, uint64_t episode_idx, ImageRows* rows) {
  std::vector<std::string> classes;
  std::vector<int64_t> support, support_labels, query, query_labels;
  for (size_t c = 0; c < task.classes.size(); ++c) {
    const TaskClass& task_class = task.classes[c];
    classes.push_back(task_class.name);
    for (const std::string& name : task_class.support) support.push_back(rows->Of(task_class.name, name));
    for (const std::string& name : task_class.query) query.push_back(rows->Of(task_class.name, name));
    support_labels.resize(support.size(), static_cast<int64_t>(c));
    query_labels.resize(query.size(), static_cast<int64_t>(c));
  }
  return {.episode_idx = episode_idx,
          .shots = task.shots(),
          .classes = classes,
          .support = at::tensor(support, at::kLong),
          .support_labels = at::tensor(support_labels, at::kLong),
          .query = at::tensor(query, at::kLong),
          .query_labels = at::tensor(query_labels, at::kLong)};
}

}  // namespace

IndexedEpisodes IndexEpisodes(const EpisodeFile& file, const std::shared_ptr<ImageSource>& source, int64_t queries,
                              int64_t count) {
  IndexedEpisodes indexed;
  ImageRows rows(&indexed.files);
  const size_t all = file.episodes.size();
  const size_t wanted = count > 0 ? std::min<size_t>(static_cast<size_t>(count), all) : all;
  for (size_t k = 0; k < wanted; ++k) {
    indexed.episodes.push_back(IndexTask(ResolveEpisode(file, k, source, queries), k, &rows));
    if (indexed.episodes.back().query.size(0) == 0)
      Fail(ExitCode::kBadInput, {.file = file.path,
                                 .field = "episodes[" + std::to_string(k) + "].query",
                                 .found = "no query",
                                 .expected = "queries to score"});
  }
  return indexed;
}

double EpisodeCounts::Accuracy() const {
  const auto sum = [](const std::vector<int64_t>& counts) {
    return std::accumulate(counts.begin(), counts.end(), int64_t{0});
  };
  TINT_CHECK_GT(sum(queries), 0);
  return static_cast<double>(sum(correct)) / static_cast<double>(sum(queries));
}

EpisodeCounts ScoreEpisode(const std::string& method, const at::Tensor& features, const IndexedEpisodes::One& episode) {
  const auto ways = static_cast<int64_t>(episode.classes.size());
  const at::Tensor logits = ClassifyFeatures(method, features.index_select(0, episode.support), episode.support_labels,
                                             ways, features.index_select(0, episode.query));
  CheckFinite(logits, method + " logits");
  const at::Tensor correct = logits.argmax(1).eq(episode.query_labels);
  EpisodeCounts counts;
  for (int64_t c = 0; c < ways; ++c) {
    const at::Tensor own = episode.query_labels.eq(c);
    counts.queries.push_back(own.sum().item<int64_t>());
    counts.correct.push_back(correct.logical_and(own).sum().item<int64_t>());
  }
  return counts;
}

}  // namespace tint
