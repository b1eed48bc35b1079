// SPDX-License-Identifier: Apache-2.0
// The six stages, each made with its own options and those of other stages that change its result. All references
// outlive the stage.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "student_init.h"
#include "tint/artifacts/run_folder.h"
#include "tint/stages/options.h"
#include "tint/stages/stage.h"
#include "tint/stages/stage_inputs.h"

namespace tint {

std::unique_ptr<Stage> MakeSuperResolveStage(const SuperResolveOptions& options, const RunEpisode& episode,
                                             const RunSettings& settings, const ModelSet& models);

struct TextualInversionInputs {
  const TextualInversionOptions& options;
  const NullTextOptions& inversion;          // exact timesteps and previews: the sampler's steps
  const SuperResolveOptions& super_resolve;  // previews: the side of the images
  double preview_guidance;
};
std::unique_ptr<Stage> MakeTextualInversionStage(const TextualInversionInputs& inputs, const RunEpisode& episode,
                                                 const RunSettings& settings, const ModelSet& models);

// `words`: the prompt.
std::unique_ptr<Stage> MakeNullTextInversionStage(const NullTextOptions& options, const TextualInversionOptions& words,
                                                  const RunEpisode& episode, const RunSettings& settings,
                                                  const ModelSet& models);

struct GenerateInputs {
  const GenerateOptions& options;
  const NullTextOptions& inversion;          // its timesteps
  const TextualInversionOptions& words;      // the prompt
  const SuperResolveOptions& super_resolve;  // estimate: the side of the originals
};
std::unique_ptr<Stage> MakeGenerateStage(const GenerateInputs& inputs, const RunEpisode& episode,
                                         const RunSettings& settings, const ModelSet& models);

struct DistillInputs {
  const DistillOptions& options;
  const StudentChoice student;
  const TrainingSources& sources;
  const RunFolder& run;      // features of base images are shared by its episodes
  int64_t generated_images;  // estimate: of each class
};
// Whether the student learns from images that the pipeline generates: else no stage before distill has work to do.
bool UsesGenerated(const DistillOptions& options, const TrainingSources& sources);
std::unique_ptr<Stage> MakeDistillStage(const DistillInputs& inputs, const RunEpisode& episode,
                                        const RunSettings& settings, const ModelSet& models);

struct EvaluateInputs {
  const EvaluateOptions& options;
  int64_t queries_per_class;
  const StudentChoice student;
  const TrainingSources& sources;
  const RunFolder& run;             // hashes of base images are shared by its episodes
  std::vector<std::string> stages;  // that the result depends on, in order
  std::vector<std::string> models;  // roles that those stages open
};
std::unique_ptr<Stage> MakeEvaluateStage(const EvaluateInputs& inputs, const RunEpisode& episode,
                                         const RunSettings& settings, const ModelSet& models);

}  // namespace tint
