// SPDX-License-Identifier: Apache-2.0
#include "tint/image/augment.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <array>
#include <chrono>
#include <cmath>
#include <iostream>
#include <map>
#include <set>

#include "files.h"
#include "tensor_matchers.h"
#include "tint/base/sha256.h"

namespace tint::testing {
namespace {

// Value of channel c at (y, x): (37 (c H W + y W + x) + 11 c x + 5) mod 256.
at::Tensor Formula(int64_t height, int64_t width) {
  at::Tensor out = at::empty({3, height, width}, at::kByte);
  uint8_t* values = out.mutable_data_ptr<uint8_t>();
  for (int64_t i = 0; i < out.numel(); ++i)
    values[i] = static_cast<uint8_t>((37 * i + 11 * (i / (height * width)) * (i % width) + 5) % 256);
  return out;
}

at::Tensor Bytes(const std::vector<int64_t>& values) {
  return at::tensor(values, at::kLong).to(at::kByte).reshape({3, 3, 4});
}

std::string Hash(const at::Tensor& image) {
  return Sha256Hex(
      {reinterpret_cast<const char*>(image.const_data_ptr<uint8_t>()), static_cast<size_t>(image.numel())});
}

std::vector<RandomStream> Streams(int64_t count, uint64_t seed = 1) {
  std::vector<RandomStream> streams;
  for (int64_t b = 0; b < count; ++b)
    streams.emplace_back(StreamKey{.seed = seed, .stage = "augment-test", .index = static_cast<uint64_t>(b)});
  return streams;
}

constexpr AugmentOptions kNothing{.crop_padding = 0, .color_jitter = 0, .flip_probability = 0};

// Bytes and hashes of the five tests below: ImageEnhance.Brightness, Contrast and Color of Pillow 13.0.0, found equal
// to torchvision 0.26.0's adjust_brightness, adjust_contrast and adjust_saturation of the same PIL image; Formula(3,
// 4), and for the hashes (SHA-256 of the planes) Formula(61, 47).
TEST(AdjustBrightness, EqualsPil) {
  EXPECT_THAT(AdjustBrightness(Formula(3, 4), 0.6),
              TensorEquals(Bytes({3,   25,  47,  69, 91, 114, 136, 4,   27,  49, 71, 93, 115, 144, 19, 48,  51, 79,
                                  108, 137, 139, 15, 43, 72,  75,  110, 145, 27, 10, 45, 81,  116, 99, 134, 16, 51})));
  EXPECT_THAT(
      AdjustBrightness(Formula(3, 4), 1.4),
      TensorEquals(Bytes({7,   58,  110, 162, 214, 255, 255, 11,  63,  114, 166, 218, 255, 255, 46,  113, 119, 186,
                          253, 255, 255, 35,  102, 169, 175, 255, 255, 64,  23,  106, 189, 255, 231, 255, 37,  120})));
}

TEST(AdjustContrast, EqualsPil) {
  EXPECT_THAT(
      AdjustContrast(Formula(3, 4), 0.6),
      TensorEquals(Bytes({53,  75,  97,  119, 141, 164, 186, 54,  77,  99, 121, 143, 165, 194, 69,  98,  101, 129,
                          158, 187, 189, 65,  93,  122, 125, 160, 195, 77, 60,  95,  131, 166, 149, 184, 66,  101})));
  EXPECT_THAT(
      AdjustContrast(Formula(3, 4), 1.4),
      TensorEquals(Bytes({0,   8,   60,  112, 164, 216, 255, 0,   13,  64, 116, 168, 220, 255, 0,   63,  69, 136,
                          203, 255, 255, 0,   52,  119, 125, 207, 255, 14, 0,   56,  139, 221, 181, 255, 0,  70})));
  EXPECT_THAT(AdjustContrast(Formula(3, 4), 0), TensorEquals(at::full({3, 3, 4}, 125, at::kByte)));
}

TEST(AdjustSaturation, EqualsPil) {
  EXPECT_THAT(
      AdjustSaturation(Formula(3, 4), 0.6),
      TensorEquals(Bytes({54,  95,  75,  104, 131, 171, 212, 68,  94,  75, 104, 144, 167, 214, 48,  83,  90, 137,
                          184, 201, 207, 41,  76,  123, 126, 180, 174, 62, 49,  103, 157, 180, 166, 160, 49, 102})));
  EXPECT_THAT(
      AdjustSaturation(Formula(3, 4), 1.4),
      TensorEquals(Bytes({0,   0,   82,  127, 175, 208, 241, 0,   0,   88, 133, 167, 218, 255, 17,  78,  79, 128,
                          177, 255, 255, 9,   69,  118, 123, 187, 255, 29, 0,   48,  113, 208, 163, 255, 5,  69})));
  const std::vector<int64_t> grey{129, 175, 71, 87, 98, 144, 190, 159, 169, 65, 82, 127};
  EXPECT_THAT(
      AdjustSaturation(Formula(3, 4), 0),
      TensorEquals(at::tensor(grey, at::kLong).to(at::kByte).reshape({1, 3, 4}).expand({3, 3, 4}).contiguous()));
}

TEST(Adjustments, EqualPilOnALargerImage) {
  const at::Tensor image = Formula(61, 47);
  ASSERT_EQ(Hash(image), "00c6d1abc7cb78173b0a6f277152d55e237db2d62cb5275829b4482090f37f60");
  const auto expect = [&](at::Tensor (*adjust)(const at::Tensor&, double), double factor, const std::string& hash) {
    EXPECT_EQ(Hash(adjust(image, factor)), hash) << factor;
  };
  expect(AdjustBrightness, 0.6, "260c421c9233108c2f52c0b28b3d275bbb6d775e2cdc1a247c7ce86ff44a0e77");
  expect(AdjustBrightness, 0.7251, "ff8659d444165d71f1a07d881f19bf40f2f56ab9add8fdad154745d567b8fdd5");
  expect(AdjustBrightness, 1.1793, "3e06ec12bbc56603458cd8a5412f1120586d68475d3f00247aa258ed691d0681");
  expect(AdjustBrightness, 1.4, "7cccedd0285483668aeb99f3dacf4997025d4afb0b958030a3b30ad23dbc53ed");
  expect(AdjustContrast, 0.6, "0aac819689d3c398b5584c647d824817be37ae48b71d9fd2b25e61d5f571e6ea");
  expect(AdjustContrast, 0.7251, "6eaeb18a2c48a295ba6ea8e04e0a991310f72be476b37c56e69da76ff3ac762d");
  expect(AdjustContrast, 1.1793, "93fbfcd47c626475403358b94f60deb4dcfaefe93614af43be8699f25f3d03db");
  expect(AdjustContrast, 1.4, "8dc41419dcb56bba673efb2fc6157d7b1367a1d3d07a1b4596afc3b63b4cdf80");
  expect(AdjustSaturation, 0.6, "feb9ba4430975ca20fb6981f99158ad544ced97bdeac04ce5b011065fd4b0ef3");
  expect(AdjustSaturation, 0.7251, "b173332649e934a671521198bc1216d89aafd67b0abeb92fab91e0c5a4250909");
  expect(AdjustSaturation, 1.1793, "cbf95322829721871137e0925bb76ccba6a0a2fe83a4107cf02b3ba65e736607");
  expect(AdjustSaturation, 1.4, "bafd95ce45b1e73da55f99c92b2257b4a5d69cef5bfc05457c9758379d6a15ef");
}

using Adjust = at::Tensor (*)(const at::Tensor&, double);
constexpr std::array<Adjust, 3> kAdjustments{AdjustBrightness, AdjustContrast, AdjustSaturation};

// The chain in the six orders, factors 0.8 (brightness), 1.3 (contrast), 0.7 (saturation): bytes between the steps.
TEST(Adjustments, EqualPilInEveryOrder) {
  const std::map<std::vector<size_t>, std::string> expected{
      {{0, 1, 2}, "aa1e82e59c428c67c6be04640ac4c448930cce33fff33336a75461c06b23dee0"},
      {{0, 2, 1}, "dcb0ccfb77214e5731f778cb81447737819a72c94fd8e07e314ef8a346bab97f"},
      {{1, 0, 2}, "7636a2d112e57e9b24246fe8c3962198edf51032c3275e8529847e499852e3d9"},
      {{1, 2, 0}, "d76e2bc2dea5f42ee6b25914460c12c1bc6c23a3bf173f86cdf082658bc475b4"},
      {{2, 0, 1}, "a62d6d27219913e17a5e86b71a85d74d872470ae1fb4dc630923e77bc51336fd"},
      {{2, 1, 0}, "772a6b7246232af51f9b7005e955957765ea6a98de18ae58c7b6c5f376085338"}};
  for (const auto& [order, hash] : expected) {
    at::Tensor image = Formula(61, 47);
    for (const size_t operation : order) image = kAdjustments[operation](image, std::array{0.8, 1.3, 0.7}[operation]);
    EXPECT_EQ(Hash(image), hash);
  }
}

TEST(Adjustments, ByOneChangeNothingAndKeepTheirInput) {
  for (const Adjust adjust : kAdjustments) {
    const at::Tensor image = Formula(20, 30);
    EXPECT_THAT(adjust(image, 1.0), TensorEquals(image));
    adjust(image, 0.5);
    EXPECT_THAT(image, TensorEquals(Formula(20, 30)));
  }
}

// The same draws, made by the slow way: crop by padding and slicing, the public adjustments, flip.
at::Tensor Reference(const at::Tensor& image, const AugmentOptions& options, RandomStream stream) {
  const int64_t padding = options.crop_padding;
  const int64_t top = stream.Integer(0, 2 * padding), left = stream.Integer(0, 2 * padding);
  at::Tensor out = at::constant_pad_nd(image, {padding, padding, padding, padding}, 0);
  out = out.narrow(1, top, image.size(1)).narrow(2, left, image.size(2)).contiguous();
  const std::vector<int64_t> order = stream.Permutation(3);
  std::array<double, 3> factors{};
  for (double& factor : factors) factor = 1 - options.color_jitter + 2 * options.color_jitter * stream.Uniform();
  for (const int64_t operation : order)
    out = kAdjustments[static_cast<size_t>(operation)](out, factors[static_cast<size_t>(operation)]);
  return stream.Uniform() < options.flip_probability ? out.flip(2) : out;
}

TEST(Augment, IsCropThenJitterThenFlip) {
  const at::Tensor image = Formula(21, 17);
  std::vector<RandomStream> streams = Streams(300);
  const std::vector<RandomStream> copies = streams;
  const at::Tensor augmented = Augment(image.unsqueeze(0).expand({300, 3, 21, 17}), {}, streams);
  std::set<std::string> different;
  for (int64_t b = 0; b < 300; ++b) {
    ASSERT_THAT(augmented[b], TensorEquals(Reference(image, {}, copies[static_cast<size_t>(b)]))) << b;
    different.insert(Hash(augmented[b]));
  }
  EXPECT_EQ(different.size(), 300u);
}

TEST(Augment, OfAnImageDependsOnItsStreamOnly) {
  const at::Tensor images = at::stack({Formula(20, 20), Formula(20, 20).flip(1), Formula(20, 20).flip(2)});
  std::vector<RandomStream> streams = Streams(3);
  const at::Tensor together = Augment(images, {}, streams);
  for (const int64_t b : {2, 0, 1}) {
    std::vector<RandomStream> own{Streams(3)[static_cast<size_t>(b)]};
    EXPECT_THAT(Augment(images.narrow(0, b, 1), {}, own)[0], TensorEquals(together[b]));
  }
  const at::Tensor after = Augment(images, {}, streams);
  EXPECT_FALSE(after.equal(together));  // the streams moved on
}

TEST(Augment, CropsAllWindowsOfTheZeroPaddedImageEquallyOften) {
  constexpr AugmentOptions kCrop{.crop_padding = 2, .color_jitter = 0, .flip_probability = 0};
  const at::Tensor image = Formula(9, 8), padded = at::constant_pad_nd(image, {2, 2, 2, 2}, 0);
  std::map<std::string, int> windows;
  for (int64_t top = 0; top <= 4; ++top) {
    for (int64_t left = 0; left <= 4; ++left)
      windows[Hash(padded.narrow(1, top, 9).narrow(2, left, 8).contiguous())] = 0;
  }
  ASSERT_EQ(windows.size(), 25u);
  std::vector<RandomStream> streams = Streams(5000);
  const at::Tensor cropped = Augment(image.unsqueeze(0).expand({5000, 3, 9, 8}), kCrop, streams);
  for (int64_t b = 0; b < 5000; ++b) ++windows.at(Hash(cropped[b]));
  // 200 expected a window, standard deviation 13.9.
  for (const auto& [hash, count] : windows) EXPECT_NEAR(count, 200, 65) << hash;
}

TEST(Augment, CropsImagesSmallerThanThePadding) {
  constexpr AugmentOptions kCrop{.crop_padding = 8, .color_jitter = 0, .flip_probability = 0};
  const at::Tensor image = Formula(3, 4);
  std::vector<RandomStream> streams = Streams(200);
  const std::vector<RandomStream> copies = streams;
  const at::Tensor cropped = Augment(image.unsqueeze(0).expand({200, 3, 3, 4}), kCrop, streams);
  for (int64_t b = 0; b < 200; ++b) {
    RandomStream copy = copies[static_cast<size_t>(b)];
    const int64_t top = copy.Integer(0, 16), left = copy.Integer(0, 16);
    const at::Tensor padded = at::constant_pad_nd(image, {8, 8, 8, 8}, 0);
    ASSERT_THAT(cropped[b], TensorEquals(padded.narrow(1, top, 3).narrow(2, left, 4).contiguous()));
  }
}

// Grey 100 is changed by brightness alone, to floor(100 f).
TEST(Augment, DrawsFactorsUniformly) {
  constexpr AugmentOptions kJitter{.crop_padding = 0, .color_jitter = 0.4, .flip_probability = 0};
  std::vector<RandomStream> streams = Streams(8000);
  const at::Tensor bright = Augment(at::full({8000, 3, 2, 2}, 100, at::kByte), kJitter, streams).to(at::kDouble);
  const at::Tensor level = bright.select(3, 0).select(2, 0).select(1, 0);
  EXPECT_EQ(level.min().item<double>(), 60);
  EXPECT_EQ(level.max().item<double>(), 139);
  EXPECT_NEAR(level.mean().item<double>(), 99.5, 5 * 0.26);  // 23.1 / sqrt(8000) = 0.26
  EXPECT_NEAR(level.std().item<double>(), 80 / std::sqrt(12.0), 0.6);
}

TEST(Augment, WithEverythingOffChangesNothing) {
  const at::Tensor images = Formula(20, 20).unsqueeze(0);
  std::vector<RandomStream> streams = Streams(1);
  EXPECT_THAT(Augment(images, kNothing, streams), TensorEquals(images));
}

TEST(Augment, FlipsWithTheGivenProbability) {
  AugmentOptions options = kNothing;
  const at::Tensor images = Formula(5, 7).unsqueeze(0).expand({2000, 3, 5, 7});
  for (const double probability : {0.0, 0.25, 0.5, 1.0}) {
    options.flip_probability = probability;
    std::vector<RandomStream> streams = Streams(2000);
    const at::Tensor out = Augment(images, options, streams);
    int flipped = 0;
    for (int64_t b = 0; b < 2000; ++b) {
      const bool is_flipped = out[b].equal(images[b].flip(2));
      ASSERT_TRUE(is_flipped || out[b].equal(images[b]));
      flipped += is_flipped ? 1 : 0;
    }
    EXPECT_NEAR(flipped, 2000 * probability, 5 * std::sqrt(2000 * probability * (1 - probability)));
  }
}

TEST(Augment, RefusesOtherTensors) {
  using ::testing::HasSubstr;
  std::vector<RandomStream> streams = Streams(2);
  EXPECT_THAT(CatchError([&] {
                Augment(at::zeros({2, 3, 4, 4}), {}, streams);
              }),
              FailsWith(ExitCode::kInternal, HasSubstr("uint8")));
  EXPECT_THAT(CatchError([&] {
                Augment(at::zeros({3, 3, 4, 4}, at::kByte), {}, streams);
              }),
              FailsWith(ExitCode::kInternal, HasSubstr("[2, 3, any, any]")));
}

// A training step at 84 x 84 takes tens of milliseconds; its images must not take longer. The bar allows for a slow,
// shared machine and for the sanitizers.
TEST(Augment, OfFiftyImagesTakesMilliseconds) {
  const at::Tensor images = Formula(84, 84).unsqueeze(0).expand({50, 3, 84, 84}).contiguous();
  double best = 1e9;
  for (int i = 0; i < 5; ++i) {
    std::vector<RandomStream> streams = Streams(50);
    const auto start = std::chrono::steady_clock::now();
    Augment(images, {}, streams);
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::cout << "50 images of 84 x 84: " << best * 1e3 << " ms\n";
  EXPECT_LT(best, 0.2);
}

TEST(Normalize, IsPerChannel) {
  const at::Tensor images = at::tensor({0, 51, 102, 153, 204, 255}, at::kLong).to(at::kByte).reshape({1, 3, 1, 2});
  const at::Tensor expected = at::tensor({(0.0 - 0.5) / 0.25, (0.2 - 0.5) / 0.25, (0.4 - 0.1) / 0.5, (0.6 - 0.1) / 0.5,
                                          (0.8 - 0.0) / 2.0, (1.0 - 0.0) / 2.0},
                                         at::kDouble);
  EXPECT_THAT(Normalize(images, {0.5, 0.1, 0.0}, {0.25, 0.5, 2.0}),
              TensorNear(expected.to(at::kFloat).reshape({1, 3, 1, 2}), 1e-6));
  EXPECT_THROW(Normalize(images, {0.5}, {0.25}), Error);
}

}  // namespace
}  // namespace tint::testing
