// SPDX-License-Identifier: Apache-2.0
// The leakage checks on an episode of a run (fewshot/leakage.h). Run by evaluate, since no earlier stage may open a
// query.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "tint/artifacts/run_folder.h"
#include "tint/fewshot/leakage.h"
#include "tint/models/model_set.h"
#include "tint/stages/run_settings.h"
#include "tint/stages/stage_inputs.h"

namespace tint {

// Supports, base images and images of --synthetic-folder share no pixels with the queries, and base images none with
// the supports: else Error(kBadInput). The base's hashes are stored in RUN/shared/pixels/<key>/ for all episodes.
void CheckPixels(const ImageHashes& support, const ImageHashes& queries, const TrainingSources& sources,
                 const RunFolder& run);

// float32 [supports, queries], of the teacher's features.
at::Tensor TeacherCosines(const RunEpisode& episode, const RunSettings& settings, const ModelSet& models,
                          const std::vector<NamedFile>& queries);

}  // namespace tint
