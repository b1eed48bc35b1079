// SPDX-License-Identifier: Apache-2.0
// The episodes of a file on features that are computed once for each image.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tint/data/episode_file.h"
#include "tint/data/loader.h"

namespace tint {

// The images that a file's episodes use, each once, and the rows of each episode among them.
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
// episodes. An episode without queries: Error(kBadInput).
IndexedEpisodes IndexEpisodes(const EpisodeFile& file, const std::shared_ptr<ImageSource>& source, int64_t queries,
                              int64_t count);

// Queries of each class of an episode, and how many of them were classified correctly.
struct EpisodeCounts {
  std::vector<int64_t> queries, correct;

  double Accuracy() const;  // all classes together
};
// By a method of ClassifyFeatures; features float32 [files, D].
EpisodeCounts ScoreEpisode(const std::string& method, const at::Tensor& features, const IndexedEpisodes::One& episode);

}  // namespace tint
