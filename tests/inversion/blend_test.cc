// SPDX-License-Identifier: Apache-2.0
#include "tint/inversion/blend.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "tensor_matchers.h"

namespace tint {
namespace {

using ::testing::Not;
using tint::testing::TensorEquals;
using tint::testing::TensorNear;

at::Tensor Scale(const at::Tensor& latents) { return latents.square().mean({1, 2, 3}).sqrt(); }

class Blend : public ::testing::Test {
 protected:
  // Each image has another scale: eq. 4 holds for each alone.
  const at::Tensor scales_ = at::tensor({0.1, 1.0, 7.0}, at::kDouble).reshape({3, 1, 1, 1});
  const at::Tensor inverted_ = at::randn({3, 4, 8, 8}, at::kDouble) * scales_;
  const at::Tensor noise_ = at::randn({3, 4, 8, 8}, at::kDouble);
};

TEST_F(Blend, OfNothingIsThePhoto) { EXPECT_THAT(BlendLatents(inverted_, noise_, 0), TensorEquals(inverted_)); }

TEST_F(Blend, OfOneIsTheNoise) { EXPECT_THAT(BlendLatents(inverted_, noise_, 1), TensorEquals(noise_)); }

TEST_F(Blend, KeepsTheBlendedScale) {
  for (const double alpha : {0.01, 0.3, 0.5, 0.99}) {
    const at::Tensor target = (1 - alpha) * Scale(inverted_) + alpha * Scale(noise_);
    EXPECT_THAT(Scale(BlendLatents(inverted_, noise_, alpha)), TensorNear(target, 0, 1e-12));
  }
}

TEST_F(Blend, PointsBetweenPhotoAndNoise) {
  const at::Tensor blended = BlendLatents(inverted_, noise_, 0.3), plain = 0.7 * inverted_ + 0.3 * noise_;
  EXPECT_THAT(blended / Scale(blended).reshape({3, 1, 1, 1}),
              TensorNear(plain / Scale(plain).reshape({3, 1, 1, 1}), 1e-12));
}

// Near its ends the formula reaches what the ends are, so the shortcuts there are no other mathematics.
TEST_F(Blend, IsContinuousAtItsEnds) {
  EXPECT_THAT(BlendLatents(inverted_, noise_, 1e-12), TensorNear(inverted_, 1e-10));
  EXPECT_THAT(BlendLatents(inverted_, noise_, 1 - 1e-12), TensorNear(noise_, 1e-10));
}

TEST_F(Blend, DoesNotDependOnTheBatch) {
  const at::Tensor together = BlendLatents(inverted_, noise_, 0.4);
  for (int64_t b = 0; b < 3; ++b)
    EXPECT_THAT(BlendLatents(inverted_.narrow(0, b, 1), noise_.narrow(0, b, 1), 0.4),
                TensorEquals(together.narrow(0, b, 1)));
}

// What KeepsTheBlendedScale and PointsBetweenPhotoAndNoise assert does not hold of the photo left as it was, nor of
// eq. 3 without eq. 4.
TEST_F(Blend, APhotoThatIsNotBlendedWouldBeNoticed) {
  const double alpha = 0.3;
  const at::Tensor plain = (1 - alpha) * inverted_ + alpha * noise_;
  const at::Tensor target = (1 - alpha) * Scale(inverted_) + alpha * Scale(noise_);
  EXPECT_THAT(Scale(inverted_), Not(TensorNear(target, 0, 1e-12)));
  EXPECT_THAT(Scale(plain), Not(TensorNear(target, 0, 1e-12)));
  EXPECT_THAT(inverted_ / Scale(inverted_).reshape({3, 1, 1, 1}),
              Not(TensorNear(plain / Scale(plain).reshape({3, 1, 1, 1}), 1e-12)));
  EXPECT_THAT(BlendLatents(inverted_, noise_, alpha), Not(TensorNear(inverted_, 0.01)));
}

}  // namespace
}  // namespace tint
