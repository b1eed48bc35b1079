// SPDX-License-Identifier: Apache-2.0
// Shared by pretrain student and pretrain teacher: training and validation images, the folder of the work, and the
// installation of the result in a model set.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tint/artifacts/completed_stage.h"
#include "tint/artifacts/stage_key.h"
#include "tint/base/json.h"
#include "tint/data/episode_file.h"
#include "tint/fewshot/scoring.h"
#include "tint/tensor/safetensors.h"
#include "tint/training/training_options.h"

namespace tint {

// Opened from the options, which are checked completely before the first image is decoded.
struct TrainingSetup {
  // `models_meaning` completes "--models: not given; expected ...". `queries` of each class of the validation episodes;
  // 0: all.
  TrainingSetup(const TrainingOptions& options, const std::string& models_meaning, int64_t queries);

  // WORK/<stage>: the results of all keys.
  std::filesystem::path Results(const std::string& stage) const;
  // With data, seed and machine.
  StageKey NewKey(const std::string& stage, int64_t version, const Json& training) const;
  // uint8 [files, 3, S, S] of the validation episodes, and the mean accuracy of nearest centroids on features of them.
  at::Tensor ValidationImages() const;
  double ValidationAccuracy(const at::Tensor& features) const;
  // The training data for models.json: "cub:train with labels, 100 classes".
  std::string TrainingData() const;

  const TrainingOptions& options;
  std::unique_ptr<ImageSource> base;
  DatasetInfo dataset_info;
  int64_t image_size;
  EpisodeFile validation;
  int threads;
  c10::Device device;
  std::shared_ptr<ImageSource> validation_source;
  IndexedEpisodes indexed;
};

// Error(kBadInput): `what` ("a student") must not be selected on test episodes.
[[noreturn]] void FailOnTestEpisodes(const EpisodeFile& validation, const std::string& what);

// "complete", "would resume" or "would run".
std::string StateOf(const std::filesystem::path& result);

// Copies `file` of the result into the set in `models` as <role>-<key>.pt, then makes models.json name it with `facts`:
// a reader sees the old model or the new one. The set is created if it does not exist. Returns the path of the file.
std::string InstallModel(const std::string& models, const std::string& role, const CompletedStage& result,
                         const std::string& file, Json facts);

}  // namespace tint
