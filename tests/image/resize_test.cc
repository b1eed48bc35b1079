// SPDX-License-Identifier: Apache-2.0
#include "tint/image/resize.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "files.h"
#include "tensor_matchers.h"
#include "tint/image/psnr.h"

namespace tint::testing {
namespace {

// [1, 2, 3, 4]: 64ths, so exact in float32.
at::Tensor Input() { return (((at::arange(24, at::kLong) * 37 + 5) % 64).to(at::kFloat) / 64.0).reshape({1, 2, 3, 4}); }

at::Tensor Expected(const std::vector<double>& values, int64_t height, int64_t width) {
  return at::tensor(values, at::kDouble).to(at::kFloat).reshape({1, 2, height, width});
}

// Values of both tests: torch.nn.functional.interpolate(x, size, mode="bilinear", align_corners=False, antialias=...)
// of PyTorch 2.11.0 in Python, x as Input().
TEST(ResizeBilinear, EqualsPyTorch) {
  EXPECT_THAT(ResizeBilinear(Input(), 2, 3),
              TensorNear(Expected({0.2526041567325592, 0.5234375, 0.5859376192092896, 0.5963541865348816, 0.6171875,
                                   0.4296874403953552, 0.1901041716337204, 0.4609375, 0.5234375, 0.5338541865348816,
                                   0.5546875, 0.3671874403953552},
                                  2, 3),
                         1e-6));
  EXPECT_THAT(
      ResizeBilinear(Input(), 5, 2),
      TensorNear(Expected({0.3671875, 0.5234375,         0.4921875298023224, 0.44843748211860657, 0.6796875,
                           0.3359375, 0.567187488079071, 0.5234375596046448, 0.4921875298023224,  0.6484374403953552,
                           0.3046875, 0.4609375,         0.4296875298023224, 0.38593748211860657, 0.6171875,
                           0.2734375, 0.504687488079071, 0.4609375596046448, 0.4296874701976776,  0.5859375},
                          5, 2),
                 1e-6));
}

TEST(ResizeBilinearAntialias, EqualsPyTorch) {
  EXPECT_THAT(ResizeBilinearAntialias(Input(), 2, 3),
              TensorNear(Expected({0.36875003576278687, 0.5625, 0.49375003576278687, 0.5718750357627869, 0.640625,
                                   0.4468749761581421, 0.30625003576278687, 0.5, 0.43125003576278687,
                                   0.5093750357627869, 0.578125, 0.3843749761581421},
                                  2, 3),
                         1e-6));
  EXPECT_THAT(ResizeBilinearAntialias(Input(), 5, 2),
              TensorNear(Expected({0.3482142686843872, 0.5424107313156128,  0.4732142984867096, 0.49598217010498047,
                                   0.6607142686843872, 0.4263392984867096,  0.5910714268684387, 0.5281250476837158,
                                   0.5446428656578064, 0.5959821939468384,  0.2857142984867096, 0.4799107313156128,
                                   0.4107142984867096, 0.43348217010498047, 0.5982142686843872, 0.3638392984867096,
                                   0.5285714268684387, 0.46562501788139343, 0.4821428656578064, 0.5334821343421936},
                                  5, 2),
                         1e-6));
}

TEST(BothResizings, ReturnTheRequestedSizeAndKeepPlainImages) {
  for (const auto resize : {ResizeBilinear, ResizeBilinearAntialias}) {
    EXPECT_THAT(resize(Input(), 3, 4), TensorEquals(Input()));
    EXPECT_THAT(resize(at::full({2, 3, 9, 7}, 0.25), 5, 11), TensorNear(at::full({2, 3, 5, 11}, 0.25), 1e-6));
  }
}

TEST(BothResizings, AgreeWhenEnlarging) {
  EXPECT_THAT(ResizeBilinear(Input(), 6, 9), TensorNear(ResizeBilinearAntialias(Input(), 6, 9), 1e-6));
}

// Reducing stripes of one pixel by four: with antialias they become grey; without, single pixels are taken.
TEST(BothResizings, DifferWhenReducing) {
  const at::Tensor stripes = (at::arange(64, at::kLong) % 2).to(at::kFloat).expand({1, 1, 64, 64}).contiguous();
  const at::Tensor inner = ResizeBilinearAntialias(stripes, 16, 16).narrow(3, 1, 14);
  EXPECT_THAT(inner, TensorNear(at::full({1, 1, 16, 14}, 0.5), 1e-6));
  const at::Tensor fine = (at::arange(64, at::kLong) % 4 == 1).to(at::kFloat).expand({1, 1, 64, 64}).contiguous();
  EXPECT_THAT(ResizeBilinear(fine, 16, 16), TensorNear(at::full({1, 1, 16, 16}, 0.5), 1e-6));
  EXPECT_THAT(ResizeBilinearAntialias(fine, 16, 16).narrow(3, 1, 14), TensorNear(at::full({1, 1, 16, 14}, 0.25), 0.07));
}

TEST(BothResizings, RefuseBytesAndOtherShapes) {
  using ::testing::HasSubstr;
  for (const auto resize : {ResizeBilinear, ResizeBilinearAntialias}) {
    EXPECT_THAT(CatchError([&] {
                  resize(at::zeros({1, 3, 4, 4}, at::kByte), 2, 2);
                }),
                FailsWith(ExitCode::kInternal, HasSubstr("uint8")));
    EXPECT_THAT(CatchError([&] {
                  resize(at::zeros({3, 4, 4}), 2, 2);
                }),
                FailsWith(ExitCode::kInternal, HasSubstr("[3, 4, 4]")));
    EXPECT_EQ(CatchError([&] { resize(at::zeros({1, 3, 4, 4}), 0, 2); }).code(), ExitCode::kInternal);
  }
}

TEST(CentreSquare, IsTheMiddle) {
  const at::Tensor wide = at::arange(21, at::kLong).reshape({3, 7});
  EXPECT_THAT(CentreSquare(wide), TensorEquals(wide.narrow(1, 2, 3)));
  EXPECT_THAT(CentreSquare(wide.t()), TensorEquals(wide.t().narrow(0, 2, 3)));
  const at::Tensor even = at::arange(2 * 3 * 4 * 7, at::kLong).reshape({2, 3, 4, 7});
  EXPECT_THAT(CentreSquare(even), TensorEquals(even.narrow(3, 1, 4)));  // the odd column is lost on the right
  EXPECT_THAT(CentreSquare(CentreSquare(even)), TensorEquals(CentreSquare(even)));
}

TEST(MakeSquare, CropsPadsOrStretches) {
  const at::Tensor wide = at::arange(3 * 5, at::kFloat).reshape({1, 1, 3, 5});
  EXPECT_THAT(MakeSquare(wide, SquareRule::kCrop), TensorEquals(wide.narrow(3, 1, 3).contiguous()));
  const at::Tensor padded = MakeSquare(wide, SquareRule::kPad);
  ASSERT_EQ(padded.sizes(), at::IntArrayRef({1, 1, 5, 5}));
  EXPECT_THAT(padded.narrow(2, 1, 3).contiguous(), TensorEquals(wide));
  EXPECT_THAT(padded.select(2, 0).contiguous(), TensorEquals(wide.select(2, 0).contiguous()));
  EXPECT_THAT(padded.select(2, 4).contiguous(), TensorEquals(wide.select(2, 2).contiguous()));
  EXPECT_THAT(MakeSquare(wide, SquareRule::kStretch), TensorEquals(ResizeBilinearAntialias(wide, 3, 3)));
  const at::Tensor square = at::rand({1, 3, 4, 4});
  for (const SquareRule rule : {SquareRule::kCrop, SquareRule::kPad, SquareRule::kStretch})
    EXPECT_THAT(MakeSquare(square, rule), TensorNear(square, 1e-6)) << ToString(rule);
}

// An error of 0.1 everywhere is 20 dB.
TEST(Psnr, OfAKnownErrorAndOfNone) {
  const at::Tensor image = at::rand({3, 8, 8}) * 0.9;
  EXPECT_NEAR(Psnr(image, image + 0.1), 20, 1e-4);
  EXPECT_EQ(Psnr(image, image), 100);
}

}  // namespace
}  // namespace tint::testing
