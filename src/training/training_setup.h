// What pretrain student and pretrain teacher do alike: the images they train and validate on, where the work lies,
// and the way of what came out into a model set.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tint/analysis/method_scores.h"
#include "tint/artifacts/stage_folder.h"
#include "tint/data/episode.h"
#include "tint/tensor/safetensors.h"
#include "tint/training/training_options.h"

namespace tint {

// Opened from the options; everything that can be wrong with them is found here, before the first image is decoded.
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
  // What a model trained on it has seen, as models.json tells it: "cub:train with labels, 100 classes".
  std::string TrainingData() const;

  const TrainingOptions& options;
  std::unique_ptr<ImageSource> base;
  DatasetInfo facts;
  int64_t image_size;
  EpisodeFile validation;
  int threads;
  c10::Device device;
  std::shared_ptr<ImageSource> validation_source;
  IndexedEpisodes indexed;
};

// What was chosen on test episodes has seen them: Error(kBadInput); `what`: "a student".
[[noreturn]] void FailOnTestEpisodes(const EpisodeFile& validation, const std::string& what);

// "complete", "would go on" or "would run".
std::string StateOf(const std::filesystem::path& result);

// Numbers of any count, also none, as a tensor of a checkpoint.
void AddNumbers(const std::string& name, const std::vector<double>& numbers, NamedTensors* tensors);
std::vector<double> ReadNumbers(const std::string& name, const NamedTensors& tensors);

// Copies `file` of the result into the set in `models` as <role>-<key>.pt, then makes models.json name it with `facts`:
// a reader sees the old model or the new one. The set is made if it is not there. Gives the file's path.
std::string InstallModel(const std::string& models, const std::string& role, const CompletedStage& result,
                         const std::string& file, Json facts);

}  // namespace tint
