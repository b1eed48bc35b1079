// SPDX-License-Identifier: Apache-2.0
#include "tint/fewshot/labeller.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "tensor_matchers.h"
#include "tint/fewshot/logistic_regression.h"
#include "tint/fewshot/teacher.h"
#include "tint/image/augment.h"
#include "tint/tensor/random.h"

namespace tint::testing {
namespace {

class Labellers : public ::testing::Test {
 protected:
  // Means of the channels' halves: [M, 6].
  static at::Tensor Features(const at::Tensor& images) {
    const at::Tensor unit = images.to(at::kFloat) / 255;
    return at::cat({unit.slice(2, 0, 8).mean({2, 3}), unit.slice(2, 8).mean({2, 3})}, 1);
  }
  FeatureExtractor Extractor() { return {"teacher", "0123", {{"image-size", 16}}, Features}; }

  const at::Tensor images_ = (at::arange(6 * 3 * 256).reshape({6, 3, 16, 16}) * 7919 % 256).to(at::kByte);
  const at::Tensor labels_ = at::tensor({0, 1, 2, 0, 1, 2}, at::kLong);
  const at::Tensor queries_ = Features((at::arange(4 * 3 * 256).reshape({4, 3, 16, 16}) * 31 % 256).to(at::kByte));
};

TEST_F(Labellers, PrototypesAreThoseOfTheTeacher) {
  const auto labeller = MakePrototypeLabeller(Extractor(), 12, 0.5);
  labeller->Fit(images_, labels_, 3);
  EXPECT_THAT(labeller->Logits(queries_),
              TensorEquals(CosineLogits(queries_, Prototypes(Features(images_), labels_, 3), 12, 0.5)));
  EXPECT_EQ(labeller->extractor().backbone, "teacher");
  EXPECT_EQ(labeller->extractor().model_sha256, "0123");
}

TEST_F(Labellers, RegressionWithoutCopiesLearnsFromTheSupports) {
  const auto labeller = MakeRegressionLabeller(Extractor(), {});
  labeller->Fit(images_, labels_, 3);
  const LinearClassifier expected = FitLogisticRegression(NormalizeRows(Features(images_)), labels_, 3);
  EXPECT_THAT(labeller->Logits(queries_), TensorEquals(expected.Logits(NormalizeRows(queries_))));
}

TEST_F(Labellers, RegressionLearnsFromAugmentedCopiesOfTheirOwnStreams) {
  const SupportCopies copies{.copies = 2, .augmentation = {}, .seed = 5, .episode_idx = 9};
  const auto labeller = MakeRegressionLabeller(Extractor(), copies);
  labeller->Fit(images_, labels_, 3);
  std::vector<RandomStream> streams;
  for (uint64_t k = 0; k < 12; ++k) streams.emplace_back(StreamKey{5, "distill/logistic-regression", 9, 0, k});
  const at::Tensor augmented = Augment(images_.repeat({2, 1, 1, 1}), AugmentationOptions().Augmentation(16), streams);
  EXPECT_FALSE(at::equal(augmented.narrow(0, 0, 6), images_));
  const LinearClassifier expected = FitLogisticRegression(NormalizeRows(Features(augmented)), labels_.repeat({2}), 3);
  EXPECT_THAT(labeller->Logits(queries_), TensorEquals(expected.Logits(NormalizeRows(queries_))));
}

}  // namespace
}  // namespace tint::testing
