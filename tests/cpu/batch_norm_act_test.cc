// SPDX-License-Identifier: Apache-2.0
#include "tint/cpu/batch_norm_act.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <limits>
#include <tuple>
#include <vector>

#include "active_kernels.h"
#include "tensor_matchers.h"

namespace tint {
namespace {

using testing::TensorNear;

struct World {
  at::Tensor input, weight, bias, mean, variance;

  World To(at::ScalarType dtype) const {
    const auto leaf = [&](const at::Tensor& t) { return t.to(dtype).clone(at::MemoryFormat::Preserve); };
    return {leaf(input).requires_grad_(), leaf(weight).requires_grad_(), leaf(bias).requires_grad_(), leaf(mean),
            leaf(variance)};
  }
};

World Draw(at::IntArrayRef shape) {
  at::manual_seed(11);
  const int64_t channels = shape[1];
  // Means far from 0, and weights of both signs: pooling must follow the map, not the input.
  return {(at::randn(shape) + 5 * at::randn({channels, 1, 1})).contiguous(at::MemoryFormat::ChannelsLast),
          at::randn({channels}), at::randn({channels}), at::randn({channels}), at::rand({channels})};
}

// In double, by LibTorch's operators.
at::Tensor Formula(const World& world, const BatchNormActOptions& options) {
  at::Tensor y = at::batch_norm(world.input, world.weight, world.bias, world.mean, world.variance, true,
                                options.momentum, options.epsilon, false);
  y = at::leaky_relu(y, options.slope);
  return options.pool ? at::max_pool2d(y, {2, 2}, {2, 2}) : y;
}

std::vector<at::Tensor> Gradients(const at::Tensor& output, const World& world, const at::Tensor& given) {
  return torch::autograd::grad({output}, {world.input, world.weight, world.bias}, {given.to(output.scalar_type())});
}

using Case = std::tuple<std::vector<int64_t>, double, bool>;  // shape, slope, pool
class BatchNormActCase : public ::testing::TestWithParam<Case> {};

TEST_P(BatchNormActCase, IsTheFormulaAndItsGradientAndFollowsTheStatistics) {
  const auto& [shape, slope, pool] = GetParam();
  const BatchNormActOptions options = {
      .training = true, .momentum = 0.3, .epsilon = 1e-5, .slope = slope, .pool = pool};
  const World drawn = Draw(shape), single = drawn.To(at::kFloat), exact = drawn.To(at::kDouble);
  const at::Tensor output =
      BatchNormAct(single.input, single.weight, single.bias, single.mean, single.variance, options);
  const at::Tensor expected = Formula(exact, options);
  EXPECT_THAT(output.detach().to(at::kDouble), TensorNear(expected.detach(), 1e-5, 1e-5));
  EXPECT_THAT(single.mean.to(at::kDouble), TensorNear(exact.mean, 1e-5, 1e-5));
  EXPECT_THAT(single.variance.to(at::kDouble), TensorNear(exact.variance, 1e-5, 1e-5));
  const at::Tensor given = at::randn(expected.sizes());
  const auto found = Gradients(output, single, given), wanted = Gradients(expected, exact, given);
  for (size_t i = 0; i < found.size(); ++i)
    EXPECT_THAT(found[i].to(at::kDouble), TensorNear(wanted[i], 2e-4, 2e-5)) << "gradient " << i;
}

INSTANTIATE_TEST_SUITE_P(Shapes, BatchNormActCase,
                         ::testing::Combine(::testing::Values(std::vector<int64_t>{3, 16, 6, 4},
                                                              std::vector<int64_t>{2, 48, 7, 5},
                                                              std::vector<int64_t>{1, 64, 21, 21},
                                                              std::vector<int64_t>{4, 5, 6, 6}),  // LibTorch's
                                            ::testing::Values(0.0, 0.1), ::testing::Bool()));

TEST(BatchNormAct, NeedsNoGradientOfItsInput) {
  const World drawn = Draw({2, 16, 6, 5}), all = drawn.To(at::kFloat);
  for (const bool pool : {false, true}) {
    const BatchNormActOptions options = {.pool = pool};
    const at::Tensor fixed =
        BatchNormAct(drawn.input, all.weight, all.bias, drawn.mean.clone(), drawn.variance.clone(), options);
    const at::Tensor given = at::randn(fixed.sizes());
    const auto found = torch::autograd::grad({fixed}, {all.weight, all.bias}, {given});
    const at::Tensor output = BatchNormAct(all.input, all.weight, all.bias, all.mean, all.variance, options);
    const auto wanted = Gradients(output, all, given);
    EXPECT_THAT(found[0], TensorNear(wanted[1], 0));
    EXPECT_THAT(found[1], TensorNear(wanted[2], 0));
  }
}

TEST(BatchNormAct, InEvaluationUsesTheRunningStatisticsAndLeavesThem) {
  const World world = Draw({2, 16, 4, 4});
  const at::Tensor mean = world.mean.clone(), variance = world.variance.clone();
  const at::Tensor output =
      BatchNormAct(world.input, world.weight, world.bias, world.mean, world.variance, {.training = false});
  EXPECT_THAT(output, TensorNear(at::relu(at::batch_norm(world.input, world.weight, world.bias, mean, variance, false,
                                                         0.1, 1e-5, false)),
                                 1e-5, 1e-5));
  EXPECT_THAT(world.mean, TensorNear(mean, 0));
  EXPECT_THAT(world.variance, TensorNear(variance, 0));
}

TEST(BatchNormAct, DoesNotDependOnThreads) {
  const int before = at::get_num_threads();
  std::vector<at::Tensor> outputs, gradients;
  for (const int threads : {1, 2, 3}) {
    at::set_num_threads(threads);
    const World world = Draw({5, 16, 9, 9}).To(at::kFloat);
    outputs.push_back(BatchNormAct(world.input, world.weight, world.bias, world.mean, world.variance, {.pool = true}));
    gradients.push_back(Gradients(outputs.back(), world, at::ones_like(outputs.back()))[0]);
    EXPECT_THAT(outputs.back().detach(), TensorNear(outputs[0].detach(), 0));
    EXPECT_THAT(gradients.back(), TensorNear(gradients[0], 0));
  }
  at::set_num_threads(before);
}

TEST(BatchNormAct, PropagatesNaN) {
  World world = Draw({2, 16, 4, 4});
  world.input[1][3][2][1] = std::numeric_limits<float>::quiet_NaN();
  for (const bool pool : {false, true}) {
    const at::Tensor output =
        BatchNormAct(world.input, world.weight, world.bias, world.mean, world.variance, {.pool = pool});
    EXPECT_TRUE(at::isnan(output.select(1, 3)).all().item<bool>());
    EXPECT_FALSE(at::isnan(output.select(1, 2)).any().item<bool>());
  }
}

// The first of equal pixels has the gradient, as LibTorch's pooling has it.
TEST(BatchNormAct, TheFirstOfEqualsIsTheArgmax) {
  const at::Tensor input =
      at::cat({at::ones({1, 16, 2, 2}), at::zeros({1, 16, 2, 2})}).contiguous(at::MemoryFormat::ChannelsLast);
  const World world = {input, at::ones({16}), at::zeros({16}), at::zeros({16}), at::ones({16})};
  const World single = world.To(at::kFloat), exact = world.To(at::kDouble);
  const at::Tensor output =
      BatchNormAct(single.input, single.weight, single.bias, single.mean, single.variance, {.pool = true});
  const at::Tensor given = at::arange(32).reshape({2, 16, 1, 1}).to(at::kFloat);
  EXPECT_THAT(Gradients(output, single, given)[0].to(at::kDouble),
              TensorNear(Gradients(Formula(exact, {.pool = true}), exact, given)[0], 1e-4, 1e-4));
}

TEST(BatchNormActKernels, AllProcessorsAgree) {
  const World world = Draw({1, 16, 7, 6});
  const NormImage image = {world.input.const_data_ptr<float>(), 7,   6, 16, world.weight.const_data_ptr<float>(),
                           world.bias.const_data_ptr<float>(),  0.1F};
  std::vector<at::Tensor> outputs;
  for (const CpuKernels& kernels : SupportedKernels()) {
    outputs.push_back(at::empty({3, 3, 16}));
    kernels.norm_pool_forward(image, outputs.back().mutable_data_ptr<float>(),
                              at::empty({3, 3, 16}).mutable_data_ptr<float>());
    EXPECT_THAT(outputs.back(), TensorNear(outputs[0], 1e-6, 1e-6));
  }
}

}  // namespace
}  // namespace tint
