// SPDX-License-Identifier: Apache-2.0
// What all episodes of a run share about the base images, in RUN/shared/:
//
//   features/<key>/features-0.safetensors   "features" float32 [2048, D] of a backbone: images 0 to 2,047 in the base
//                                           images' order; features-1 of the next 2,048, the last of the rest
//   pixels/<key>/pixels.txt                 SHA-256 of each image's pixels, a line each, in the same order
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tint/artifacts/completed_stage.h"
#include "tint/artifacts/stage_writer.h"

namespace tint {

inline constexpr int64_t kFeaturesPerFile = 2048;

// `first`: index of the part's first image, a multiple of kFeaturesPerFile.
bool HasBaseFeatures(const StageWriter& writer, int64_t first);
void WriteBaseFeatures(const at::Tensor& features, int64_t first, StageWriter& writer);
// [images, D], all parts.
at::Tensor ReadBaseFeatures(const CompletedStage& features, int64_t images);

void WriteBasePixels(const std::vector<std::string>& sha256_of_pixels, StageWriter& writer);
std::vector<std::string> ReadBasePixels(const CompletedStage& pixels, size_t images);

}  // namespace tint
