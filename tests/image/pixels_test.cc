// SPDX-License-Identifier: Apache-2.0
#include "tint/image/pixels.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <bit>
#include <cmath>
#include <limits>

#include "encoders.h"
#include "tensor_matchers.h"
#include "tint/image/decode.h"

namespace tint::testing {
namespace {

TEST(ToBytes, UndoesToUnitFloatForEveryByte) {
  const at::Tensor bytes = at::arange(256, at::kLong).to(at::kByte).reshape({2, 1, 16, 8});
  EXPECT_THAT(ToBytes(ToUnitFloat(bytes)), TensorEquals(bytes));
  EXPECT_EQ(ToUnitFloat(bytes).scalar_type(), at::kFloat);
  EXPECT_FLOAT_EQ(ToUnitFloat(bytes).max().item<float>(), 1.0f);
}

TEST(ToBytes, RoundsAndClamps) {
  const double infinite = std::numeric_limits<double>::infinity();
  const at::Tensor unit =
      at::tensor({-infinite, -0.5, 0.49 / 255, 0.51 / 255, 127.5 / 255, 254.6 / 255, 1.2, infinite}, at::kDouble);
  EXPECT_THAT(ToBytes(unit), TensorEquals(at::tensor({0, 0, 0, 1, 128, 255, 255, 255}, at::kByte)));
}

int Distance(uint64_t a, uint64_t b) { return std::popcount(a ^ b); }

TEST(DifferenceHash, OfSlopesAndPlains) {
  const at::Tensor falling = at::arange(200, 0, -1, at::kLong).to(at::kByte).expand({3, 60, 200});
  EXPECT_EQ(DifferenceHash(falling), ~uint64_t{0});
  EXPECT_EQ(DifferenceHash(falling.flip(2)), 0u);
  // Boxes of 3 and of 4 columns: a plain image must not differ from itself by rounding.
  for (const int level : {0, 1, 7, 77, 254, 255})
    EXPECT_EQ(DifferenceHash(at::full({3, 31, 29}, level, at::kByte)), 0u);
  // Only the top row of boxes slopes: its bits are the highest.
  at::Tensor top = at::full({3, 80, 90}, 9, at::kByte);
  top.narrow(1, 0, 10).copy_(at::arange(90, 0, -1, at::kLong).to(at::kByte));
  EXPECT_EQ(DifferenceHash(top), 0xff00000000000000u);
}

// Smooth blobs, a different image for each seed.
at::Tensor Scene(int64_t seed, int64_t side) {
  return ToBytes(at::upsample_bicubic2d(ToUnitFloat(Noise(seed, 12, 12)).unsqueeze(0), {side, side}, false)[0]);
}

TEST(DifferenceHash, StaysNearUnderCompressionAndLightButNotForAnotherImage) {
  for (int64_t seed = 0; seed < 10; ++seed) {
    const at::Tensor scene = Scene(seed, 96);
    const uint64_t hash = DifferenceHash(scene);
    const DecodedImage lossy = DecodeImage(MakeJpeg({.samples = scene, .quality = 60}), "lossy");
    EXPECT_LE(Distance(hash, DifferenceHash(lossy.pixels)), 4);
    EXPECT_LE(Distance(hash, DifferenceHash((scene.to(at::kFloat) * 0.8).to(at::kByte))), 4);
    EXPECT_GT(Distance(hash, DifferenceHash(Scene(seed + 100, 96))), 10);
  }
}

}  // namespace
}  // namespace tint::testing
