// SPDX-License-Identifier: Apache-2.0
// Peak signal-to-noise ratio: how close a reconstruction is to its image.
#pragma once

#include <ATen/core/Tensor.h>

namespace tint {

// 10 log10(1 / mean((a - b)^2)) in dB for images in [0, 1] of equal shape; at most 100, the value of
// equal images.
double Psnr(const at::Tensor& a, const at::Tensor& b);

}  // namespace tint
