// SPDX-License-Identifier: Apache-2.0
#include "tint/fewshot/pretrain.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "pretrain_losses.h"
#include "pretrain_views.h"
#include "tensor_matchers.h"
#include "tint/fewshot/methods.h"
#include "toy_world.h"

namespace tint {
namespace {

using testing::TensorNear;

std::vector<RandomStream> Streams(int64_t count) {
  std::vector<RandomStream> streams;
  for (int64_t b = 0; b < count; ++b) streams.emplace_back(StreamKey{5, "test", 0, 0, static_cast<uint64_t>(b)});
  return streams;
}

AugmentationOptions Calm() {
  AugmentationOptions calm;
  calm.crop_padding = 0;
  calm.color_jitter = 0;
  calm.flip_probability = 0;
  return calm;
}

// IER's views: row m B ... (m + 1) B - 1 holds view m = 4 k + r; r quarter turns (90: transpose, then flip H).
TEST(PretrainViews, AreOrderedAndRotatedAsInThePaper) {
  at::manual_seed(1);
  const at::Tensor images = at::randint(0, 256, {2, 3, 12, 12}, at::kByte);
  auto streams = Streams(2);
  const at::Tensor views = internal::MakeViews(images, Calm(), streams);
  ASSERT_EQ(views.sizes(), (std::vector<int64_t>{32, 3, 12, 12}));
  EXPECT_TRUE(views.narrow(0, 0, 2).equal(images));
  EXPECT_TRUE(views.narrow(0, 2, 2).equal(images.transpose(2, 3).flip({2})));
  EXPECT_TRUE(views.narrow(0, 4, 2).equal(images.flip({2, 3})));
  EXPECT_TRUE(views.narrow(0, 6, 2).equal(images.flip({2}).transpose(2, 3)));
  for (int64_t crop = 1; crop < 4; ++crop) {
    const at::Tensor upright = views.narrow(0, 8 * crop, 2);
    EXPECT_FALSE(upright.equal(images));
    EXPECT_TRUE(views.narrow(0, 8 * crop + 4, 2).equal(upright.flip({2, 3})));
  }
}

TEST(PretrainViews, AreTheSameWithAnyNumberOfThreads) {
  at::manual_seed(1);
  const at::Tensor images = at::randint(0, 256, {5, 3, 32, 32}, at::kByte);
  auto streams = Streams(5);
  const at::Tensor alone = internal::MakeViews(images, {}, streams);
  for (const int threads : {1, 2, 3, 8})
    EXPECT_TRUE(internal::MakeViewsInThreads(images, {}, Streams(5), threads).equal(alone)) << threads;
}

// An image whose value is its row: crops of less height stretch it, crops of less width leave it.
TEST(PretrainViews, CutTwoThirdsOfTheSides) {
  const at::Tensor images =
      (at::arange(84) * 3).to(at::kByte).reshape({1, 1, 84, 1}).expand({1, 3, 84, 84}).contiguous();
  auto streams = Streams(1);
  const at::Tensor views = internal::MakeViews(images, Calm(), streams).to(at::kFloat);
  const auto spread = [&](int64_t crop, int64_t dimension) {
    const at::Tensor view = views[4 * crop][0];
    return (view.amax() - view.amin()).item<double>() * (dimension == 0 ? 1.0 : 0.0) +
           (view.amax(1) - view.amin(1)).max().item<double>() * (dimension == 1 ? 1.0 : 0.0);
  };
  EXPECT_EQ(spread(0, 0), 83 * 3);
  EXPECT_EQ(spread(1, 0), 55 * 3);  // 56 rows
  EXPECT_EQ(spread(2, 0), 83 * 3);
  EXPECT_EQ(spread(3, 0), 55 * 3);
  for (int64_t crop = 0; crop < 4; ++crop) EXPECT_EQ(spread(crop, 1), 0) << "columns are alike";
  EXPECT_EQ(internal::PartialSide(84), 56);
  EXPECT_EQ(internal::PartialSide(32), 22);
}

// The formula in double, number by number.
TEST(PretrainLosses, AreTheFormula) {
  at::manual_seed(2);
  const at::Tensor a = at::randn({3, 64}, at::kDouble), b = at::randn({3, 64}, at::kDouble);
  const at::Tensor negatives = at::randn({7, 64}, at::kDouble);
  const auto cosine = [](const at::Tensor& x, const at::Tensor& y) {
    return x.dot(y).item<double>() / ((x.norm().item<double>() + 1e-6) * (y.norm().item<double>() + 1e-6));
  };
  double expected = 0;
  for (int64_t i = 0; i < 3; ++i) {
    double others = 1e-6;
    for (int64_t n = 0; n < 7; ++n) others += std::exp(cosine(b[i], negatives[n]) / 0.5);
    const double positive = std::exp(cosine(a[i], b[i]) / 0.5);
    expected -= std::log(positive / (positive + others)) / 3;
  }
  EXPECT_NEAR(internal::ContrastiveLoss(a, b, negatives, 0.5).item<double>(), expected, 1e-12);
  const at::Tensor views = at::randn({48, 64}, at::kDouble);
  double total = internal::ContrastiveLoss(a, views.narrow(0, 0, 3), negatives, 1).item<double>();
  for (int64_t m = 1; m < 16; ++m)
    total += internal::ContrastiveLoss(views.narrow(0, 0, 3), views.narrow(0, 3 * m, 3), negatives, 1).item<double>();
  EXPECT_NEAR(internal::InvariantLoss(views, a, negatives, 1).item<double>(), total / 16, 1e-12);
}

TEST(PretrainOptions, TheLearningRateDecaysAfterTheGivenEpochs) {
  PretrainOptions options;
  EXPECT_EQ(PretrainLearningRate(options, 59), 0.05);
  EXPECT_NEAR(PretrainLearningRate(options, 60), 0.005, 1e-15);
  options.decay_epochs = "2,4";
  EXPECT_NEAR(PretrainLearningRate(options, 5), 0.0005, 1e-15);
  options.decay_epochs = "";
  EXPECT_EQ(PretrainLearningRate(options, 1000), 0.05);
}

// Four classes of coloured images of 32 pixels: what pre-training can learn.
PretrainData Colours() {
  at::manual_seed(9);
  PretrainData data;
  data.labels = at::arange(48).remainder(4);
  const at::Tensor colours = at::tensor({200, 40, 40, 40, 200, 40, 40, 40, 200, 200, 200, 40}).reshape({4, 3, 1, 1});
  data.images =
      (colours.index_select(0, data.labels) + at::randint(-40, 40, {48, 3, 32, 32})).clamp(0, 255).to(at::kByte);
  data.mean = {0.5, 0.5, 0.5};
  data.std = {0.25, 0.25, 0.25};
  return data;
}

PretrainOptions Short(PretrainRecipe recipe) {
  PretrainOptions options;
  options.recipe = recipe;
  options.epochs = 2;
  options.batch_size = recipe == PretrainRecipe::kIer ? 8 : 12;
  options.negatives = 16;
  options.augmentation = Calm();
  options.precision = TrainingPrecision::kFloat32;
  return options;
}

PretrainState Start(const PretrainOptions& options, const std::string& architecture = "conv4") {
  const StudentSpec spec = options.student.Spec(architecture, 32);
  PretrainState state;
  state.pretrainer = BuildPretrainer(BuildBackbone(spec, RandomStream({1, "student", 0, 0, 0})), FeatureWidth(spec), 4,
                                     options.recipe == PretrainRecipe::kIer, RandomStream({1, "heads", 0, 0, 0}));
  return state;
}

class PretrainByRecipe : public ::testing::TestWithParam<PretrainRecipe> {};

TEST_P(PretrainByRecipe, LearnsAndKeepsTheBestAndGoesOnWithTheSameBits) {
  PretrainData data = Colours();
  PretrainOptions options = Short(GetParam());
  options.epochs = 4;
  if (options.recipe == PretrainRecipe::kIer)
    options.learning_rate = 0.01;  // 6 steps an epoch: the contrast has hardly begun
  const std::vector<double> accuracies = {0.3, 0.9, 0.5, 0.9};
  size_t validations = 0;
  std::map<std::string, at::Tensor> best_seen;
  data.validate = [&](const ScriptModule& backbone) {
    if (validations == 1) {
      for (const auto& [name, tensor] : backbone.Parameters()) best_seen[name] = tensor.detach().clone();
    }
    return accuracies[validations++];
  };
  PretrainState whole = Start(options);
  RunPretrain(data, options, 3, &whole, {});
  ASSERT_EQ(whole.losses.size(), 4u);
  EXPECT_LT(whole.losses[3], (options.recipe == PretrainRecipe::kIer ? 0.95 : 0.8) * whole.losses[0]);
  EXPECT_EQ(whole.accuracies, accuracies);
  EXPECT_EQ(whole.best_epoch, 1) << "the first of equals";
  for (const auto& [name, tensor] : best_seen) EXPECT_THAT(whole.best.at(name), TensorNear(tensor, 0)) << name;

  // Stopped after every step.
  validations = 0;
  PretrainState parts = Start(options);
  struct Stop {};
  for (bool done = false; !done;) {
    try {
      RunPretrain(data, options, 3, &parts, [](const PretrainState&) { throw Stop(); });
      done = true;
    } catch (const Stop&) {
    }
  }
  const auto expected = whole.pretrainer.Parameters(), found = parts.pretrainer.Parameters();
  for (size_t i = 0; i < expected.size(); ++i)
    EXPECT_THAT(found[i].second.detach(), TensorNear(expected[i].second.detach(), 0)) << expected[i].first;
  EXPECT_EQ(parts.losses, whole.losses);
}

INSTANTIATE_TEST_SUITE_P(Recipes, PretrainByRecipe,
                         ::testing::Values(PretrainRecipe::kCrossEntropy, PretrainRecipe::kIer));

TEST(Pretrain, StopsEarlyAfterPatience) {
  PretrainData data = Colours();
  PretrainOptions options = Short(PretrainRecipe::kCrossEntropy);
  options.epochs = 50;
  options.patience = 2;
  data.validate = [n = 0](const ScriptModule&) mutable { return n++ == 0 ? 0.5 : 0.4; };
  PretrainState state = Start(options);
  RunPretrain(data, options, 3, &state, {});
  EXPECT_EQ(state.accuracies.size(), 3u);
}

// Generation 1 that begins as its teacher differs from generation 0 by nothing but what batch statistics make; with
// another teacher its loss is larger.
TEST(Pretrain, GenerationOneFollowsItsTeacher) {
  for (const PretrainRecipe recipe : {PretrainRecipe::kCrossEntropy, PretrainRecipe::kIer}) {
    PretrainData data = Colours();
    data.validate = [](const ScriptModule&) { return 0.5; };
    PretrainOptions options = Short(recipe);
    options.epochs = 1;
    PretrainState generation_0 = Start(options);
    RunPretrain(data, options, 3, &generation_0, {});
    double losses[2];
    for (const int weight : {0, 1}) {
      data.teacher = generation_0.pretrainer.Clone();
      data.teacher.SetTraining(false);
      options.teacher_weight = weight;
      PretrainState generation_1 = Start(options);
      RunPretrain(data, options, 3, &generation_1, {});
      losses[weight] = generation_1.losses[0];
    }
    EXPECT_NEAR(losses[0], generation_0.losses[0], 1e-6) << ToString(recipe);
    EXPECT_GT(losses[1], losses[0] + 1e-3) << ToString(recipe);
  }
}

// With two groups of views the running statistics follow the first alone.
TEST(Pretrain, HalvesOfTheViewsMayHaveSeparateStatistics) {
  PretrainData data = Colours();
  data.validate = [](const ScriptModule&) { return 0.5; };
  std::vector<at::Tensor> means;
  for (const BatchStatistics batch_norm : {BatchStatistics::kShared, BatchStatistics::kPerSource}) {
    PretrainOptions options = Short(PretrainRecipe::kIer);
    options.epochs = 1;
    options.batch_norm = batch_norm;
    PretrainState state = Start(options);
    RunPretrain(data, options, 3, &state, {});
    for (const auto& [name, buffer] : state.pretrainer.Buffers())
      if (name == "backbone.norm1_mean") means.push_back(buffer.clone());
    for (const auto& [name, parameter] : state.pretrainer.Parameters())
      EXPECT_TRUE(at::isfinite(parameter).all().item<bool>()) << name;
  }
  ASSERT_EQ(means.size(), 2u);
  EXPECT_FALSE(means[0].equal(means[1]));
}

// bfloat16 arithmetic anywhere, float32 weights: near the float32 loss, not equal to it.
TEST(Pretrain, Bfloat16IsNear) {
  double losses[2];
  for (const int half : {0, 1}) {
    PretrainData data = Colours();
    data.validate = [](const ScriptModule&) { return 0.5; };
    PretrainOptions options = Short(PretrainRecipe::kCrossEntropy);
    options.epochs = 1;
    options.precision = half == 1 ? TrainingPrecision::kBfloat16 : TrainingPrecision::kFloat32;
    PretrainState state = Start(options);
    RunPretrain(data, options, 3, &state, {});
    losses[half] = state.losses[0];
    EXPECT_EQ(state.pretrainer.dtype(), at::kFloat);
  }
  EXPECT_NE(losses[0], losses[1]);
  EXPECT_NEAR(losses[0], losses[1], 0.1 * losses[0]);
}

}  // namespace
}  // namespace tint
