// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/training_checkpoint.h"

#include <ATen/ATen.h>

#include "prelude.h"

namespace tint {
namespace {

TEST(TrainingCheckpoint, KeepsGroupsNumbersAndTensors) {
  TrainingCheckpoint checkpoint;
  checkpoint.AddGroup("momentum", {{"conv.weight", at::ones({2})}, {"bias", at::zeros({1})}});
  checkpoint.AddGroup("best", {{"bias", at::full({1}, 3.0)}});
  checkpoint.AddNumbers("losses", {});
  checkpoint.AddNumbers("accuracies", {0.25, 0.5});
  checkpoint.Add("step", at::full({1}, 7, at::kLong));
  const TrainingCheckpoint read = TrainingCheckpoint::Parse(checkpoint.Serialize());
  const NamedTensors momentum = read.Group("momentum");
  ASSERT_EQ(momentum.size(), 2u);
  EXPECT_TRUE(momentum.at("conv.weight").equal(at::ones({2})));
  EXPECT_EQ(read.Group("best").at("bias").item<double>(), 3.0);
  EXPECT_TRUE(read.Group("moment").empty()) << "a group's name is whole";
  EXPECT_THAT(read.Numbers("losses"), IsEmpty());
  EXPECT_THAT(read.Numbers("accuracies"), ElementsAre(0.25, 0.5));
  EXPECT_TRUE(read.Has("step"));
  EXPECT_FALSE(read.Has("bank"));
  EXPECT_EQ(read.Get("step").item<int64_t>(), 7);
}

// The layout that the header documents.
TEST(TrainingCheckpoint, PutsA0BeforeNumbersAndAPointAfterTheGroup) {
  TrainingCheckpoint checkpoint;
  checkpoint.AddGroup("momentum", {{"bias", at::zeros({1})}});
  checkpoint.AddNumbers("losses", {0.5});
  const NamedTensors tensors = ParseSafetensors(checkpoint.Serialize(), "x");
  ASSERT_EQ(tensors.size(), 2u);
  EXPECT_EQ(tensors.count("momentum.bias"), 1u);
  EXPECT_TRUE(tensors.at("losses").equal(at::tensor({0.0, 0.5}, at::kDouble)));
}

}  // namespace
}  // namespace tint
