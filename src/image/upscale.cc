// SPDX-License-Identifier: Apache-2.0
#include "tint/image/upscale.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "tint/image/pixels.h"
#include "tint/image/resize.h"
#include "tint/tensor/checks.h"

namespace tint {
namespace {

at::Tensor Resize(const at::Tensor& image, int64_t side, bool antialias) {
  return antialias ? ResizeBilinearAntialias(image, side, side) : ResizeBilinear(image, side, side);
}

}  // namespace

at::Tensor UpscalePhoto(const at::Tensor& pixels, const UpscaleOptions& options, const c10::Device& device,
                        const Enlarge& enlarge) {
  at::Tensor image = MakeSquare(ToUnitFloat(pixels).unsqueeze(0), options.square).to(device);
  if (enlarge) {
    image = enlarge(Resize(image, options.pre_size, options.antialias && image.size(2) > options.pre_size));
    CheckFinite(image, "the upscaler's image");
  }
  return Resize(image, options.post_size, options.antialias).cpu();
}

int64_t SquareSide(int64_t height, int64_t width, SquareRule rule) {
  return rule == SquareRule::kPad ? std::max(height, width) : std::min(height, width);
}

}  // namespace tint
