// SPDX-License-Identifier: Apache-2.0
// Seeded damage to small valid images: for any damage the decoder accepts or refuses.
#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>

#include <random>

#include "encoders.h"
#include "tint/base/error.h"
#include "tint/base/sha256.h"
#include "tint/image/decode.h"
#include "tint/image/encode.h"

namespace tint::testing {
namespace {

using namespace std::string_literals;

enum class Outcome { kDecoded, kRefused };

Outcome Decode(const std::string& bytes) {
  DecodeRules rules;
  rules.max_pixels = 1'000'000;
  try {
    const DecodedImage image = DecodeImage(bytes, "mutated", rules);
    EXPECT_EQ(image.pixels.size(0), 3);
    EXPECT_GT(image.pixels.numel(), 0);
    EXPECT_EQ(image.file_sha256, Sha256Hex(bytes));
    return Outcome::kDecoded;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kBadInput) << error.what();
    EXPECT_EQ(std::string(error.what()).substr(0, 14), "mutated: image");
    return Outcome::kRefused;
  }
}

// One byte replaced by another value.
std::string Mutated(std::string bytes, std::mt19937_64* random) {
  char& byte = bytes[(*random)() % bytes.size()];
  byte = static_cast<char>(byte ^ static_cast<char>(1 + (*random)() % 255));
  return bytes;
}

std::vector<std::string> SmallJpegs() {
  const at::Tensor pixels = Gradient(24, 32);
  const std::pair<int, std::string> exif{0xE1, "Exif\0\0"s + Exif(6)};
  const std::pair<int, std::string> profile{0xE2, "ICC_PROFILE\0\1\1"s + IccProfile("sRGB")};
  return {MakeJpeg({.samples = pixels}), MakeJpeg({.samples = pixels, .scans = 20}),
          MakeJpeg({.samples = pixels, .restart_rows = 1, .segments = {exif, profile}}),
          MakeJpeg({.samples = pixels.narrow(0, 0, 1), .colour = JpegColour::kGrey})};
}

TEST(MutatedJpeg, DecodesOrIsRefused) {
  std::mt19937_64 random(20240501);
  int refused = 0;
  for (const std::string& jpeg : SmallJpegs()) {
    ASSERT_EQ(Decode(jpeg), Outcome::kDecoded);
    for (int i = 0; i < 300; ++i) refused += Decode(Mutated(jpeg, &random)) == Outcome::kRefused ? 1 : 0;
  }
  EXPECT_GT(refused, 300);   // of 1,200: headers, and what the entropy decoder notices
  EXPECT_LT(refused, 1200);  // libjpeg cannot notice a changed coefficient; the file's hash does
}

TEST(MutatedJpeg, OfWhichAnyPartIsMissingIsRefused) {
  std::mt19937_64 random(20240502);
  for (const std::string& jpeg : SmallJpegs()) {
    for (int i = 0; i < 50; ++i) {
      const size_t length = random() % jpeg.size();
      EXPECT_EQ(Decode(jpeg.substr(0, length)), Outcome::kRefused) << length << " of " << jpeg.size();
    }
  }
}

PngFile Kind(int colour, int depth, bool interlaced, const std::string& chunks) {
  PngFile file{.depth = depth, .colour = colour, .interlaced = interlaced, .chunks = chunks};
  file.sample = [=](int64_t y, int64_t x, int64_t c) {
    return static_cast<uint32_t>((y * 24 + x) * 40503 + c * 77) & ((1u << depth) - 1);
  };
  return file;
}

std::vector<std::string> SmallPngs() {
  const std::string palette = Chunk("PLTE", std::string(48, 'p')) + Chunk("tRNS", "\xff\x80");
  return {EncodePng(Gradient(24, 32)), MakePng(Kind(6, 16, true, Chunk("eXIf", Exif(6)))),
          MakePng(Kind(3, 4, false, palette)),
          MakePng(Kind(0, 8, false, Chunk("iCCP", "p\0\0"s + Compress(IccProfile("sRGB", false, "GRAY")))))};
}

TEST(MutatedPng, IsRefusedWhereverTheByteLies) {
  std::mt19937_64 random(20240503);
  for (const std::string& png : SmallPngs()) {
    ASSERT_EQ(Decode(png), Outcome::kDecoded);
    for (int i = 0; i < 200; ++i) EXPECT_EQ(Decode(Mutated(png, &random)), Outcome::kRefused);
  }
}

TEST(MutatedPng, OfWhichAnyPartIsMissingIsRefused) {
  for (const std::string& png : SmallPngs()) {
    for (size_t length = 0; length < png.size(); length += 1 + length / 20)
      EXPECT_EQ(Decode(png.substr(0, length)), Outcome::kRefused) << length << " of " << png.size();
    EXPECT_EQ(Decode(png.substr(0, png.size() - 1)), Outcome::kRefused);
  }
}

// With right checks the damage reaches the decoder itself.
TEST(MutatedPng, WithRepairedChecksDecodesOrIsRefused) {
  std::mt19937_64 random(20240504);
  int refused = 0;
  for (int i = 0; i < 500; ++i) {
    const PngFile file =
        Kind(i % 2 == 0 ? 2 : 3, 8, i % 3 == 0, i % 2 == 0 ? "" : Chunk("PLTE", std::string(768, 'q')));
    const std::string data = Mutated(Compress(RawRows(file)), &random);
    const std::string png = kPngSignature + Header(24, 20, file.depth, file.colour, file.interlaced ? 1 : 0) +
                            file.chunks + Chunk("IDAT", data) + Chunk("IEND", "");
    refused += Decode(png) == Outcome::kRefused ? 1 : 0;
  }
  EXPECT_GT(refused, 450);  // zlib's own check finds nearly all
}

}  // namespace
}  // namespace tint::testing
