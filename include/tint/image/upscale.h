// SPDX-License-Identifier: Apache-2.0
// Enlarging a photo to the diffusion model's image size. Paper section 3.1; docs/method.md, Super-resolution.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <functional>

#include "tint/image/resize.h"

namespace tint {

struct UpscaleOptions {
  SquareRule square = SquareRule::kCrop;
  int64_t pre_size = 96;    // side before the upscaler, in pixels
  int64_t post_size = 512;  // side of the result, in pixels
  bool antialias = true;    // of both resizes where they reduce
};

// The upscaler: [1, 3, s, s] in [0, 1] -> [1, 3, f s, f s].
using Enlarge = std::function<at::Tensor(const at::Tensor& image)>;

// uint8 [3, H, W] -> square -> pre_size -> `enlarge` -> post_size; an empty `enlarge` leaves out the two steps in the
// middle. Computed on `device`; float32 [1, 3, S, S] on the CPU. A pre_size that does not reduce is plain bilinear. An
// enlarged image that is not finite: Error(kInternal).
at::Tensor UpscalePhoto(const at::Tensor& pixels, const UpscaleOptions& options, const c10::Device& device,
                        const Enlarge& enlarge);

// Side of the square that the rule makes of height x width pixels.
int64_t SquareSide(int64_t height, int64_t width, SquareRule rule);

}  // namespace tint
