// SPDX-License-Identifier: Apache-2.0
#include "tint/fewshot/logistic_regression.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>

#include "tensor_matchers.h"
#include "tint/fewshot/methods.h"

namespace tint {
namespace {

using testing::TensorNear;

// scripts/make_logistic_regression_fixture.py documents the sequence.
at::Tensor Sequence(int64_t first, int64_t rows, int64_t width) {
  const at::Tensor k = at::arange(first, first + rows * width, at::kDouble);
  return NormalizeRows((2 * (k * 0.6180339887498949).frac() - 1).reshape({rows, width}));
}

// Decision values of scikit-learn 1.9.1 (newton-cholesky, tol 1e-14), made by that script.
TEST(LogisticRegression, DecidesAsScikitLearnAtItsOptimum) {
  const at::Tensor features = Sequence(0, 25, 40), queries = Sequence(1000, 4, 40);
  const at::Tensor labels = at::arange(25).remainder(5);
  const at::Tensor weak =
      at::tensor({0.077438062,  -0.148611343, 0.166181107, -0.055620318, -0.039387508, -0.055544571, -0.050156843,
                  -0.075237672, 0.148621475,  0.032317611, -0.03868684,  -0.067746218, 0.070725922,  -0.155744775,
                  0.191451911,  0.061817733,  0.107579985, -0.122887274, 0.041555554,  -0.088065998})
          .reshape({4, 5});
  EXPECT_THAT(FitLogisticRegression(features, labels, 5).Logits(queries).to(at::kDouble), TensorNear(weak, 1e-6));
  const at::Tensor strong =
      at::tensor({0.231630883,  -1.343057429, 2.660708396, -1.055784102, -0.493497749, -0.724075309, -0.013089417,
                  -0.986383501, 1.57679551,   0.146752716, -0.787651576, -0.800640477, 0.163880292,  -1.337275024,
                  2.761686785,  0.807850822,  0.636165571, -1.009545111, 0.712699266,  -1.147170548})
          .reshape({4, 5});
  EXPECT_THAT(FitLogisticRegression(features, labels, 5, 100).Logits(queries).to(at::kDouble),
              TensorNear(strong, 1e-5));
}

// Whatever the shape, the gradient of the objective as it is written vanishes there.
TEST(LogisticRegression, IsTheOptimum) {
  for (const auto& [rows, width, ways, inverse_penalty] : {std::tuple<int64_t, int64_t, int64_t, double>{6, 3, 2, 1.0},
                                                           {25, 1600, 5, 1.0},
                                                           {125, 64, 5, 10.0},
                                                           {40, 16, 20, 0.1}}) {
    const at::Tensor features = Sequence(7, rows, width), labels = at::arange(rows).remainder(ways);
    const LinearClassifier fitted = FitLogisticRegression(features, labels, ways, inverse_penalty);
    const at::Tensor weight = fitted.weight.clone().requires_grad_(), bias = fitted.bias.clone().requires_grad_();
    const at::Tensor log_likelihood =
        at::log_softmax(features.mm(weight.t()) + bias, 1).gather(1, labels.unsqueeze(1)).sum();
    const at::Tensor objective = 0.5 * weight.square().sum() - inverse_penalty * log_likelihood;
    for (const at::Tensor& gradient : torch::autograd::grad({objective}, {weight, bias}))
      EXPECT_LT(gradient.abs().max().item<double>(), 1e-7) << rows << " x " << width;
    EXPECT_NEAR(fitted.bias.sum().item<double>(), 0, 1e-9);
  }
}

// Where the gradient is small the value is rounded more coarsely than a step's gain: no step may be refused for that.
TEST(LogisticRegression, ConvergesOnRandomProblems) {
  at::manual_seed(17);
  const at::Tensor labels = at::arange(25).remainder(5);
  for (int draw = 0; draw < 400; ++draw) {
    // Like features behind a ReLU: none below zero, rows nearly parallel.
    const at::Tensor features = NormalizeRows(at::relu(at::randn({25, 64}) + 3 + at::randn({64})));
    const LinearClassifier fitted = FitLogisticRegression(features, labels, 5);
    const at::Tensor rows = features.to(at::kDouble);
    const at::Tensor error = at::softmax(rows.mm(fitted.weight.t()) + fitted.bias, 1) - at::one_hot(labels, 5);
    ASSERT_LT((error.t().mm(rows) + fitted.weight).abs().max().item<double>(), 1e-8) << draw;
    ASSERT_LT(error.sum(0).abs().max().item<double>(), 1e-8) << draw;
  }
}

// Two points on a line: w maximises log s(w) - w^2 / (2 C), with the two classes' weights w/2 and -w/2 at +-1.
TEST(LogisticRegression, HasTheClosedFormOfTwoPoints) {
  const LinearClassifier fitted =
      FitLogisticRegression(at::tensor({1.0, -1.0}).reshape({2, 1}), at::tensor({0, 1}, at::kLong), 2);
  const double v = fitted.weight[0][0].item<double>();  // weights v, -v: objective v^2 + 2 log(1 + e^{-2v})
  EXPECT_NEAR(2 * v, 4 / (1 + std::exp(2 * v)), 1e-9);
  EXPECT_NEAR(fitted.weight[1][0].item<double>(), -v, 1e-9);
  EXPECT_NEAR(fitted.bias[0].item<double>(), 0, 1e-9);
}

TEST(FeatureMethods, SeparateClassesAndTreatQueriesIndependently) {
  at::manual_seed(3);
  const at::Tensor centres = at::randn({5, 32}) * 4, labels = at::arange(25).remainder(5);
  const at::Tensor support = centres.index_select(0, labels) + at::randn({25, 32});
  const at::Tensor truth = at::arange(60).remainder(5), query = centres.index_select(0, truth) + at::randn({60, 32});
  for (const std::string& method : FeatureMethods()) {
    const at::Tensor logits = ClassifyFeatures(method, support, labels, 5, query);
    EXPECT_GE(logits.argmax(1).eq(truth).sum().item<int64_t>(), 57) << method;
    const at::Tensor alone = ClassifyFeatures(method, support, labels, 5, query.narrow(0, 17, 1));
    EXPECT_THAT(alone[0], TensorNear(logits[17], 1e-5)) << method;
    // Permuted labels are learned as they are given.
    const at::Tensor shifted = ClassifyFeatures(method, support, (labels + 1).remainder(5), 5, query);
    EXPECT_GE(shifted.argmax(1).eq((truth + 1).remainder(5)).sum().item<int64_t>(), 57) << method;
  }
}

}  // namespace
}  // namespace tint
