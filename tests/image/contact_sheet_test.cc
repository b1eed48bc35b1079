// SPDX-License-Identifier: Apache-2.0
#include "tint/image/contact_sheet.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "encoders.h"
#include "files.h"
#include "tensor_matchers.h"
#include "tint/image/decode.h"

namespace tint::testing {
namespace {

constexpr int64_t kGap = 4, kCaptions = 150;

at::Tensor Sheet(const std::vector<ContactRow>& rows, int64_t cell) {
  DecodeRules rules;
  rules.min_side = 1;
  return DecodeImage(MakeContactSheet(rows, cell), "sheet", rules).pixels;
}

at::Tensor Cell(const at::Tensor& sheet, int64_t row, int64_t column, int64_t cell) {
  return sheet.narrow(1, kGap + row * (cell + kGap), cell).narrow(2, kCaptions + column * (cell + kGap), cell);
}

at::Tensor Plain(int64_t red, int64_t green, int64_t blue, int64_t height, int64_t width) {
  return at::tensor({red, green, blue}, at::kLong)
      .to(at::kByte)
      .reshape({3, 1, 1})
      .expand({3, height, width})
      .contiguous();
}

TEST(MakeContactSheet, ShowsEachImageInItsCell) {
  const at::Tensor exact = Gradient(32, 32), small = Gradient(16, 16);
  const at::Tensor sheet = Sheet({{"first", {exact, small}}, {"second", {Plain(200, 100, 50, 128, 64)}}}, 32);
  EXPECT_EQ(sheet.sizes(), (std::vector<int64_t>{3, 2 * 36 + 4, 150 + 2 * 36 + 4}));
  EXPECT_THAT(Cell(sheet, 0, 0, 32), TensorEquals(exact));
  EXPECT_THAT(Cell(sheet, 0, 1, 32), TensorEquals(small.repeat_interleave(2, 1).repeat_interleave(2, 2)));
  // 128 x 64 is reduced to 32 x 16 and is centred in its cell; the rest is white.
  const at::Tensor cell = Cell(sheet, 1, 0, 32);
  EXPECT_THAT(cell.narrow(2, 8, 16), TensorEquals(Plain(200, 100, 50, 32, 16)));
  EXPECT_THAT(cell.narrow(2, 0, 8), TensorEquals(Plain(255, 255, 255, 32, 8)));
  EXPECT_THAT(Cell(sheet, 1, 1, 32), TensorEquals(Plain(255, 255, 255, 32, 32)));
}

TEST(MakeContactSheet, ReducesByArea) {
  at::Tensor chequered = at::zeros({3, 64, 64}, at::kByte);
  chequered.slice(2, 0, 64, 2).fill_(200);
  EXPECT_THAT(Cell(Sheet({{"", {chequered}}}, 32), 0, 0, 32), TensorEquals(Plain(100, 100, 100, 32, 32)));
}

TEST(MakeContactSheet, WritesCaptions) {
  const at::Tensor image = Gradient(32, 32);
  const at::Tensor left = Sheet({{"caption", {image}}, {"", {image}}}, 32).narrow(2, 0, kCaptions);
  EXPECT_GT((left.narrow(1, 0, 38) < 128).sum().item<int64_t>(), 100);
  EXPECT_EQ((left.narrow(1, 38, 38) < 255).sum().item<int64_t>(), 0);
  EXPECT_EQ(MakeContactSheet({{"gr\xC3\xBCn \xE2\x9C\x93\n", {image}}}), MakeContactSheet({{"gr?n ??", {image}}}));
  EXPECT_EQ(MakeContactSheet({{"a caption that is too long", {}}}), MakeContactSheet({{"a caption that is~", {}}}));
}

TEST(MakeContactSheet, GivesTheSameBytesAgain) {
  const std::vector<ContactRow> rows{{"row", {Gradient(50, 70), Gradient(300, 20)}}, {"other", {Gradient(5, 5)}}};
  EXPECT_EQ(MakeContactSheet(rows), MakeContactSheet(rows));
  EXPECT_NE(MakeContactSheet(rows), MakeContactSheet({rows[1], rows[0]}));
}

TEST(MakeContactSheet, OfNoImagesIsBlank) {
  const at::Tensor sheet = Sheet({}, 20);
  EXPECT_EQ(sheet.min().item<int>(), 255);
  EXPECT_EQ(MakeContactSheet({{"no images", {}}}).substr(1, 3), "PNG");
}

TEST(MakeContactSheet, RefusesOtherTensors) {
  EXPECT_THAT(CatchError([] {
                MakeContactSheet({{"float", {at::zeros({3, 4, 4})}}});
              }),
              FailsWith(ExitCode::kInternal, ::testing::HasSubstr("image of a contact sheet")));
}

}  // namespace
}  // namespace tint::testing
