// SPDX-License-Identifier: Apache-2.0
#include "tint/fewshot/meta_train.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/csrc/jit/api/module.h>

#include "files.h"
#include "tensor_matchers.h"
#include "tint/base/error.h"

namespace tint {
namespace {

using testing::TensorNear;

// A teacher of mean colours, mixed by a matrix: enough to separate classes of colours, once the matrix is trained.
ScriptModule Teacher() {
  torch::jit::Module module("__torch__.Teacher");
  module.register_attribute("training", c10::BoolType::get(), true);
  at::manual_seed(4);
  module.register_parameter("mix", (at::randn({3, 6}) * 0.5).set_requires_grad(true), false);
  module.define("def forward(self, x: Tensor) -> Tensor:\n    return torch.mm(torch.mean(x, [2, 3]), self.mix)\n");
  return ScriptModule(module, "teacher.pt");
}

// Six classes that differ in colour by little, beside a common hue that changes with each image.
MetaTrainData Colours() {
  at::manual_seed(8);
  MetaTrainData data;
  data.input = {.input_size = 16, .resize_rule = "bilinear", .mean = {0.5, 0.5, 0.5}, .std = {0.25, 0.25, 0.25}};
  const at::Tensor own = at::randn({6, 3}) * 12;
  for (int64_t c = 0; c < 6; ++c) {
    const at::Tensor hue = at::randn({30, 1}) * 40 * at::ones({1, 3});
    data.classes.push_back((128 + own[c] + hue + at::randn({30, 3}) * 2)
                               .clamp(0, 255)
                               .to(at::kByte)
                               .reshape({30, 3, 1, 1})
                               .expand({30, 3, 16, 16})
                               .contiguous());
  }
  data.validate = [](const ScriptModule&) { return 0.5; };
  return data;
}

MetaTrainOptions Short() {
  MetaTrainOptions options;
  options.epochs = 3;
  options.episodes = 40;
  options.queries = 5;
  options.learning_rate = 0.02;
  options.color_jitter = 0;
  return options;
}

MetaTrainState Start() {
  MetaTrainState state;
  state.teacher = Teacher();
  state.scale = at::full({1}, 10.0, at::kFloat);
  return state;
}

TEST(MetaTrain, LearnsAndResumesWithTheSameBits) {
  const MetaTrainData data = Colours();
  for (const MetaOptimizer optimizer : {MetaOptimizer::kAdam, MetaOptimizer::kSgd}) {
    MetaTrainOptions options = Short();
    options.optimizer = optimizer;
    MetaTrainState whole = Start();
    RunMetaTrain(data, options, 1, &whole, {});
    ASSERT_EQ(whole.losses.size(), 3u);
    EXPECT_LT(whole.losses[2], 0.7 * whole.losses[0]) << ToString(optimizer);
    EXPECT_NE(whole.scale.item<float>(), 10.0F) << "the scale is learned";
    MetaTrainState parts = Start();
    struct Stop {};
    for (bool done = false; !done;) {
      try {
        RunMetaTrain(data, options, 1, &parts, [&](const MetaTrainState& now) {
          if (now.step % 7 == 0) throw Stop();
        });
        done = true;
      } catch (const Stop&) {
      }
    }
    EXPECT_THAT(parts.teacher.Parameters()[0].second.detach(),
                TensorNear(whole.teacher.Parameters()[0].second.detach(), 0));
    EXPECT_EQ(parts.accuracies.size(), whole.accuracies.size());
  }
}

TEST(MetaTrain, KeepsTheBestAndCountsTheUntrainedAsEpochZero) {
  MetaTrainData data = Colours();
  const std::vector<double> accuracies = {0.4, 0.7, 0.6, 0.7};
  size_t validations = 0;
  data.validate = [&](const ScriptModule&) { return accuracies[validations++]; };
  MetaTrainState state = Start();
  RunMetaTrain(data, Short(), 1, &state, {});
  EXPECT_EQ(state.accuracies, accuracies);
  EXPECT_EQ(state.best_epoch, 1);
  EXPECT_EQ(state.best_accuracy, 0.7);
  EXPECT_FALSE(state.best.at("mix").equal(Teacher().Parameters()[0].second.detach()));
}

// docs/method.md, Meta-training of the teacher.
TEST(MetaTrain, FailsBelowTheAccuracyOfTheUntrainedTeacher) {
  MetaTrainData data = Colours();
  size_t validations = 0;
  data.validate = [&](const ScriptModule&) { return validations++ == 0 ? 0.62 : 0.31; };
  MetaTrainState state = Start();
  EXPECT_THAT(
      testing::CatchError([&] { RunMetaTrain(data, Short(), 1, &state, {}); }),
      testing::FailsWith(ExitCode::kInternal,
                         ::testing::HasSubstr("31.00 %, is below the untrained teacher's, 62.00 %: training has "
                                              "collapsed")));
}

// PMF's released code: epochs 0 and 1 both run at 1e-6, the peak is 6.2177e-6.
TEST(MetaTrainOptions, PmfsScheduleIsThePublishedOne) {
  MetaTrainOptions options;
  OptionList list;
  options.Declare(list);
  for (Option& option : list.options()) {
    if (option.presets().count("pmf") == 0) continue;
    ASSERT_EQ(option.SetFromJson(option.presets().at("pmf")), "");
  }
  EXPECT_EQ(options.optimizer, MetaOptimizer::kSgd);
  EXPECT_EQ(options.episodes, 2000);
  EXPECT_EQ(options.weight_decay, 0);
  EXPECT_EQ(MetaTrainRate(options, 0), 1e-6);
  EXPECT_EQ(MetaTrainRate(options, 1), 1e-6);
  double highest = 0;
  for (int64_t epoch = 0; epoch < 100; ++epoch) highest = std::max(highest, MetaTrainRate(options, epoch));
  EXPECT_NEAR(highest, 6.2177e-6, 1e-10);
  EXPECT_NEAR(MetaTrainRate({}, 0), 3e-3, 1e-12);
  EXPECT_NEAR(MetaTrainRate({}, 50), 1.5e-3, 1e-12);
}

TEST(RandomResizedCrop, KeepsShareAndRatioInBounds) {
  // Columns and rows show which part was cropped.
  const at::Tensor rows = at::arange(60).reshape({1, 60, 1}).expand({1, 60, 60}), columns = rows.transpose(1, 2);
  const at::Tensor image = at::cat({rows, columns, rows}).to(at::kByte).contiguous();
  double least = 1, most = 0;
  for (uint64_t k = 0; k < 300; ++k) {
    RandomStream stream({2, "crop", 0, 0, k});
    const at::Tensor crop = RandomResizedCrop(image, 120, 0.2, stream);
    ASSERT_EQ(crop.sizes(), (std::vector<int64_t>{3, 120, 120}));
    const double height = (crop[0].amax() - crop[0].amin()).item<double>() + 1;
    const double width = (crop[1].amax() - crop[1].amin()).item<double>() + 1;
    EXPECT_GE(width / height, 0.70);
    EXPECT_LE(width / height, 1.42);
    least = std::min(least, height * width / 3600);
    most = std::max(most, height * width / 3600);
  }
  EXPECT_GE(least, 0.17);
  EXPECT_LT(least, 0.3);
  EXPECT_GT(most, 0.85);
}

}  // namespace
}  // namespace tint
