// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/upscaled_photos.h"

#include <ATen/ATen.h>

#include "stage_results.h"
#include "tint/artifacts/contact_sheets.h"
#include "tint/image/encode.h"

namespace tint {
namespace {

using UpscaledPhotosTest = testing::StageResultTest;

at::Tensor Grey(int64_t value) { return at::full({3, 16, 16}, value, at::kByte); }

TEST_F(UpscaledPhotosTest, AreReadInOrder) {
  EXPECT_EQ(UpscaledPhotoFile("cat", 0), "cat-00.png");
  EXPECT_EQ(UpscaledPhotoFile("cat", 123), "cat-123.png");
  const CompletedStage stage = Finish([](StageWriter& writer) {
    for (int64_t k = 0; k < 2; ++k) writer.Put(UpscaledPhotoFile("cat", k), EncodePng(Grey(255 * k)));
  });
  const at::Tensor photos = ReadUpscaledPhotos(stage, "cat", 2);
  EXPECT_EQ(photos.sizes(), (std::vector<int64_t>{2, 3, 16, 16}));
  EXPECT_EQ(photos[0].max().item<float>(), 0);
  EXPECT_EQ(photos[1].min().item<float>(), 1);
}

using ContactSheetsTest = testing::StageResultTest;

TEST_F(ContactSheetsTest, AreTakenApartAgain) {
  const CompletedStage stage = Finish([](StageWriter& writer) {
    WriteContactSheet({{"cat", {Grey(0), Grey(9)}}, {"dog", {Grey(5)}}}, writer);
  });
  EXPECT_THAT(stage.Files(), ElementsAre("contact.png"));
  EXPECT_EQ(ReadContactSheet(stage, 2)[0].height, 96);
  EXPECT_THAT(CatchError([&] { ReadContactSheet(stage, 3); }),
              FailsWith(ExitCode::kCorrupt, AllOf(HasSubstr("contact.png"), HasSubstr("2 rows"))));
}

}  // namespace
}  // namespace tint
