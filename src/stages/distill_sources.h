// Where the student's pictures come from, with the teacher's labels on them.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "tint/data/loader.h"
#include "tint/fewshot/distill.h"
#include "tint/stages/stage.h"

namespace tint {

// The base images that the options ask for: all of them, or `base_images` drawn by the stream (seed, "distill/base",
// episode).
std::vector<NamedFile> ChooseBaseImages(const StageContext& context);

// Support, base (if any) and synthetic pictures, the last two with teacher logits computed once and kept as
// pseudo_labels.safetensors {"base": [M, N], "synthetic": [M, N]}.
std::vector<DistillSource> GatherSources(const StageContext& context, const CompletedStage& generate,
                                         StageWriter& writer);

}  // namespace tint
