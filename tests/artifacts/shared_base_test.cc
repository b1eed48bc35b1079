// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/shared_base.h"

#include <ATen/ATen.h>

#include "stage_results.h"

namespace tint {
namespace {

using SharedBaseTest = testing::StageResultTest;

TEST_F(SharedBaseTest, FeaturesAreReadInOrderOfTheirParts) {
  const int64_t images = kFeaturesPerFile + 2;
  const at::Tensor features = at::arange(2 * images).to(at::kFloat).reshape({images, 2});
  const CompletedStage stage = Finish([&](StageWriter& writer) {
    EXPECT_FALSE(HasBaseFeatures(writer, 0));
    WriteBaseFeatures(features.narrow(0, 0, kFeaturesPerFile), 0, writer);
    WriteBaseFeatures(features.narrow(0, kFeaturesPerFile, 2), kFeaturesPerFile, writer);
    EXPECT_TRUE(HasBaseFeatures(writer, kFeaturesPerFile));
  });
  EXPECT_THAT(stage.Files(), ElementsAre("features-0.safetensors", "features-1.safetensors"));
  EXPECT_TRUE(ReadBaseFeatures(stage, images).equal(features));
}

TEST_F(SharedBaseTest, PixelsAreALineEach) {
  const CompletedStage stage = Finish([](StageWriter& writer) { WriteBasePixels({"ab", "cd"}, writer); });
  EXPECT_EQ(stage.Read("pixels.txt"), "ab\ncd\n");
  EXPECT_THAT(ReadBasePixels(stage, 2), ElementsAre("ab", "cd"));
}

}  // namespace
}  // namespace tint
