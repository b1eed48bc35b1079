// SPDX-License-Identifier: Apache-2.0
#include "tint/fewshot/teacher.h"

#include <ATen/ATen.h>
#include <torch/csrc/jit/api/module.h>

#include <cmath>

#include "prelude.h"
#include "tensor_matchers.h"
#include "tint/tensor/random.h"

namespace tint {
namespace {

using testing::TensorEquals;
using testing::TensorNear;

const c10::Device kCpu(c10::kCPU);

// A strided convolution and a mean: features depend on the image in a way that a batch could augment.
Teacher SmallTeacher() {
  torch::jit::Module module("__torch__.Teacher");
  module.register_parameter("weight", RandomStream({1, "teacher"}).Normal({8, 3, 4, 4}), false);
  module.define(
      "def forward(self, x: Tensor) -> Tensor:\n"
      "  return torch.mean(torch.relu(torch.conv2d(x, self.weight, None, [4, 4])), [2, 3])\n");
  TeacherConfig facts;
  facts.input.input_size = 32;
  facts.feature_width = 8;
  return Teacher(ScriptModule(module, "teacher.pt"), facts);
}

at::Tensor Images(int64_t count) {
  return (RandomStream({2, "images"}).Uniform({count, 3, 20, 20}) * 255).to(at::kByte);
}

TEST(TeacherFeatures, DoNotDependOnTheRestOfTheBatch) {
  const Teacher teacher = SmallTeacher();
  const at::Tensor images = Images(2 * kTeacherBatch + 3);
  const at::Tensor all = TeacherFeatures(teacher, images, kCpu);
  EXPECT_EQ(all.sizes(), (std::vector<int64_t>{2 * kTeacherBatch + 3, 8}));
  for (const int64_t i : {0, 5, 17, 34}) {
    EXPECT_THAT(TeacherFeatures(teacher, images.narrow(0, i, 1), kCpu), TensorEquals(all.narrow(0, i, 1))) << i;
  }
}

TEST(TeacherFeatures, BytesAndFractionsAgreeAndBatchesAreReported) {
  const Teacher teacher = SmallTeacher();
  const at::Tensor images = Images(20);
  std::vector<int64_t> reports;
  const at::Tensor features = TeacherFeatures(teacher, images, kCpu, [&](int64_t done) { reports.push_back(done); });
  EXPECT_THAT(TeacherFeatures(teacher, images.to(at::kFloat) / 255, kCpu), TensorEquals(features));
  EXPECT_EQ(reports, (std::vector<int64_t>{16, 20}));
}

TEST(Prototypes, AreMeansOfRawFeatures) {
  const at::Tensor features = at::tensor({1.0, 0.0, 3.0, 0.0, 0.0, 5.0, 2.0, 6.0}).reshape({4, 2});
  const at::Tensor labels = at::tensor({1, 1, 0, 1}, at::kLong);
  EXPECT_THAT(Prototypes(features, labels, 2), TensorNear(at::tensor({0.0, 5.0, 2.0, 2.0}).reshape({2, 2}), 1e-6));
}

TEST(Prototypes, ClassWithoutSupportIsAnInternalError) {
  const at::Tensor labels = at::tensor({0, 2}, at::kLong);
  EXPECT_THAT(CatchError([&] {
                Prototypes(at::ones({2, 3}), labels, 3);
              }),
              FailsWith(ExitCode::kInternal, HasSubstr("no support of class 1")));
}

TEST(CosineLogits, KnownAngles) {
  const at::Tensor features = at::tensor({2.0, 0.0, 0.0, 3.0, 5.0, 5.0}).reshape({3, 2});
  const at::Tensor prototypes = at::tensor({4.0, 0.0, 0.0, 0.5}).reshape({2, 2});
  const double half = std::sqrt(0.5);
  const at::Tensor expected = 10 * (at::tensor({1.0, 0.0, 0.0, 1.0, half, half}).reshape({3, 2}) + 0.1);
  EXPECT_THAT(CosineLogits(features, prototypes, 10, 0.1), TensorNear(expected, 1e-5));
}

TEST(CosineLogits, IgnoreLengthsAndAreFiniteForZero) {
  RandomStream stream({3, "cosine"});
  const at::Tensor features = stream.Normal({5, 7}), prototypes = stream.Normal({3, 7});
  EXPECT_THAT(CosineLogits(features * 8, prototypes / 4, 10, 0),
              TensorNear(CosineLogits(features, prototypes, 10, 0), 1e-5));
  EXPECT_THAT(CosineLogits(at::zeros({1, 7}), prototypes, 10, 0), TensorEquals(at::zeros({1, 3})));
}

// With the prototypes of the classes exchanged, each image points at another class.
TEST(CosineLogits, AreLargestForTheNearestPrototype) {
  const at::Tensor prototypes = at::eye(3), features = at::eye(3) + 0.1;
  EXPECT_THAT(CosineLogits(features, prototypes, 10, 0).argmax(1), TensorEquals(at::tensor({0, 1, 2}, at::kLong)));
  EXPECT_THAT(CosineLogits(features, at::roll(prototypes, {1}, {0}), 10, 0).argmax(1),
              TensorEquals(at::tensor({1, 2, 0}, at::kLong)));
}

// Two classes, every query nearer its own prototype by 0.2 or, one time in four, nearer the other's: softmax says 3/4
// where sigmoid(0.2 s) = 3/4.
std::vector<at::Tensor> ThreeOfFour(double gap) {
  return {gap * at::tensor({1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0}).reshape({4, 2})};
}
const std::vector<at::Tensor>& ThreeOfFourLabels() {
  static const std::vector<at::Tensor> labels = {at::tensor({0, 1, 0, 1}, at::kLong)};
  return labels;
}

TEST(CalibrateScale, IsTheLogitOfTheAccuracy) {
  EXPECT_NEAR(CalibrateScale(ThreeOfFour(0.2), ThreeOfFourLabels()), std::log(3.0) / 0.2, 1e-4);
  EXPECT_NEAR(CalibrateScale(ThreeOfFour(0.02), ThreeOfFourLabels()), std::log(3.0) / 0.02, 1e-3);
  // -3/4 log 3/4 - 1/4 log 1/4
  EXPECT_NEAR(MeanCrossEntropy(ThreeOfFour(0.2), ThreeOfFourLabels(), std::log(3.0) / 0.2), 0.5623351446188083, 1e-9);
  EXPECT_NEAR(MeanCrossEntropy(ThreeOfFour(0.2), ThreeOfFourLabels(), 0), std::log(2.0), 1e-12);
}

TEST(CalibrateScale, IsTheSmallestOfItsNeighbourhoodAlsoForUnequalEpisodes) {
  RandomStream stream({4, "scale"});
  const std::vector<at::Tensor> labels = {at::arange(30).remainder(3), at::arange(50).remainder(5)};
  std::vector<at::Tensor> cosines;
  for (const at::Tensor& one : labels) {
    const int64_t ways = one.max().item<int64_t>() + 1;
    cosines.push_back(0.05 * stream.Normal({one.size(0), ways}) + 0.06 * at::one_hot(one, ways));
  }
  const double scale = CalibrateScale(cosines, labels), best = MeanCrossEntropy(cosines, labels, scale);
  EXPECT_LT(best, MeanCrossEntropy(cosines, labels, scale * 1.01));
  EXPECT_LT(best, MeanCrossEntropy(cosines, labels, scale / 1.01));
}

TEST(CalibrateScale, NeedsErrorsAndInformation) {
  const std::vector<at::Tensor> right = {0.2 * at::eye(2)}, labels = {at::tensor({0, 1}, at::kLong)},
                                wrong = {at::tensor({1, 0}, at::kLong)};
  EXPECT_THAT(CatchError([&] { CalibrateScale(right, labels); }),
              FailsWith(ExitCode::kBadInput, HasSubstr("classify everything correctly")));
  EXPECT_THAT(CatchError([&] { CalibrateScale(right, wrong); }),
              FailsWith(ExitCode::kBadInput, HasSubstr("say nothing")));
}

}  // namespace
}  // namespace tint
