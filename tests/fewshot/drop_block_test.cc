// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tint/fewshot/student.h"

namespace tint {
namespace {

ScriptModule ResNet12(double rate, int64_t block = 5) {
  StudentSpec spec;
  spec.architecture = "resnet12";
  spec.resnet12_widths = {8, 8, 8, 8};
  spec.drop_rate = rate;
  spec.drop_block = block;
  return BuildBackbone(spec, RandomStream({1, "student", 0, 0, 0}));
}

void CountSteps(const ScriptModule& module, int64_t steps) {
  for (const auto& [name, buffer] : module.Buffers())
    if (name == "drop_steps") buffer.fill_(steps);
}

at::Tensor Train(const ScriptModule& module, int64_t seed) {
  module.SetTraining(true);
  at::manual_seed(static_cast<uint64_t>(seed));
  return module.Call("forward",
                     {at::arange(2 * 3 * 84 * 84).reshape({2, 3, 84, 84}).remainder(97).to(at::kFloat) / 97});
}

TEST(DropBlock, IsDrawnFromTheSeedInTrainingAloneAndSwitchedByItsRate) {
  const ScriptModule module = ResNet12(0.5);
  CountSteps(module, 1'000'000);
  const at::Tensor first = Train(module, 1);
  EXPECT_TRUE(Train(module, 1).equal(first));
  EXPECT_FALSE(Train(module, 2).equal(first));
  SetDropRate(module, 0);
  EXPECT_TRUE(Train(module, 1).equal(Train(module, 2)));
  SetDropRate(module, 0.5);
  module.SetTraining(false);
  const at::Tensor image = at::ones({1, 3, 84, 84});
  EXPECT_TRUE(module.Call("forward", {image}).equal(module.Call("forward", {image})));
}

// Training steps are counted, and nothing in evaluation.
TEST(DropBlock, CountsTrainingSteps) {
  const ScriptModule module = ResNet12(0.1);
  Train(module, 1);
  Train(module, 2);
  module.SetTraining(false);
  module.Call("forward", {at::ones({1, 3, 84, 84})});
  for (const auto& [name, buffer] : module.Buffers()) {
    if (name == "drop_steps") {
      EXPECT_EQ(buffer.item<int64_t>(), 2);
    }
  }
}

// At side 5 with blocks of 5 there is one place a block can lie: a channel of the last stage is dropped whole or not at
// all, with the probability (1 - keep) / 25 * 25 / 1, and what is left is scaled up.
TEST(DropBlock, DropsWholeBlocksWithTheProbabilityOfItsPaper) {
  const ScriptModule module = ResNet12(0.9);
  CountSteps(module, 1'000'000);
  int64_t dropped = 0, all = 0;
  for (int64_t seed = 0; seed < 40; ++seed) {
    const at::Tensor features = Train(module, seed);
    dropped += features.eq(0).sum().item<int64_t>();
    all += features.numel();
  }
  // 640 draws of 0.9: four standard deviations are 0.05. A channel may also be 0 by itself: never less.
  EXPECT_GE(static_cast<double>(dropped) / static_cast<double>(all), 0.85);
  CountSteps(module, 0);
  module.SetTraining(true);
  EXPECT_LT(Train(module, 1).eq(0).sum().item<int64_t>(), 16)
      << "at the first step next to nothing is dropped in blocks";
}

TEST(DropBlock, Conv4HasNone) {
  const ScriptModule module = BuildBackbone({}, RandomStream({1, "student", 0, 0, 0}));
  SetDropRate(module, 0.5);
  EXPECT_TRUE(Train(module, 1).equal(Train(module, 2)));
}

}  // namespace
}  // namespace tint
