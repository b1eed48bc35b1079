// Where the student's images come from, with the teacher's labels on them.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "tint/data/loader.h"
#include "tint/fewshot/distill.h"
#include "tint/stages/stage.h"
#include "tint/stages/stage_images.h"

namespace tint {

// Whether base images are among the sources.
bool UsesBase(const StageContext& context);
// The base images that the options ask for: all of them, or `base_images` drawn by the stream (seed, "distill/base",
// episode).
std::vector<NamedFile> ChooseBaseImages(const StageContext& context);

// The images of --synthetic-folder, by class of the task, the first `synthetic_images` of each.
LabeledFiles ListSyntheticFolder(const StageContext& context);

// Supports, base images and synthetic ones (of `generate`, or null: of --synthetic-folder), those of them that are
// there and have a weight. Soft labels are computed once and kept as pseudo_labels.safetensors {"base": [M, N],
// "synthetic": [M, N]}.
std::vector<DistillSource> GatherSources(const StageContext& context, const CompletedStage* generate,
                                         StageWriter& writer);

}  // namespace tint
