// SPDX-License-Identifier: Apache-2.0
// The result of super-resolve: the support photos at the diffusion model's size.
//
//   <class>-00.png   photo 0 of the class in the task's order, RGB, S x S pixels
//   contact.png      contact_sheets.h: two rows for each class: the photos as they were given, and upscaled
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "tint/artifacts/completed_stage.h"

namespace tint {

std::string UpscaledPhotoFile(const std::string& stem, int64_t photo_idx);

// Photos 0 to `photos` - 1 of a class: float32 [photos, 3, S, S] in [0, 1] on the CPU.
at::Tensor ReadUpscaledPhotos(const CompletedStage& super_resolve, const std::string& stem, int64_t photos);

}  // namespace tint
