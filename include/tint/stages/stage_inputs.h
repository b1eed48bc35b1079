// SPDX-License-Identifier: Apache-2.0
// What a run opens before its stages work: faults of input come before hours of work.
#pragma once

#include <memory>
#include <string>

#include "tint/artifacts/run_folder.h"
#include "tint/models/model_set.h"
#include "tint/stages/options.h"
#include "tint/stages/run_episode.h"
#include "tint/stages/run_settings.h"

namespace tint {

// Images that the student learns from beside the supports; null: there are none.
struct TrainingSources {
  std::string base_name = "none";          // what --base resolved to: "miniimagenet:train", "none"
  std::shared_ptr<ImageSource> base;       // base images
  std::shared_ptr<ImageSource> synthetic;  // --synthetic-folder, in place of generated images
};

// Only the pipeline sees all of it: a stage takes its own options, the episode, the settings and the models.
struct StageInputs {
  // Checks run folder, model list, episode and sources: any error of theirs.
  explicit StageInputs(const RunOptions& options);

  RunOptions options;
  ModelSet models;
  RunEpisode episode;
  RunSettings settings;
  TrainingSources sources;
  RunFolder run;  // created by RunPipeline, once all inputs are complete
};

}  // namespace tint
