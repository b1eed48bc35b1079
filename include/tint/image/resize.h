// Resizing, the rule in the name. All take and give float [B, 3, H, W] (any number of channels), align_corners = false.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

namespace tint {

// Plain bilinear interpolation, no antialias: torch.nn.functional.interpolate(mode="bilinear").
at::Tensor ResizeBilinear(const at::Tensor& images, int64_t height, int64_t width);

// Bilinear with antialias when reducing: interpolate(mode="bilinear", antialias=True).
at::Tensor ResizeBilinearAntialias(const at::Tensor& images, int64_t height, int64_t width);

// A photo as a square: "crop": its largest centred square; "pad": continued by its border values to the longer side,
// evenly on both sides; "stretch": bilinear (antialiased where it reduces) to the shorter side. [B, C, H, W].
at::Tensor MakeSquare(const at::Tensor& images, const std::string& rule);

// Largest centred square of [..., H, W].
at::Tensor CentreSquare(const at::Tensor& images);

}  // namespace tint
