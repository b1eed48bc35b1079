// SPDX-License-Identifier: Apache-2.0
// Where the student's images come from, with the teacher's labels on them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "stages.h"
#include "tint/data/loader.h"
#include "tint/fewshot/distill.h"
#include "tint/fewshot/labeller.h"
#include "tint/stages/stage_images.h"
#include "tint/tensor/safetensors.h"

namespace tint {

// Whether base images are among the sources.
bool UsesBase(const DistillOptions& options, const TrainingSources& sources);
// Whether labels are made from the features of the model set's teacher.
bool LabelsByTeacher(const DistillOptions& options, const TrainingSources& sources);

// The base images that the options ask for: all of them, or `base_images` drawn by the stream (seed, "distill/base",
// episode_idx).
std::vector<NamedFile> ChooseBaseImages(const DistillOptions& options, const TrainingSources& sources, uint64_t seed,
                                        uint64_t episode_idx);

// The images of --synthetic-folder, by class of the task, the first `wanted` of each; 0: all.
LabeledFiles ListSyntheticFolder(const ImageSource& synthetic, const Task& task, int64_t wanted);

// The sources of a distillation.
class SourceGatherer {
 public:
  SourceGatherer(const DistillInputs& inputs, const RunEpisode& episode, const RunSettings& settings,
                 const ModelSet& models)
      : inputs_(inputs), options_(inputs.options), episode_(episode), settings_(settings), models_(models) {}

  // Supports, base images and synthetic ones (of `generate`, or null: of --synthetic-folder): those that exist and have
  // a weight. Soft labels are computed once and kept in the result.
  std::vector<DistillSource> Gather(const CompletedStage* generate, StageWriter& writer) const;

 private:
  struct LabeledImages {
    at::Tensor images;  // uint8 [M, 3, S, S]
    at::Tensor labels;  // int64 [M]
  };
  LabeledImages LoadLabeled(const ImageSource& source, const LabeledFiles& files) const;
  LabeledImages LoadGenerated(const CompletedStage& generate) const;
  LabeledImages LoadSynthetic(const CompletedStage* generate) const;
  FeatureExtractor StudentExtractor() const;
  std::unique_ptr<Labeller> MakeLabeller(PseudoLabels kind) const;
  NamedTensors PseudoLabelSources(const LabeledImages& support, const std::map<std::string, at::Tensor>& images,
                                  const std::vector<NamedFile>& base_files, StageWriter& writer) const;

  const DistillInputs& inputs_;
  const DistillOptions& options_;
  const RunEpisode& episode_;
  const RunSettings& settings_;
  const ModelSet& models_;
};

}  // namespace tint
