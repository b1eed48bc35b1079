// SPDX-License-Identifier: Apache-2.0
// TINT's starting latents: an inverted photo blended with fresh noise, its scale kept. Paper section 3.2, eq. 3 and 4.
#pragma once

#include <ATen/core/Tensor.h>

namespace tint {

// l = (1 - alpha) z + alpha n;  r* = (1 - alpha) r(z) + alpha r(n);  l <- l r*/r(l), with r(x) = sqrt(mean(x^2)) per
// image. z, n: [B, C, h, w]; alpha in [0, 1]. alpha = 0 gives z, alpha = 1 gives n.
at::Tensor BlendLatents(const at::Tensor& inverted, const at::Tensor& noise, double alpha);

}  // namespace tint
