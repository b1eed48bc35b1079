// SPDX-License-Identifier: Apache-2.0
#include "tint/models/tiles.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tensor_matchers.h"
#include "tiny_modules.h"

namespace tint {
namespace {

using testing::MakeModule;
using testing::TensorEquals;
using testing::TensorNear;

// Blurs by a cross of two pixels each way, then repeats pixels twice: it sees two pixels far.
Upscaler BlurringUpscaler() {
  at::manual_seed(1);
  return Upscaler(MakeModule("def forward(self, x: Tensor) -> Tensor:\n"
                             "  y = torch.conv2d(x, self.weight, None, 1, 2, 1, 3)\n"
                             "  return torch.repeat_interleave(torch.repeat_interleave(y, 2, 2), 2, 3)\n",
                             {{"weight", at::rand({3, 1, 5, 5}) / 25}}),
                  2);
}

class Tiles : public ::testing::TestWithParam<std::pair<int64_t, int64_t>> {};  // tile, overlap

TEST_P(Tiles, EqualTheWholeWhereTheUpscalerSeesNoFartherThanTheOverlap) {
  const Upscaler upscaler = BlurringUpscaler();
  const at::Tensor images = at::rand({2, 3, 21, 34});
  const auto [tile, overlap] = GetParam();
  EXPECT_THAT(EnlargeInTiles(upscaler, images, tile, overlap), TensorNear(upscaler.Enlarge(images), 1e-6));
}

INSTANTIATE_TEST_SUITE_P(Sizes, Tiles,
                         ::testing::Values(std::pair{1, 2}, std::pair{7, 2}, std::pair{8, 5}, std::pair{16, 2},
                                           std::pair{64, 0}));

TEST(TilesAlone, ShowTheirSeamsWithoutOverlap) {
  const Upscaler upscaler = BlurringUpscaler();
  const at::Tensor images = at::rand({1, 3, 16, 16});
  const at::Tensor error = (EnlargeInTiles(upscaler, images, 8, 0) - upscaler.Enlarge(images)).abs();
  EXPECT_GT(error.narrow(3, 15, 2).max().item<float>(), 0.01F);                   // at the seam
  EXPECT_LT(error.narrow(3, 0, 10).narrow(2, 0, 10).max().item<float>(), 1e-6F);  // far from it
}

TEST(TilesAlone, AreCroppedWhereTheModuleNeedsMultiples) {
  const Upscaler upscaler(testing::TinyUpscaler(4), 4, 16);
  const at::Tensor images = at::rand({1, 3, 40, 50});
  EXPECT_THAT(EnlargeInTiles(upscaler, images, 16, 3), TensorEquals(upscaler.Enlarge(images)));
}

}  // namespace
}  // namespace tint
