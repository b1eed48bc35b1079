// SPDX-License-Identifier: Apache-2.0
// What several stages do with the photos of the run.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "tint/artifacts/completed_stage.h"
#include "tint/data/loader.h"
#include "tint/models/model_set.h"
#include "tint/stages/options.h"
#include "tint/stages/run_episode.h"

namespace tint {

// Photos with the index of their class in the task.
struct LabeledFiles {
  std::vector<NamedFile> files;
  std::vector<int64_t> labels;
};
LabeledFiles SupportFiles(const Task& task);
LabeledFiles QueryFiles(const Task& task);

// The upscaled photos of a class: [K, 3, S, S] in [0, 1], float32 on the CPU.
at::Tensor ReadUpscaled(const RunEpisode& episode, const CompletedStage& super_resolve, int64_t class_idx);

// The scaled latents of those, [K, C, h, w], encoded one photo at a time (a latent does not depend on its neighbours)
// on `device`; the result is on the CPU.
at::Tensor EncodeUpscaled(const RunEpisode& episode, const CompletedStage& super_resolve,
                          const Autoencoder& autoencoder, const c10::Device& device, int64_t class_idx);

// Side of the images that the diffusion model works on.
int64_t ModelImageSize(const SuperResolveOptions& options, const ModelSet& models);

}  // namespace tint
