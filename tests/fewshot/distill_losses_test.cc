// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <functional>

#include "tensor_matchers.h"
#include "tint/fewshot/distill.h"
#include "tint/tensor/random.h"

namespace tint {
namespace {

using testing::TensorNear;

at::Tensor Draw(c10::IntArrayRef shape, uint64_t seed) {
  return RandomStream({seed, "losses"}).Normal(shape).to(at::kDouble);
}

at::Tensor Gradient(const std::function<at::Tensor(const at::Tensor&)>& loss, const at::Tensor& at) {
  const at::Tensor x = at.clone().requires_grad_(true);
  return torch::autograd::grad({loss(x)}, {x})[0];
}

// Central differences in double; the step balances truncation (h^2) and rounding (1e-16 / h).
at::Tensor Differences(const std::function<at::Tensor(const at::Tensor&)>& loss, const at::Tensor& at) {
  constexpr double kStep = 1e-5;
  at::Tensor result = at::zeros_like(at);
  for (int64_t i = 0; i < at.numel(); ++i) {
    at::Tensor up = at.clone(), down = at.clone();
    up.view(-1)[i] += kStep;
    down.view(-1)[i] -= kStep;
    result.view(-1)[i] = (loss(up) - loss(down)) / (2 * kStep);
  }
  return result;
}

TEST(CrossEntropyLoss, GradientIsThatOfDifferences) {
  const at::Tensor labels = at::tensor({0, 4, 2, 2}, at::kLong);
  auto loss = [&](const at::Tensor& x) { return CrossEntropyLoss(x, labels); };
  const at::Tensor at = Draw({4, 5}, 1);
  EXPECT_THAT(Gradient(loss, at), TensorNear(Differences(loss, at), 1e-9));
}

TEST(CrossEntropyLoss, EqualsATens) {
  const at::Tensor logits = Draw({6, 5}, 2), labels = at::tensor({0, 1, 2, 3, 4, 0}, at::kLong);
  EXPECT_THAT(CrossEntropyLoss(logits, labels), TensorNear(at::cross_entropy_loss(logits, labels), 1e-12));
  const at::Tensor equal = at::zeros({3, 5}, at::kDouble);
  EXPECT_NEAR(CrossEntropyLoss(equal, at::tensor({0, 1, 2}, at::kLong)).item<double>(), std::log(5.0), 1e-12);
}

TEST(KnowledgeDistillationLoss, GradientIsThatOfDifferences) {
  const at::Tensor teacher = Draw({4, 5}, 3), student = Draw({4, 5}, 4);
  auto loss = [&](const at::Tensor& x) { return KnowledgeDistillationLoss(x, teacher, 4); };
  EXPECT_THAT(Gradient(loss, student), TensorNear(Differences(loss, student), 1e-9));
}

TEST(KnowledgeDistillationLoss, EqualLogitsGiveNothing) {
  const at::Tensor logits = Draw({4, 5}, 5);
  auto loss = [&](const at::Tensor& x) { return KnowledgeDistillationLoss(x, logits, 4); };
  EXPECT_EQ(loss(logits).item<double>(), 0);
  EXPECT_THAT(Gradient(loss, logits), TensorNear(at::zeros_like(logits), 1e-15));
  // Adding a constant to a row changes no probability.
  EXPECT_NEAR(loss(logits + 3).item<double>(), 0, 1e-14);
}

TEST(KnowledgeDistillationLoss, IsTSquaredTimesTheMeanDivergence) {
  const at::Tensor teacher = Draw({4, 5}, 6), student = Draw({4, 5}, 7);
  const at::Tensor p = at::softmax(teacher / 4, 1), q = at::softmax(student / 4, 1);
  const at::Tensor divergence = (p * (p / q).log()).sum(1).mean();
  EXPECT_THAT(KnowledgeDistillationLoss(student, teacher, 4), TensorNear(16 * divergence, 1e-12));
  EXPECT_GT(divergence.item<double>(), 0);
  EXPECT_THAT(KnowledgeDistillationLoss(3 * student, 3 * teacher, 3),
              TensorNear(9 * KnowledgeDistillationLoss(student, teacher, 1), 1e-12));
}

// Hinton et al. 2015 (arXiv 1503.02531), section 2: at high temperature the gradient tends to (z - v) / (N B) for
// logits of zero mean, whatever T.
TEST(KnowledgeDistillationLoss, GradientDoesNotScaleWithTemperature) {
  at::Tensor teacher = Draw({4, 5}, 8), student = Draw({4, 5}, 9);
  teacher = teacher - teacher.mean(1, true);
  student = student - student.mean(1, true);
  auto gradient = [&](double temperature) {
    return Gradient([&](const at::Tensor& x) { return KnowledgeDistillationLoss(x, teacher, temperature); }, student);
  };
  const at::Tensor limit = (student - teacher) / (4 * 5);
  EXPECT_THAT(gradient(100), TensorNear(limit, 2e-3));
  EXPECT_THAT(gradient(10'000), TensorNear(limit, 2e-5));
}

TEST(DistillLearningRate, DropsAfterHalfOfTheSteps) {
  const DistillOptions paper;
  EXPECT_DOUBLE_EQ(DistillLearningRate(paper, 0), 0.02);
  EXPECT_DOUBLE_EQ(DistillLearningRate(paper, 4'999), 0.02);
  EXPECT_DOUBLE_EQ(DistillLearningRate(paper, 5'000), 0.002);
  EXPECT_DOUBLE_EQ(DistillLearningRate(paper, 9'999), 0.002);
  DistillOptions never;
  never.decay_at = 1;
  EXPECT_DOUBLE_EQ(DistillLearningRate(never, 9'999), 0.02);
}

}  // namespace
}  // namespace tint
