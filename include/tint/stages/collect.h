// From the episodes of a run to one row of a table: mean accuracy and its interval.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tint/artifacts/run_folder.h"
#include "tint/statistics/interval.h"

namespace tint {

struct EpisodeScore {
  uint64_t episode_idx = 0;
  double accuracy = 0;  // recomputed from the stored predictions
  int64_t queries = 0;
};

struct CollectReport {
  std::string student, dataset, episodes_sha256, configuration_sha256;
  std::vector<EpisodeScore> scores;  // by episode
  std::vector<uint64_t> missing;     // of the episode file's, without a result
  uint64_t episodes_in_file = 0;     // 0: the run is one of one's own photos
  Interval interval;
  Json ToJson() const;
  std::string ToTable() const;  // accuracies in percent
};

// Every result's hashes are checked and its accuracy is recomputed from the predictions (they must agree: else
// Error(kCorrupt)). Results of different configurations: Error(kBadInput) that names the fields in which they differ,
// unless `configuration` (the first digits of a configuration's hash) chooses one. No result at all:
// Error(kMissingInput).
CollectReport CollectRun(const RunFolder& run, const std::string& configuration);

}  // namespace tint
