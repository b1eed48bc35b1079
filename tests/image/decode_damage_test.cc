// SPDX-License-Identifier: Apache-2.0
// Exhaustive damage, where decode_mutation_test.cc samples: every bit, every seventh length, every level.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <random>

#include "encoders.h"
#include "tensor_matchers.h"
#include "tint/base/error.h"
#include "tint/image/decode.h"

namespace tint::testing {
namespace {

// Fails the test on any exception but Error(kBadInput).
bool IsRefused(const std::string& bytes) {
  try {
    DecodeImage(bytes, "damaged", {.max_pixels = 1'000'000});
    return false;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kBadInput) << error.what();
    return true;
  }
}

std::string SmallPng(int colour, bool interlaced) {
  PngFile file{.colour = colour, .interlaced = interlaced};
  file.sample = [](int64_t y, int64_t x, int64_t c) { return static_cast<uint32_t>(y * 9 + x * 5 + c * 40) & 255; };
  return MakePng(file);
}

TEST(DamagedPng, IsRefusedWhicheverBitIsFlipped) {
  for (const bool interlaced : {false, true}) {
    const std::string png = SmallPng(2, interlaced);
    ASSERT_FALSE(IsRefused(png));
    for (size_t bit = 0; bit < 8 * png.size(); ++bit) {
      std::string flipped = png;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
      EXPECT_TRUE(IsRefused(flipped)) << "bit " << bit % 8 << " of byte " << bit / 8;
    }
  }
}

TEST(TruncatedImage, IsRefusedAtEverySeventhLength) {
  const at::Tensor pixels = Gradient(24, 32);
  for (const std::string& bytes : {MakeJpeg({.samples = pixels}), MakeJpeg({.samples = pixels, .scans = 20}),
                                   MakeJpeg({.samples = pixels, .restart_rows = 1}),
                                   MakeJpeg({.samples = pixels.narrow(0, 0, 1), .colour = JpegColour::kGrey}),
                                   SmallPng(2, false), SmallPng(6, true)}) {
    ASSERT_FALSE(IsRefused(bytes));
    for (size_t length = 0; length < bytes.size(); length += 7)
      EXPECT_TRUE(IsRefused(bytes.substr(0, length))) << length << " of " << bytes.size();
    EXPECT_TRUE(IsRefused(bytes.substr(0, bytes.size() - 1)));
  }
}

TEST(DamagedJpeg, DecodesOrIsRefusedOverTwoThousandChangedBytes) {
  std::mt19937_64 random(20240601);
  const std::string jpeg = MakeJpeg({.samples = Gradient(24, 32)});
  int refused = 0;
  for (int i = 0; i < 2000; ++i) {
    std::string changed = jpeg;
    char& byte = changed[random() % changed.size()];
    byte = static_cast<char>(byte ^ static_cast<char>(1 + random() % 255));
    refused += IsRefused(changed) ? 1 : 0;
  }
  EXPECT_GT(refused, 500);
  EXPECT_LT(refused, 2000);
}

TEST(NoiseBehindMagicBytes, IsRefused) {
  std::mt19937_64 random(20240602);
  const std::string png = SmallPng(2, false);
  for (const std::string& start : {std::string("\xff\xd8\xff"), png.substr(0, 8), png.substr(0, 33)}) {
    for (int i = 0; i < 300; ++i) {
      std::string bytes = start;
      for (int k = 0; k < 500; ++k) bytes += static_cast<char>(random() & 255);
      EXPECT_TRUE(IsRefused(bytes)) << i;
    }
  }
}

// v / 257 rounded once; never a tie, since 257 is odd.
TEST(SixteenBitPng, RoundsEveryLevel) {
  PngFile file{.width = 256, .height = 256, .depth = 16, .colour = 0};
  file.sample = [](int64_t y, int64_t x, int64_t) { return static_cast<uint32_t>(y * 256 + x); };
  const at::Tensor levels = at::arange(65536, at::kDouble).reshape({256, 256});
  const at::Tensor expected = (levels / 257.0 + 0.5).floor().to(at::kByte).expand({3, 256, 256}).contiguous();
  EXPECT_THAT(DecodeImage(MakePng(file), "levels.png").pixels, TensorEquals(expected));
}

}  // namespace
}  // namespace tint::testing
