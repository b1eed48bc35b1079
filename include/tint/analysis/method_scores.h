// Scoring every episode of a file with a method that trains nothing: features once an image, then each episode alone.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tint/base/json.h"
#include "tint/data/episode.h"
#include "tint/data/loader.h"
#include "tint/stages/options.h"
#include "tint/statistics/scores.h"

namespace tint {

// The images that a file's episodes use, each once, and where each episode finds its own among them.
struct IndexedEpisodes {
  struct One {
    uint64_t episode_idx = 0;
    int64_t shots = 0;  // 0: the classes differ in it
    std::vector<std::string> classes;
    at::Tensor support, support_labels, query, query_labels;  // int64: rows of `files`, classes of the episode
  };
  std::vector<NamedFile> files;
  std::vector<One> episodes;
};
// Checks every episode as ResolveEpisode does. `queries` > 0: the first N of each class. `count` > 0: the first N
// episodes.
IndexedEpisodes IndexEpisodes(const EpisodeFile& file, const std::shared_ptr<ImageSource>& source, int64_t queries,
                              int64_t count);

// features float32 [files, D].
EpisodeScore ScoreEpisode(const std::string& method, const at::Tensor& features, const IndexedEpisodes::One& episode);

struct MethodReport {
  Json json;          // schema 1, as README tells
  std::string table;  // per episode and mean, in percent
};
// `tint evaluate --method`: reads global.dataset, episodes, queries, models, student, student-weights, device, dtype
// and threads, and the options of evaluate. Model role, data set or file missing: Error(kMissingInput). Stops at a
// signal.
MethodReport ScoreMethod(const RunOptions& options);

}  // namespace tint
