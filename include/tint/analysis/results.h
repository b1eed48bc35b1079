// SPDX-License-Identifier: Apache-2.0
// Reads scored episodes: the episodes of a run folder, or a JSON file that `tint evaluate --method ... --json` or
// `tint collect ... --json` printed. The one reader for collect, compare and plan.
#pragma once

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tint/base/json.h"
#include "tint/statistics/scores.h"

namespace tint {

struct Results {
  std::string path = {};                               // as given
  std::string method = {};                             // "tint" for a run folder; else the file's "method"
  std::string student = {}, dataset = {}, split = {};  // "" if unknown
  int64_t ways = 0, shots = 0;                         // 0: unknown, or different between episodes
  int64_t queries_per_class = 0;                       // 0: all
  std::string episodes_sha256 = {}, configuration_sha256 = {};
  uint64_t episodes_in_file = 0;  // 0: custom image folders
  Json configuration = Json::object();
  std::vector<EpisodeScore> scores = {};  // ascending by episode
  std::vector<uint64_t> missing = {};     // of the episode file's, without a result
  // Of a run: the folder of each episode's evaluate result.
  std::map<uint64_t, std::filesystem::path> folders = {};

  // Training data of the models: role -> {"source", "licence", "training_data"}; {} if unknown.
  Json disclosure = Json::object();
  // Queries that are near-duplicates of supports, and the episodes' mean accuracy without them; -1 if unknown.
  int64_t near_duplicate_queries = -1;
  double accuracy_without_near_duplicates = -1;

  bool complete() const { return missing.empty(); }
};

// A folder is read as a run. Every result's hashes are checked, and its accuracy is recomputed from the predictions
// (they must agree: else Error(kCorrupt)). Results of different configurations: Error(kBadInput) that names the fields
// in which they differ, unless `configuration` (the first digits of a configuration's hash) chooses one. No result at
// all, or no such path: Error(kMissingInput).
//
// A file must be
//   {"schema": 1, "dataset": "...", "split": "...", "method": "...", "episodes_sha256": "...", "episodes_in_file": 120,
//    "accuracy": 0.8, "interval": 0.01,
//    "per_episode": [{"episode": 0, "accuracy": 0.8, "queries": 75,
//                     "classes": [{"class": "n01532829", "queries": 15, "right": 12}, ...]}, ...],
//    "configuration": {...}}
// and may say "student" (or "backbone": "student-conv4"), "shots", "queries_per_class", "configuration_sha256",
// "disclosure", "near_duplicate_queries", "accuracy_without_near_duplicates" and "self_sha256". "source" and
// "training_data" are the disclosure of "backbone". Its accuracies must match the counts of the classes: else
// Error(kCorrupt). A member that is absent or of another type: Error(kBadInput).
Results ReadResults(const std::filesystem::path& path, const std::string& configuration = "");

// As ReadResults, but a run with several configurations, such as an ablation, gives one result for each, in the order
// of their hashes.
std::vector<Results> ReadEveryConfiguration(const std::filesystem::path& path, const std::string& configuration = "");

// Differences in configuration, one line each: method, student, options.
std::vector<std::string> DifferencesOfConfigurations(const Results& a, const Results& b);

// Joins parts of one table: results of one configuration on one episode file, without common episodes. Else
// Error(kBadInput) with the differences. At least one part.
Results JoinResults(std::vector<Results> parts);

// "80.29": a share in percent.
std::string Percent(double share, int digits = 2);
// [{"episode", "accuracy", "queries", "classes": [{"class", "queries", "right"}]}], as a file of results has it.
Json EpisodesJson(const std::vector<EpisodeScore>& scores);
// One line per episode, accuracy in percent, below a heading.
std::string EpisodeLines(const std::vector<EpisodeScore>& scores);

// JSON has no infinity: the interval of a single episode is null.
inline Json FiniteOrNull(double value) { return std::isfinite(value) ? Json(value) : Json(); }

}  // namespace tint
