#include "tint/image/contact_rows.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "encoders.h"
#include "files.h"
#include "tensor_matchers.h"
#include "tint/image/contact_sheet.h"
#include "tint/image/picture.h"

namespace tint::testing {
namespace {

TEST(RowsOfContactSheet, AreThePicturesWithoutCaptionsAndEmptyCells) {
  const at::Tensor picture = Gradient(96, 96), other = 255 - picture;
  const auto rows = RowsOfContactSheet(
      MakeContactSheet({{"a caption", {picture, other}}, {"", {other}}, {"third", {picture, picture, other}}}),
      "sheet");
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].width, 196);
  EXPECT_EQ(rows[1].width, 96);
  EXPECT_EQ(rows[2].width, 296);
  for (const ContactStrip& row : rows) EXPECT_EQ(row.height, 96);
  const at::Tensor first = DecodePicture(rows[0].png, "row").pixels;
  EXPECT_THAT(first.narrow(2, 0, 96), TensorEquals(picture));
  EXPECT_THAT(first.narrow(2, 100, 96), TensorEquals(other));
  EXPECT_THAT(DecodePicture(rows[1].png, "row").pixels, TensorEquals(other));
}

TEST(RowsOfContactSheet, RefusesOtherPictures) {
  EXPECT_THAT(CatchError([] { RowsOfContactSheet(EncodePng(Gradient(96, 96)), "a/contact.png"); }),
              FailsWith(ExitCode::kCorrupt, ::testing::HasSubstr("a/contact.png: 96 x 96 pixels")));
}

}  // namespace
}  // namespace tint::testing
