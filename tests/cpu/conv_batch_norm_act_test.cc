// SPDX-License-Identifier: Apache-2.0
#include "tint/cpu/conv_batch_norm_act.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <limits>
#include <tuple>
#include <vector>

#include "active_kernels.h"
#include "conv_norm_pool_rows.h"
#include "tensor_matchers.h"

namespace tint {
namespace {

using testing::TensorNear;

struct World {
  at::Tensor input, weight, bias, gamma, beta, mean, variance;

  World To(at::ScalarType dtype) const {
    const auto leaf = [&](const at::Tensor& t) { return t.to(dtype).clone(at::MemoryFormat::Preserve); };
    return {leaf(input),
            leaf(weight).requires_grad_(),
            leaf(bias).requires_grad_(),
            leaf(gamma).requires_grad_(),
            leaf(beta).requires_grad_(),
            leaf(mean),
            leaf(variance)};
  }
  std::vector<at::Tensor> Leaves() const { return {weight, bias, gamma, beta}; }
};

// Images as smooth as photos are (each pixel near its neighbours), not centred; gains of both signs and one of 0.
World Draw(at::IntArrayRef shape, int64_t filters) {
  at::manual_seed(5);
  const int64_t channels = shape[1];
  at::Tensor input = at::avg_pool2d(at::randn({shape[0], channels, shape[2] + 4, shape[3] + 4}), {5, 5}, {1, 1});
  input = (4 * input + at::arange(channels).view({channels, 1, 1}) - 1).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor gamma = at::randn({filters});
  gamma[3] = 0;
  return {input,
          0.2 * at::randn({filters, channels, 3, 3}),
          at::randn({filters}),
          gamma,
          at::randn({filters}),
          at::randn({filters}),
          at::rand({filters})};
}

at::Tensor Fused(const World& world, const BatchNormActOptions& options) {
  return ConvBatchNormAct(world.input, world.weight, world.bias, world.gamma, world.beta, world.mean, world.variance,
                          options);
}

// By LibTorch's operators.
at::Tensor Formula(const World& world, const BatchNormActOptions& options) {
  at::Tensor y = at::conv2d(world.input, world.weight, world.bias, {1, 1}, {1, 1});
  y = at::batch_norm(y, world.gamma, world.beta, world.mean, world.variance, true, options.momentum, options.epsilon,
                     false);
  return at::max_pool2d(at::leaky_relu(y, options.slope), {2, 2}, {2, 2});
}

using Case = std::tuple<std::vector<int64_t>, int64_t, double>;  // shape, filters, slope
class ConvBatchNormActCase : public ::testing::TestWithParam<Case> {};

TEST_P(ConvBatchNormActCase, IsTheFormulaAndItsGradientsAndFollowsTheStatistics) {
  const auto& [shape, filters, slope] = GetParam();
  const BatchNormActOptions options = {.momentum = 0.3, .epsilon = 1e-5, .slope = slope, .pool = true};
  const World drawn = Draw(shape, filters), single = drawn.To(at::kFloat), exact = drawn.To(at::kDouble);
  const at::Tensor output = Fused(single, options), expected = Formula(exact, options);
  EXPECT_THAT(output.detach().to(at::kDouble), TensorNear(expected.detach(), 1e-5, 1e-5));
  EXPECT_THAT(single.mean.to(at::kDouble), TensorNear(exact.mean, 1e-5, 1e-5));
  EXPECT_THAT(single.variance.to(at::kDouble), TensorNear(exact.variance, 1e-5, 1e-5));
  const at::Tensor given = at::randn(expected.sizes());
  const auto found = torch::autograd::grad({output}, single.Leaves(), {given});
  const auto wanted = torch::autograd::grad({expected}, exact.Leaves(), {given.to(at::kDouble)});
  for (size_t i = 0; i < found.size(); ++i) {
    const double size = wanted[i].abs().max().item<double>();
    EXPECT_THAT(found[i].to(at::kDouble), TensorNear(wanted[i], 2e-5 * std::max(1.0, size), 2e-4)) << "gradient " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, ConvBatchNormActCase,
    ::testing::Combine(::testing::Values(std::vector<int64_t>{3, 3, 6, 4}, std::vector<int64_t>{2, 1, 7, 5},
                                         std::vector<int64_t>{5, 3, 21, 20}, std::vector<int64_t>{2, 15, 2, 3},
                                         std::vector<int64_t>{2, 16, 12, 12}),  // two operators
                       ::testing::Values(16, 48), ::testing::Values(0.0, 0.1)));

// A filter that responds to edges alone: on smooth images its output is far below its single products, so its variance
// would be lost in G's rounding error if G were summed in float32 throughout.
TEST(ConvBatchNormAct, MeasuresAFilterWhoseTermsCancel) {
  World drawn = Draw({8, 1, 40, 40}, 16);
  drawn.input = (at::avg_pool2d(at::randn({8, 1, 56, 56}), {17, 17}, {1, 1}) * 10 + 100)
                    .contiguous(at::MemoryFormat::ChannelsLast);
  drawn.weight.zero_();
  drawn.weight.select(2, 1).select(2, 0).fill_(1);
  drawn.weight.select(2, 1).select(2, 2).fill_(1);
  drawn.weight.select(2, 1).select(2, 1).fill_(-2);
  const World single = drawn.To(at::kFloat), exact = drawn.To(at::kDouble);
  const BatchNormActOptions options = {.momentum = 1, .pool = true};
  const at::Tensor output = Fused(single, options), expected = Formula(exact, options);
  EXPECT_THAT(single.variance.to(at::kDouble), TensorNear(exact.variance, 0, 1e-4));
  // Pixels of 100 come out with an error of 1e-5 here as in LibTorch's float32.
  const double deviation = exact.variance.sqrt().max().item<double>();
  EXPECT_THAT(output.detach().to(at::kDouble), TensorNear(expected.detach(), 1e-3 / deviation, 1e-3));
}

TEST(ConvBatchNormAct, FrozenFiltersLeaveTheNormsGradients) {
  const World drawn = Draw({3, 3, 8, 9}, 32), all = drawn.To(at::kFloat), frozen = drawn.To(at::kFloat);
  frozen.weight.requires_grad_(false);
  frozen.bias.requires_grad_(false);
  const BatchNormActOptions options = {.pool = true};
  const at::Tensor given = at::randn({3, 32, 4, 4});
  const auto expected = torch::autograd::grad({Fused(all, options)}, {all.gamma, all.beta}, {given});
  const auto found = torch::autograd::grad({Fused(frozen, options)}, {frozen.gamma, frozen.beta}, {given});
  for (size_t i = 0; i < 2; ++i) EXPECT_TRUE(at::equal(found[i], expected[i])) << i;
}

TEST(ConvBatchNormAct, NeedsNoBias) {
  const World drawn = Draw({2, 3, 6, 6}, 16);
  World without = drawn.To(at::kFloat), zero = drawn.To(at::kFloat);
  zero.bias.detach().zero_();
  const BatchNormActOptions options = {.pool = true};
  const at::Tensor found = ConvBatchNormAct(without.input, without.weight, std::nullopt, without.gamma, without.beta,
                                            without.mean, without.variance, options);
  const at::Tensor expected = Fused(zero, options), given = at::randn(expected.sizes());
  EXPECT_TRUE(at::equal(found, expected));
  EXPECT_TRUE(at::equal(without.mean, zero.mean));
  EXPECT_TRUE(at::equal(torch::autograd::grad({found}, {without.gamma}, {given})[0],
                        torch::autograd::grad({expected}, {zero.gamma}, {given})[0]));
}

// Where the images' own gradient is asked for, or nothing is pooled, or nothing is trained: the two operators.
TEST(ConvBatchNormAct, ElsewhereIsTheTwoOperators) {
  for (const auto& options : {BatchNormActOptions{.pool = true}, BatchNormActOptions{.pool = false},
                              BatchNormActOptions{.training = false, .pool = true}}) {
    const World drawn = Draw({3, 3, 8, 8}, 16), one = drawn.To(at::kFloat), two = drawn.To(at::kFloat);
    one.input.requires_grad_();
    two.input.requires_grad_();
    const at::Tensor found = Fused(one, options);
    const at::Tensor expected =
        BatchNormAct(Conv3x3(two.input, two.weight, two.bias), two.gamma, two.beta, two.mean, two.variance, options);
    EXPECT_TRUE(at::equal(found, expected));
    const at::Tensor given = at::randn(expected.sizes());
    EXPECT_TRUE(at::equal(torch::autograd::grad({found}, {one.input}, {given})[0],
                          torch::autograd::grad({expected}, {two.input}, {given})[0]));
  }
}

TEST(ConvBatchNormAct, DoesNotDependOnTheNumberOfThreads) {
  const World drawn = Draw({7, 3, 20, 21}, 64);
  const BatchNormActOptions options = {.slope = 0.1, .pool = true};
  const at::Tensor given = at::randn({7, 64, 10, 10});
  std::vector<std::vector<at::Tensor>> results;
  const int before = at::get_num_threads();
  for (const int threads : {1, 3}) {
    at::set_num_threads(threads);
    const World world = drawn.To(at::kFloat);
    const at::Tensor output = Fused(world, options);
    results.push_back(torch::autograd::grad({output}, world.Leaves(), {given}));
    results.back().insert(results.back().end(), {output.detach(), world.mean, world.variance});
  }
  at::set_num_threads(before);
  for (size_t i = 0; i < results[0].size(); ++i) EXPECT_TRUE(at::equal(results[0][i], results[1][i])) << i;
}

TEST(ConvBatchNormAct, PropagatesNaN) {
  World world = Draw({2, 3, 6, 6}, 16).To(at::kFloat);
  world.input[0][0][0][0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(Fused(world, {.pool = true}).isnan().all().item<bool>()) << "the batch's statistics are not numbers";
}

// Ties go to the first, what is not a number to itself; and the backward pass gives each its own.
TEST(ConvBatchNormAct, PoolingAgreesOnAllInstructionSets) {
  constexpr int64_t kWidth = 5, kChannels = 32;
  at::manual_seed(2);
  at::Tensor values = at::randint(-3, 4, {2, kWidth, kChannels}, at::kFloat);
  values[1][2][7] = std::numeric_limits<float>::quiet_NaN();
  const RowPair rows = {kWidth, kChannels, 0.5F};
  const at::Tensor given = at::randn({2, kChannels});
  const at::Tensor windows = values.slice(1, 0, 4).view({2, 2, 2, kChannels}).permute({1, 0, 2, 3}).reshape({2, 4, -1});
  const auto [greatest, which] = windows.max(1);
  const at::Tensor expected = at::leaky_relu(greatest, 0.5);
  for (const CpuKernels& kernels : SupportedKernels()) {
    const at::Tensor output = at::empty({2, kChannels}), argmax = at::empty({2, kChannels}, at::kByte);
    kernels.pool_rows(rows, values.const_data_ptr<float>(), output.mutable_data_ptr<float>(),
                      argmax.mutable_data_ptr<uint8_t>());
    EXPECT_TRUE(at::equal(output.nan_to_num(99), expected.nan_to_num(99)));
    const at::Tensor spread = at::full({2, kWidth, kChannels}, 7, at::kFloat);
    kernels.max_unpool_rows(rows, given.const_data_ptr<float>(), argmax.const_data_ptr<uint8_t>(),
                            spread.mutable_data_ptr<float>());
    EXPECT_EQ(spread.select(1, 4).count_nonzero().item<int64_t>(), 0) << "the column without a window";
    const at::Tensor back = spread.slice(1, 0, 4).view({2, 2, 2, kChannels}).permute({1, 0, 2, 3}).reshape({2, 4, -1});
    EXPECT_TRUE(at::equal(back.sum(1), at::where(greatest > 0, given, given * 0.5)));
    EXPECT_TRUE(at::equal(back.ne(0).sum(1), at::ones_like(which)));
    EXPECT_TRUE(at::equal(windows.gather(1, back.ne(0).to(at::kInt).argmax(1).unsqueeze(1)).squeeze(1).nan_to_num(99),
                          greatest.nan_to_num(99)));
  }
}

}  // namespace
}  // namespace tint
