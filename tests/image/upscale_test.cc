// SPDX-License-Identifier: Apache-2.0
#include "tint/image/upscale.h"

#include <ATen/ATen.h>

#include <limits>
#include <vector>

#include "prelude.h"
#include "tensor_matchers.h"
#include "tint/image/pixels.h"
#include "tint/image/resize.h"

namespace tint::testing {
namespace {

class Upscale : public ::testing::Test {
 protected:
  static at::Tensor Photo(int64_t height, int64_t width) {
    return (at::arange(3 * height * width) * 37 % 251).to(at::kByte).reshape({3, height, width});
  }
  static at::Tensor Square(const at::Tensor& photo, SquareRule rule) {
    return MakeSquare(ToUnitFloat(photo).unsqueeze(0), rule);
  }
  // Four times as large, and records the side that it was given.
  Enlarge Nearest() {
    return [this](const at::Tensor& image) {
      sides_.push_back(image.size(2));
      return image.repeat_interleave(4, 2).repeat_interleave(4, 3);
    };
  }

  const c10::Device cpu_{c10::kCPU};
  const UpscaleOptions options_{.square = SquareRule::kCrop, .pre_size = 12, .post_size = 40, .antialias = true};
  std::vector<int64_t> sides_;
};

TEST_F(Upscale, GoesThroughTheUpscalerAtPreSize) {
  const at::Tensor photo = Photo(20, 30);
  const at::Tensor small = ResizeBilinearAntialias(Square(photo, SquareRule::kCrop), 12, 12);
  const at::Tensor large = small.repeat_interleave(4, 2).repeat_interleave(4, 3);
  EXPECT_THAT(UpscalePhoto(photo, options_, cpu_, Nearest()), TensorEquals(ResizeBilinearAntialias(large, 40, 40)));
  EXPECT_THAT(sides_, ElementsAre(12));
}

TEST_F(Upscale, APhotoSmallerThanPreSizeIsResizedWithoutAntialias) {
  const at::Tensor photo = Photo(8, 8);
  const at::Tensor small = ResizeBilinear(Square(photo, SquareRule::kCrop), 12, 12);
  const at::Tensor large = small.repeat_interleave(4, 2).repeat_interleave(4, 3);
  EXPECT_THAT(UpscalePhoto(photo, options_, cpu_, Nearest()), TensorEquals(ResizeBilinearAntialias(large, 40, 40)));
}

TEST_F(Upscale, WithoutAnUpscalerTheSquareIsResizedToPostSize) {
  const at::Tensor photo = Photo(50, 70);
  for (const bool antialias : {true, false}) {
    UpscaleOptions options = options_;
    options.antialias = antialias;
    const at::Tensor square = Square(photo, SquareRule::kCrop);
    EXPECT_THAT(UpscalePhoto(photo, options, cpu_, {}),
                TensorEquals(antialias ? ResizeBilinearAntialias(square, 40, 40) : ResizeBilinear(square, 40, 40)));
  }
}

TEST_F(Upscale, TheRuleOfTheSquareIsTheOptions) {
  for (const SquareRule rule : {SquareRule::kCrop, SquareRule::kPad, SquareRule::kStretch}) {
    UpscaleOptions options = options_;
    options.square = rule;
    const at::Tensor photo = Photo(20, 30), square = Square(photo, rule);
    EXPECT_EQ(SquareSide(20, 30, rule), square.size(2)) << ToString(rule);
    EXPECT_THAT(UpscalePhoto(photo, options, cpu_, {}), TensorEquals(ResizeBilinearAntialias(square, 40, 40)))
        << ToString(rule);
  }
}

TEST_F(Upscale, AnImageThatIsNotFiniteIsRefused) {
  const auto broken = [](const at::Tensor& image) { return image * std::numeric_limits<float>::quiet_NaN(); };
  EXPECT_THAT(CatchError([&] { UpscalePhoto(Photo(20, 20), options_, cpu_, broken); }),
              FailsWith(ExitCode::kInternal, HasSubstr("the upscaler's image")));
}

}  // namespace
}  // namespace tint::testing
