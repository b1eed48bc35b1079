// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "tint/fewshot/student_options.h"
#include "tint/tensor/random.h"

namespace tint::internal {

inline constexpr int64_t kCrops = 4, kRotations = 4, kViews = kCrops * kRotations;

// The 16 views of IER (arXiv 2103.01315) of uint8 [B, 3, S, S]: uint8 [16 B, 3, S, S], view m = 4 k + r in rows
// m B ... (m + 1) B - 1. One random crop of each image; of it k = 0: all, 1: two thirds of the height, 2: of the
// width, 3: of both, resized back (bilinear, rounded to bytes); then jitter and flip for each k; then rotations by r
// quarter turns to the left. Image b draws from streams[b].
at::Tensor MakeViews(const at::Tensor& images, const AugmentationOptions& options, std::vector<RandomStream>& streams);

// The same with the images divided among threads; the result does not depend on their number.
at::Tensor MakeViewsInThreads(const at::Tensor& images, const AugmentationOptions& options,
                              const std::vector<RandomStream>& streams, int threads);

// The part of the side that a partial crop keeps, in pixels: 56 of 84, 22 of 32.
int64_t PartialSide(int64_t side);

}  // namespace tint::internal
