// SPDX-License-Identifier: Apache-2.0
// The result of evaluate: every query's prediction, and the score of the episode.
//
// predictions.jsonl: a line of canonical JSON a query:
//   class       the query's class          label       its index
//   file        the query's file           predicted   index of the class that the student chose
//   logits      one for each class
//
// result.json, sealed:
//   schema                            1
//   accuracy                          share of queries that were classified correctly, in [0, 1]
//   queries                           number of them
//   classes                           [{"class", "queries", "accuracy"}], accuracy null for a class without queries
//   student                           "conv4", "resnet12"
//   dataset, split, shots             of the episode; dataset "folder" for your own photos
//   episode                           its number; absent for your own photos
//   episodes_sha256, episodes_in_file of the file of episodes
//   queries_per_class                 0: all
//   configuration                     key components of distill and of the stages before it, without the episode and,
//                                     except for the base images, without inputs
//   configuration_sha256              of its canonical JSON: one for all results of a table
//   disclosure                        {role: {"source", "licence", "training_data"}}: what the models were made from
//   near_duplicates                   [{"support", "query", "distance", "cosine"}]: pairs "class/file"; distance of
//                                     image hashes; cosine of the teacher's features, or null
//   near_duplicate_pairs              number of pairs (the list may be shortened)
//   near_duplicate_queries            number of queries in a pair
//   accuracy_without_near_duplicates  over the other queries; null if there are none
//
// Results of older stages may lack split, shots, disclosure and what concerns near-duplicates.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tint/artifacts/completed_stage.h"
#include "tint/artifacts/stage_writer.h"
#include "tint/base/json.h"
#include "tint/statistics/scores.h"

namespace tint {

struct QueryPrediction {
  std::string class_name, file;
  int64_t label = 0, predicted = 0;
  std::vector<float> logits;

  bool is_correct() const { return label == predicted; }
};

struct NearDuplicatePair {
  std::string support, query;
  int64_t distance = 0;
  std::optional<double> cosine;
};

struct NearDuplicates {
  std::vector<NearDuplicatePair> pairs;
  int64_t pair_count = 0, queries = 0;
  std::optional<double> accuracy_without;
};

struct EvaluationResult {
  std::vector<QueryPrediction> predictions;
  std::vector<ClassScore> classes;  // in the task's order
  std::string student, dataset, split;
  int64_t shots = 0, queries_per_class = 0;
  std::optional<uint64_t> episode_idx;
  std::string episodes_sha256;
  uint64_t episodes_in_file = 0;
  Json configuration = Json::object();
  Json disclosure = Json::object();
  std::optional<NearDuplicates> near_duplicates;  // pairs are written, not read

  std::string ConfigurationSha256() const;
  std::optional<double> Accuracy() const;  // nothing without queries

  void Write(StageWriter& writer) const;
  // What done.json says of it: accuracy, queries, near_duplicate_queries, accuracy_without_near_duplicates.
  Json Metrics() const;
  // Error(kCorrupt) where the seal, a member, or the accuracy that the predictions give is wrong. `classes` are counted
  // from the predictions, in their order.
  static EvaluationResult Read(const CompletedStage& evaluate);
};

}  // namespace tint
