// SPDX-License-Identifier: Apache-2.0
#include "tint/image/encode.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <algorithm>

#include "encoders.h"
#include "files.h"
#include "tensor_matchers.h"
#include "tint/image/decode.h"

namespace tint::testing {
namespace {

TEST(EncodePng, IsUndoneByDecodeImage) {
  DecodeRules rules;
  rules.min_side = 1;
  rules.max_aspect = 1e9;
  for (const auto& [height, width] : {std::pair{1, 1}, {1, 70000}, {1'000'001, 1}, {84, 84}, {33, 97}}) {
    const at::Tensor pixels = Noise(height, height, width);
    const DecodedImage image = DecodeImage(EncodePng(pixels), "encoded", rules);
    EXPECT_THAT(image.pixels, TensorEquals(pixels));
    EXPECT_TRUE(image.warnings.empty()) << image.warnings[0];
  }
}

TEST(EncodePng, WritesHeaderDataAndEndOnly) {
  const std::string png = EncodePng(Noise(1, 84, 84));
  std::vector<std::string> chunks;
  for (size_t at = 8; at < png.size();) {
    chunks.push_back(png.substr(at + 4, 4));
    size_t length = 0;
    for (size_t i = 0; i < 4; ++i) length = length << 8 | static_cast<unsigned char>(png[at + i]);
    at += 12 + length;
  }
  chunks.erase(std::unique(chunks.begin(), chunks.end()), chunks.end());
  EXPECT_THAT(chunks, ::testing::ElementsAre("IHDR", "IDAT", "IEND"));
}

TEST(EncodePng, DependsOnThePixelsAlone) {
  const at::Tensor pixels = Noise(2, 40, 30);
  const at::Tensor transposed = pixels.permute({1, 2, 0}).contiguous().permute({2, 0, 1});  // other strides
  EXPECT_EQ(EncodePng(pixels), EncodePng(transposed));
  EXPECT_NE(EncodePng(pixels), EncodePng(Noise(3, 40, 30)));
}

TEST(EncodePng, RefusesOtherTensors) {
  using ::testing::HasSubstr;
  EXPECT_THAT(CatchError([] { EncodePng(at::zeros({3, 4, 4})); }), FailsWith(ExitCode::kInternal, HasSubstr("uint8")));
  EXPECT_THAT(CatchError([] {
                EncodePng(at::zeros({4, 4, 4}, at::kByte));
              }),
              FailsWith(ExitCode::kInternal, HasSubstr("[3, any, any]")));
  EXPECT_THAT(CatchError([] {
                EncodePng(at::zeros({3, 0, 4}, at::kByte));
              }),
              FailsWith(ExitCode::kInternal, HasSubstr("writing a PNG")));
}

}  // namespace
}  // namespace tint::testing
