// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>

#include "tint/data/task.h"
#include "tint/inversion/null_text.h"
#include "tint/models/model_set.h"

namespace tint {

// Photos of a class that were inverted elsewhere (scripts/convert_embedding.py writes such files from the published
// program's specialization.pth).
struct ImportedInversion {
  at::Tensor latents;        // [K, C, h, w] float32: the noise ends
  at::Tensor unconditional;  // [K, N, L, F] float32
  std::string file_sha256;
};

// The files of --inverted, by class; empty without it. Error(kBadConfiguration) where a class has no file, where the
// file's timesteps are not those of the run, or its number of photos is not the task's; Error(kBadInput) for files of
// another format, or of another model's shapes.
std::map<int64_t, ImportedInversion> ReadImportedInversions(const NullTextOptions& options, const Task& task,
                                                            const ModelSet& models);

}  // namespace tint
