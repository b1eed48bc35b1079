// SPDX-License-Identifier: Apache-2.0
#include "pretrain_views.h"

#include <ATen/ATen.h>

#include "in_threads.h"
#include "tint/image/augment.h"
#include "tint/image/resize.h"

namespace tint::internal {
namespace {

struct Box {
  int64_t top, left, height, width;
};

// Of crop k; corners are whole numbers in [0, S - part), S - part itself excluded, as in the published code.
Box DrawBox(int64_t crop, int64_t side, RandomStream& stream) {
  const int64_t part = PartialSide(side), last = side - part - 1;
  const bool lower = crop == 1 || crop == 3, narrower = crop == 2 || crop == 3;
  Box box{0, 0, side, side};
  if (lower) box = {stream.Integer(0, last), box.left, part, box.width};
  if (narrower) box = {box.top, stream.Integer(0, last), box.height, part};
  return box;
}

at::Tensor CutAndResize(const at::Tensor& image, const Box& box) {
  const int64_t side = image.size(2);
  if (box.height == side && box.width == side) return image;
  const at::Tensor cut = image.narrow(2, box.top, box.height).narrow(3, box.left, box.width);
  return ResizeBilinear(cut.to(at::kFloat), side, side).round().clamp(0, 255).to(at::kByte);
}

}  // namespace

int64_t PartialSide(int64_t side) { return side == 32 ? 22 : side * 2 / 3; }

at::Tensor MakeViews(const at::Tensor& images, const AugmentationOptions& options, std::vector<RandomStream>& streams) {
  const int64_t side = images.size(2);
  const AugmentOptions crop_alone = {options.CropPadding(side), 0, 0};
  const AugmentOptions colour = {0, options.color_jitter, options.flip_probability};
  const at::Tensor whole = Augment(images, crop_alone, streams);
  std::vector<at::Tensor> views;
  for (int64_t crop = 0; crop < kCrops; ++crop) {
    std::vector<at::Tensor> cut;
    for (int64_t b = 0; b < images.size(0); ++b)
      cut.push_back(CutAndResize(whole.narrow(0, b, 1), DrawBox(crop, side, streams[static_cast<size_t>(b)])));
    const at::Tensor view = Augment(at::cat(cut), colour, streams);
    for (int64_t turns = 0; turns < kRotations; ++turns) views.push_back(at::rot90(view, turns, {2, 3}));
  }
  return at::cat(views);
}

at::Tensor MakeViewsInThreads(const at::Tensor& images, const AugmentationOptions& options,
                              const std::vector<RandomStream>& streams, int threads) {
  // Of each part by view, so that parts join within the views.
  const auto views_of = [&](const at::Tensor& part, std::vector<RandomStream>& own) {
    return MakeViews(part, options, own).unflatten(0, {kViews, part.size(0)});
  };
  return MapInThreads(images, streams, threads, 1, 1, views_of).flatten(0, 1);
}

}  // namespace tint::internal
