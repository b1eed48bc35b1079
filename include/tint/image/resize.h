// SPDX-License-Identifier: Apache-2.0
// Resizing, with the rule in the name. All take and return float [B, 3, H, W] (any number of channels), align_corners =
// false.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "tint/options/enum_names.h"

namespace tint {

// Plain bilinear interpolation, no antialias: torch.nn.functional.interpolate(mode="bilinear").
at::Tensor ResizeBilinear(const at::Tensor& images, int64_t height, int64_t width);

// Bilinear with antialias when reducing: interpolate(mode="bilinear", antialias=True).
at::Tensor ResizeBilinearAntialias(const at::Tensor& images, int64_t height, int64_t width);

// A photo as a square. kCrop: its largest centred square; kPad: continued by its border values to the longer side,
// evenly on both sides; kStretch: bilinear (antialiased where it reduces) to the shorter side.
enum class SquareRule { kCrop, kPad, kStretch };
template <>
struct EnumNames<SquareRule> {
  static constexpr EnumName<SquareRule> kNames[] = {
      {SquareRule::kCrop, "crop"}, {SquareRule::kPad, "pad"}, {SquareRule::kStretch, "stretch"}};
};

at::Tensor MakeSquare(const at::Tensor& images, SquareRule rule);  // [B, C, H, W]

// Largest centred square of [..., H, W].
at::Tensor CentreSquare(const at::Tensor& images);

}  // namespace tint
