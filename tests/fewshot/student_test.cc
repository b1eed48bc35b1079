// SPDX-License-Identifier: Apache-2.0
#include "tint/fewshot/student.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tensor_matchers.h"
#include "tint/fewshot/student_options.h"
#include "tint/models/flops.h"

namespace tint {
namespace {

using testing::TensorEquals;
using testing::TensorNear;

RandomStream Stream(uint64_t seed = 1) { return RandomStream({seed, "student test"}); }

StudentSpec Spec(const std::string& architecture) {
  StudentSpec spec;
  spec.architecture = architecture;
  return spec;
}

StudentSpec UpstreamResNet12() {
  StudentSpec spec = Spec("resnet12");
  spec.resnet12_widths = {64, 160, 320, 640};
  spec.activation = ResNet12Activation::kLeakyRelu;
  return spec;
}

at::Tensor Parameter(const ScriptModule& module, const std::string& name) {
  for (const auto& [found, value] : module.Parameters()) {
    if (found == name) return value.detach();
  }
  ADD_FAILURE() << "no parameter named " << name;
  return {};
}

// docs/method.md, Students.
TEST(Student, ParameterCounts) {
  EXPECT_EQ(CountParameters(BuildBackbone(Spec("conv4"), Stream())), 113'088);
  const ScriptModule resnet12 = BuildBackbone(Spec("resnet12"), Stream());
  EXPECT_EQ(CountParameters(resnet12), 7'996'800);
  EXPECT_EQ(CountParameters(BuildClassifier(resnet12, 512, 5, true, Stream())), 7'999'365);
  EXPECT_EQ(CountParameters(BuildBackbone(UpstreamResNet12(), Stream())), 12'424'320);
}

// A block from I to O channels: 9 (I + 2 O) O weights, I O of the shortcut, four normalisations.
TEST(Student, ResNet12TakesAnyWidths) {
  StudentOptions options;
  options.resnet12_widths = "16-32-48-64";
  const StudentSpec spec = options.Spec("resnet12", 32);
  EXPECT_EQ(FeatureWidth(spec), 64);
  EXPECT_EQ(CountParameters(BuildBackbone(spec, Stream())), 5'216 + 23'808 + 57'216 + 104'960);
}

// docs/method.md, Students.
TEST(Student, Conv4HeadsHaveTheirPublishedSizes) {
  StudentSpec flatten = Spec("conv4"), gap = flatten;
  gap.conv4_head = Conv4Head::kGap;
  EXPECT_EQ(FeatureWidth(flatten), 1600);
  EXPECT_EQ(FeatureWidth(gap), 64);
  const ScriptModule flat_classifier = BuildClassifier(BuildBackbone(flatten, Stream()), 1600, 5, true, Stream());
  EXPECT_EQ(CountParameters(flat_classifier), 121'093);
  EXPECT_EQ(CountParameters(BuildClassifier(BuildBackbone(gap, Stream()), 64, 5, true, Stream())), 113'413);
  flatten.image_size = 32;
  EXPECT_EQ(FeatureWidth(flatten), 256);
}

TEST(Student, FeaturesHaveTheStatedWidth) {
  const c10::NoGradGuard no_grad;
  for (const int64_t side : {84, 32}) {
    for (StudentSpec spec : {Spec("conv4"), Spec("resnet12"), UpstreamResNet12()}) {
      spec.image_size = side;
      const at::Tensor features = BuildBackbone(spec, Stream()).Call("forward", {at::ones({2, 3, side, side})});
      EXPECT_EQ(features.sizes(), (std::vector<int64_t>{2, FeatureWidth(spec)})) << spec.architecture << side;
    }
    StudentSpec gap = Spec("conv4");
    gap.conv4_head = Conv4Head::kGap;
    EXPECT_EQ(BuildBackbone(gap, Stream()).Call("forward", {at::ones({2, 3, side, side})}).size(1), 64);
  }
}

// Four 3x3 convolutions at 84, 42, 21 and 10 pixels: 2 * 9 * 64 * (3 * 84^2 + 64 * (42^2 + 21^2 + 10^2)) = 0.194 GFLOP.
TEST(Student, Conv4FlopsAreTheClosedForm) {
  const ScriptModule conv4 = BuildBackbone(Spec("conv4"), Stream());
  const int64_t flops = CountFlops([&] { conv4.Call("forward", {at::ones({1, 3, 84, 84})}); });
  EXPECT_EQ(flops, 2 * 9 * 64 * (3 * 84 * 84 + 64 * (42 * 42 + 21 * 21 + 10 * 10)));
  EXPECT_NEAR(static_cast<double>(flops), 0.194e9, 0.001e9);
}

// Against the formulas written with ATen's own operators.
TEST(Student, Conv4EqualsItsDefinition) {
  const c10::NoGradGuard no_grad;
  const ScriptModule conv4 = BuildBackbone(Spec("conv4"), Stream());
  conv4.SetTraining(false);
  at::Tensor x = Stream(2).Normal({2, 3, 84, 84});
  const at::Tensor found = conv4.Call("forward", {x});
  for (const std::string number : {"1", "2", "3", "4"}) {
    x = at::conv2d(x, Parameter(conv4, "conv" + number + "_weight"), Parameter(conv4, "conv" + number + "_bias"), 1, 1);
    x = at::max_pool2d(at::relu(x / std::sqrt(1 + 1e-5)), 2);  // BatchNorm with mean 0, variance 1
  }
  EXPECT_THAT(found, TensorNear(x.flatten(1), 1e-4, 1e-4));
}

TEST(Student, ResNet12EqualsItsDefinition) {
  const c10::NoGradGuard no_grad;
  const ScriptModule net = BuildBackbone(UpstreamResNet12(), Stream());
  net.SetTraining(false);
  at::Tensor x = Stream(2).Normal({2, 3, 32, 32});
  const at::Tensor found = net.Call("forward", {x});
  const double norm = 1 / std::sqrt(1 + 1e-5);
  for (const std::string block : {"block1_", "block2_", "block3_", "block4_"}) {
    const at::Tensor shortcut = at::conv2d(x, Parameter(net, block + "shortcut_weight")) * norm;
    x = at::leaky_relu(at::conv2d(x, Parameter(net, block + "conv1_weight"), {}, 1, 1) * norm, 0.1);
    x = at::leaky_relu(at::conv2d(x, Parameter(net, block + "conv2_weight"), {}, 1, 1) * norm, 0.1);
    x = at::conv2d(x, Parameter(net, block + "conv3_weight"), {}, 1, 1) * norm;
    x = at::max_pool2d(at::leaky_relu(x + shortcut, 0.1), 2);
  }
  EXPECT_THAT(found, TensorNear(x.mean(at::IntArrayRef{2, 3}), 1e-3, 1e-3));
}

// Kaiming normal fan_out: standard deviation gain / sqrt(outputs * 9), gain^2 = 2 or 2 / 1.01.
TEST(Student, InitialWeightsHaveKaimingsDeviation) {
  const ScriptModule conv4 = BuildBackbone(Spec("conv4"), Stream()), net = BuildBackbone(UpstreamResNet12(), Stream());
  const at::Tensor conv = Parameter(conv4, "conv2_weight"), deep = Parameter(net, "block4_conv3_weight");
  EXPECT_NEAR(conv.std().item<double>(), std::sqrt(2 / (64 * 9.0)), 0.01 * std::sqrt(2 / (64 * 9.0)));
  EXPECT_NEAR(deep.std().item<double>(), std::sqrt(2 / 1.01 / (640 * 9)), 0.005 * std::sqrt(2.0 / (640 * 9)));
  EXPECT_THAT(Parameter(conv4, "conv1_bias"), TensorEquals(at::zeros({64})));
  EXPECT_THAT(Parameter(conv4, "norm1_weight"), TensorEquals(at::ones({64})));
}

TEST(Student, SameStreamSameBytes) {
  const std::string bytes = BuildBackbone(Spec("conv4"), Stream()).ToBytes();
  EXPECT_EQ(bytes, BuildBackbone(Spec("conv4"), Stream()).ToBytes());
  EXPECT_NE(bytes, BuildBackbone(Spec("conv4"), Stream(9)).ToBytes());
}

TEST(Student, TrainingUpdatesRunningStatisticsAndEvaluationDoesNot) {
  const ScriptModule conv4 = BuildBackbone(Spec("conv4"), Stream());
  const at::Tensor x = Stream(2).Normal({8, 3, 84, 84}) + 1;
  auto running_mean = [&] { return conv4.Buffers()[0].second.clone(); };
  conv4.SetTraining(false);
  conv4.Call("forward", {x});
  EXPECT_THAT(running_mean(), TensorEquals(at::zeros({64})));
  conv4.SetTraining(true);
  conv4.Call("forward", {x});
  const at::Tensor first = at::conv2d(x, Parameter(conv4, "conv1_weight"), Parameter(conv4, "conv1_bias"), 1, 1);
  EXPECT_THAT(running_mean(), TensorNear(0.1 * first.mean(at::IntArrayRef{0, 2, 3}), 1e-5));
}

TEST(Classifier, NormalisesFeaturesBeforeTheLinearLayer) {
  const c10::NoGradGuard no_grad;
  const ScriptModule backbone = BuildBackbone(Spec("conv4"), Stream());
  const at::Tensor x = Stream(2).Normal({3, 3, 84, 84});
  for (const bool normalize : {true, false}) {
    const ScriptModule classifier = BuildClassifier(backbone, 1600, 4, normalize, Stream(5));
    classifier.SetTraining(false);
    at::Tensor features = classifier.Call("features", {x});
    EXPECT_EQ(features.sizes(), (std::vector<int64_t>{3, 1600}));
    if (normalize) features = features / features.norm(2, 1, true);
    const at::Tensor expected = at::linear(features, Parameter(classifier, "weight"), Parameter(classifier, "bias"));
    EXPECT_THAT(classifier.Call("forward", {x}), TensorNear(expected, 1e-5, 1e-5));
  }
}

TEST(Classifier, HeadIsUniformWithinOneOverRootOfWidth) {
  const ScriptModule classifier = BuildClassifier(BuildBackbone(Spec("conv4"), Stream()), 1600, 5, true, Stream(5));
  const at::Tensor weight = Parameter(classifier, "weight");
  EXPECT_LE(weight.abs().max().item<double>(), 1 / 40.0);
  EXPECT_NEAR(weight.std().item<double>(), 1 / 40.0 / std::sqrt(3.0), 2e-4);
  EXPECT_LE(Parameter(classifier, "bias").abs().max().item<double>(), 1 / 40.0);
}

TEST(Classifier, OwnsACopyOfTheBackbone) {
  const ScriptModule backbone = BuildBackbone(Spec("conv4"), Stream());
  const ScriptModule classifier = BuildClassifier(backbone, 1600, 5, true, Stream(5));
  Parameter(classifier, "backbone.conv1_weight").zero_();
  EXPECT_GT(Parameter(backbone, "conv1_weight").abs().max().item<double>(), 0);
}

TEST(Classifier, ReloadedFromBytesSavesTheSameBytesAndTrains) {
  const c10::Device cpu(c10::kCPU);
  const ScriptModule loaded_backbone =
      ScriptModule::FromBytes(BuildBackbone(Spec("conv4"), Stream()).ToBytes(), "student-conv4.pt", cpu);
  const ScriptModule classifier = BuildClassifier(loaded_backbone, 1600, 5, true, Stream(5));
  const std::string bytes = classifier.ToBytes();
  EXPECT_EQ(bytes, BuildClassifier(BuildBackbone(Spec("conv4"), Stream()), 1600, 5, true, Stream(5)).ToBytes());
  const ScriptModule loaded = ScriptModule::FromBytes(bytes, "student.pt", cpu);
  EXPECT_EQ(loaded.ToBytes(), bytes);
  EXPECT_TRUE(loaded.Call("forward", {at::ones({2, 3, 84, 84})}).requires_grad());
}

}  // namespace
}  // namespace tint
