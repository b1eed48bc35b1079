// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/training_curves.h"

#include "stage_results.h"

namespace tint {
namespace {

using TrainingCurvesTest = testing::StageResultTest;

TEST_F(TrainingCurvesTest, AreReadAsTheyWereWritten) {
  const CompletedStage stage = Finish([](StageWriter& writer) {
    WriteLossCurves({{"support", {0.5, 0.25}}, {"base", {}}}, writer);
    WriteAccuracyCurve({{100, 0.25}, {200, 1}}, writer);
    WritePretrainingCurves({2, 1}, {0.5}, writer);
  });
  EXPECT_EQ(stage.Read("loss.json"), "{\"base\":[],\"support\":[0.5,0.25]}\n");
  EXPECT_EQ(stage.Read("accuracy.json"), "[{\"accuracy\":0.25,\"step\":100},{\"accuracy\":1.0,\"step\":200}]\n");
  EXPECT_EQ(stage.Read("curve.json"), "{\"loss\":[2.0,1.0],\"validation_accuracy\":[0.5]}\n");
  const LossCurves losses = ReadLossCurves(stage);
  ASSERT_EQ(losses.count("support"), 1u);
  EXPECT_THAT(losses.at("support"), ElementsAre(0.5, 0.25));
  EXPECT_THAT(losses.at("base"), IsEmpty()) << "a curve without steps is a curve";
  const std::vector<AccuracyPoint> points = ReadAccuracyCurve(stage);
  ASSERT_EQ(points.size(), 2u);
  EXPECT_EQ(points[1].step, 200);
  EXPECT_EQ(points[0].accuracy, 0.25);
}

TEST_F(TrainingCurvesTest, AreEmptyWhereThereAreNone) {
  const CompletedStage stage = Finish([](StageWriter& writer) { writer.Put("a.bin", "x"); });
  EXPECT_TRUE(ReadLossCurves(stage).empty());
  EXPECT_TRUE(ReadAccuracyCurve(stage).empty());
}

}  // namespace
}  // namespace tint
