// SPDX-License-Identifier: Apache-2.0
#include "tint/image/contact_rows.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "encoders.h"
#include "files.h"
#include "tensor_matchers.h"
#include "tint/image/contact_sheet.h"
#include "tint/image/decode.h"
#include "tint/image/encode.h"

namespace tint::testing {
namespace {

TEST(CutContactSheet, AreTheImagesWithoutCaptionsAndEmptyCells) {
  const at::Tensor image = Gradient(96, 96), other = 255 - image;
  const auto rows = CutContactSheet(
      MakeContactSheet({{"a caption", {image, other}}, {"", {other}}, {"third", {image, image, other}}}), "sheet");
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].width, 196);
  EXPECT_EQ(rows[1].width, 96);
  EXPECT_EQ(rows[2].width, 296);
  for (const ContactStrip& row : rows) EXPECT_EQ(row.height, 96);
  const at::Tensor first = DecodeImage(rows[0].png, "row").pixels;
  EXPECT_THAT(first.narrow(2, 0, 96), TensorEquals(image));
  EXPECT_THAT(first.narrow(2, 100, 96), TensorEquals(other));
  EXPECT_THAT(DecodeImage(rows[1].png, "row").pixels, TensorEquals(other));
}

TEST(CutContactSheet, RefusesOtherImages) {
  EXPECT_THAT(CatchError([] { CutContactSheet(EncodePng(Gradient(96, 96)), "a/contact.png"); }),
              FailsWith(ExitCode::kCorrupt, ::testing::HasSubstr("a/contact.png: 96 x 96 pixels")));
}

}  // namespace
}  // namespace tint::testing
