// SPDX-License-Identifier: Apache-2.0
#include "tint/image/resize.h"

#include <ATen/ops/_upsample_bilinear2d_aa.h>
#include <ATen/ops/replication_pad2d.h>
#include <ATen/ops/upsample_bilinear2d.h>

#include <algorithm>

#include "tint/base/error.h"
#include "tint/tensor/checks.h"

namespace tint {
namespace {

void CheckImages(const at::Tensor& images, int64_t height, int64_t width) {
  CheckShape(images, {-1, -1, -1, -1}, "images");
  TINT_CHECK(images.is_floating_point()) << DescribeTensor(images);
  TINT_CHECK_GT(height, 0);
  TINT_CHECK_GT(width, 0);
}

}  // namespace

at::Tensor ResizeBilinear(const at::Tensor& images, int64_t height, int64_t width) {
  CheckImages(images, height, width);
  return at::upsample_bilinear2d(images, {height, width}, /*align_corners=*/false);
}

at::Tensor ResizeBilinearAntialias(const at::Tensor& images, int64_t height, int64_t width) {
  CheckImages(images, height, width);
  return at::_upsample_bilinear2d_aa(images, {height, width}, /*align_corners=*/false);
}

at::Tensor MakeSquare(const at::Tensor& images, SquareRule rule) {
  const int64_t height = images.size(-2), width = images.size(-1);
  if (rule == SquareRule::kCrop) return CentreSquare(images);
  if (rule == SquareRule::kStretch) {
    const int64_t side = std::min(height, width);
    return ResizeBilinearAntialias(images, side, side);
  }
  const int64_t side = std::max(height, width), left = (side - width) / 2, top = (side - height) / 2;
  return at::replication_pad2d(images, {left, side - width - left, top, side - height - top});
}

at::Tensor CentreSquare(const at::Tensor& images) {
  TINT_CHECK_GE(images.dim(), 2);
  const int64_t height = images.size(-2), width = images.size(-1), side = std::min(height, width);
  return images.narrow(-2, (height - side) / 2, side).narrow(-1, (width - side) / 2, side);
}

}  // namespace tint
