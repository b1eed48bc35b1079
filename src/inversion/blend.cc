// SPDX-License-Identifier: Apache-2.0
#include "tint/inversion/blend.h"

#include <ATen/ATen.h>

#include "tint/base/error.h"

namespace tint {
namespace {

// r(x) = sqrt(mean(x^2)) of each image: [B, 1, 1, 1].
at::Tensor RootMeanSquare(const at::Tensor& x) { return x.square().mean({1, 2, 3}, /*keepdim=*/true).sqrt(); }

}  // namespace

at::Tensor BlendLatents(const at::Tensor& inverted, const at::Tensor& noise, double alpha) {
  TINT_CHECK(inverted.sizes() == noise.sizes()) << "inverted latents and noise";
  TINT_CHECK(alpha >= 0 && alpha <= 1) << alpha;
  if (alpha == 0) return inverted;
  if (alpha == 1) return noise;
  const at::Tensor blended = (1 - alpha) * inverted + alpha * noise;                                 // eq. 3
  const at::Tensor target = (1 - alpha) * RootMeanSquare(inverted) + alpha * RootMeanSquare(noise);  // eq. 4
  return blended * (target / RootMeanSquare(blended));
}

}  // namespace tint
