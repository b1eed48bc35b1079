// Peak signal-to-noise ratio: how near a reconstruction is to its image.
#pragma once

#include <ATen/core/Tensor.h>

namespace tint {

// 10 log10(1 / mean((a - b)^2)) in dB for images in [0, 1] of equal shape; 100 where they are equal or nearer than
// that.
double Psnr(const at::Tensor& a, const at::Tensor& b);

}  // namespace tint
