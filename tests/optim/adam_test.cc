// SPDX-License-Identifier: Apache-2.0
#include "tint/optim/adam.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>

#include "tensor_matchers.h"

namespace tint {
namespace {

using tint::testing::TensorEquals;
using tint::testing::TensorNear;

struct Learner {
  at::Tensor value, first_moment, second_moment;
  explicit Learner(const at::Tensor& start)
      : value(start.clone()), first_moment(at::zeros_like(start)), second_moment(at::zeros_like(start)) {}
  void Step(const at::Tensor& gradient, int64_t step, const AdamOptions& options, const at::Tensor& active = {}) {
    AdamStep(value, gradient, first_moment, second_moment, step, options, active);
  }
};

// Of a bowl whose sides are of very different slope: step sizes of all magnitudes.
at::Tensor Gradient(const at::Tensor& value) {
  return at::logspace(-6, 2, value.numel(), 10.0, value.options()).reshape_as(value) * (value.sin() + value);
}

template <class Optimizer>
at::Tensor TwentySteps(const at::Tensor& start, Optimizer* optimizer) {
  at::Tensor& value = optimizer->param_groups()[0].params()[0];
  for (int i = 0; i < 20; ++i) {
    value.mutable_grad() = Gradient(value.detach());
    optimizer->step();
  }
  EXPECT_FALSE(at::allclose(value, start));
  return value.detach();
}

at::Tensor TwentySteps(const at::Tensor& start, const AdamOptions& options) {
  Learner learner(start);
  for (int64_t step = 1; step <= 20; ++step) learner.Step(Gradient(learner.value), step, options);
  return learner.value;
}

TEST(Adam, EqualsTorchsAdam) {
  for (const auto& [dtype, tolerance] : {std::pair(at::kDouble, 1e-13), std::pair(at::kFloat, 1e-6)}) {
    const at::Tensor start = at::randn({3, 4}, dtype);
    torch::optim::Adam theirs({start.clone().requires_grad_(true)}, torch::optim::AdamOptions(0.02));
    EXPECT_THAT(TwentySteps(start, {.learning_rate = 0.02}), TensorNear(TwentySteps(start, &theirs), tolerance));
  }
}

TEST(Adam, EqualsTorchsAdamW) {
  const at::Tensor start = at::randn({3, 4}, at::kDouble);
  torch::optim::AdamW theirs({start.clone().requires_grad_(true)},
                             torch::optim::AdamWOptions(0.02).weight_decay(0.1).betas({0.8, 0.99}).eps(1e-6));
  const AdamOptions options{.learning_rate = 0.02, .beta1 = 0.8, .beta2 = 0.99, .epsilon = 1e-6, .weight_decay = 0.1};
  EXPECT_THAT(TwentySteps(start, options), TensorNear(TwentySteps(start, &theirs), 1e-13));
}

TEST(Adam, ResumesToTheBitFromSavedState) {
  const AdamOptions options{.learning_rate = 0.01, .weight_decay = 0.01};
  Learner through(at::randn({3, 4}));
  for (int64_t step = 1; step <= 10; ++step) through.Step(Gradient(through.value), step, options);
  Learner saved(through.value);
  saved.first_moment = through.first_moment.clone();
  saved.second_moment = through.second_moment.clone();
  for (int64_t step = 11; step <= 20; ++step) {
    through.Step(Gradient(through.value), step, options);
    saved.Step(Gradient(saved.value), step, options);
  }
  EXPECT_THAT(saved.value, TensorEquals(through.value));
}

TEST(Adam, InactiveRowsDoNotChange) {
  const AdamOptions options{.learning_rate = 0.1};
  Learner masked(at::randn({3, 2, 2})), all(masked.value);
  masked.Step(Gradient(masked.value), 1, options);
  all.Step(Gradient(all.value), 1, options);
  const Learner before = masked;
  const at::Tensor gradient = Gradient(masked.value);
  masked.Step(gradient, 2, options, at::tensor({1, 0, 1}, at::kLong).to(at::kBool));
  all.Step(gradient, 2, options);
  for (const int64_t row : {0, 2}) EXPECT_THAT(masked.value[row], TensorEquals(all.value[row]));
  EXPECT_THAT(masked.value[1], TensorEquals(before.value[1]));
  EXPECT_THAT(masked.first_moment[1], TensorEquals(before.first_moment[1]));
  EXPECT_THAT(masked.second_moment[1], TensorEquals(before.second_moment[1]));
}

}  // namespace
}  // namespace tint
