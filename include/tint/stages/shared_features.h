// SPDX-License-Identifier: Apache-2.0
// Features of the base images, computed once for a run: all its episodes read them.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "tint/artifacts/run_folder.h"
#include "tint/data/loader.h"
#include "tint/fewshot/labeller.h"
#include "tint/stages/run_settings.h"

namespace tint {

// Features float32 [M, D] of `images`, the images of `files` in the base source, from RUN/shared/features/<key>/, or
// computed and stored there in parts of 2,048 images from which a stopped run resumes. One worker computes; others wait
// for it.
at::Tensor SharedFeatures(const RunFolder& run, const RunSettings& settings, const FeatureExtractor& extractor,
                          const ImageSource& base, const std::vector<NamedFile>& files, const at::Tensor& images);

}  // namespace tint
