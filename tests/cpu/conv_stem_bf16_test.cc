// SPDX-License-Identifier: Apache-2.0
#include "conv_stem_bf16.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <tuple>
#include <vector>

#include "amx.h"
#include "bfloat16_autocast.h"
#include "tensor_matchers.h"
#include "tint/cpu/conv_batch_norm_act.h"

namespace tint {
namespace {

using testing::Bfloat16Autocast;
using testing::TensorEquals;
using testing::TensorNear;

// batch, channels, height, width; filters; slope
using Case = std::tuple<std::vector<int64_t>, int64_t, double>;

class ConvStemBf16 : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (ActiveAmxKernels() == nullptr) GTEST_SKIP() << "this processor has no tiles";
  }
};

at::Tensor Rounded(const at::Tensor& tensor) { return tensor.to(at::kBFloat16).to(at::kFloat); }

at::Tensor ChannelsLast(const at::Tensor& tensor) { return tensor.contiguous(at::MemoryFormat::ChannelsLast); }

// What the products give for factors that bfloat16 holds, and a bias of sixteen bits, is the sum itself.
TEST_P(ConvStemBf16, ProductsOfRoundFactorsAreExact) {
  const auto& [shape, filters, slope] = GetParam();
  at::manual_seed(8);
  const at::Tensor input = ChannelsLast(Rounded(at::randn(shape)));
  const at::Tensor weight = Rounded(at::randn({filters, shape[1], 3, 3}));
  const at::Tensor bias = Rounded(at::randn({filters})) * (1 + 1.0 / 256);
  const at::Tensor laid = PackFilters(weight, bias);
  const std::vector<int64_t> pooled = {shape[0], filters, shape[2] / 2, shape[3] / 2};
  const auto empty = [&](at::ScalarType dtype) {
    return at::empty(pooled, at::TensorOptions(dtype).memory_format(at::MemoryFormat::ChannelsLast));
  };
  const at::Tensor output = empty(at::kFloat), argmax = empty(at::kByte);
  ASSERT_TRUE(ConvStemBf16Fits(Images(input), filters));
  ConvolveAndPoolBf16(Images(input), laid, slope, output, argmax);

  const at::Tensor exact_weight = weight.to(at::kDouble).requires_grad_();
  const at::Tensor exact_bias = bias.to(at::kDouble).requires_grad_();
  const at::Tensor sums = at::conv2d(input.to(at::kDouble), exact_weight, exact_bias, {1, 1}, {1, 1});
  const at::Tensor expected = at::max_pool2d(at::leaky_relu(sums, slope), {2, 2}, {2, 2});
  EXPECT_THAT(output.to(at::kDouble), TensorNear(expected.detach(), 1e-5, 1e-6));

  const at::Tensor given = ChannelsLast(Rounded(at::randn(pooled)));
  // Rounded again after the slope.
  const at::Tensor spread = at::where(output > 0, given, Rounded(given * slope) / (slope > 0 ? slope : 1));
  const auto wanted = torch::autograd::grad({expected}, {exact_weight, exact_bias}, {spread.to(at::kDouble)});
  const at::Tensor found = SumAtArgmaxBf16(Images(input), given, argmax, slope).to(at::kFloat);
  const auto [of_weight, of_bias] = UnpackFilters(found.t().contiguous());
  EXPECT_THAT(of_weight.to(at::kDouble), TensorNear(wanted[0], 1e-4, 1e-5));
  EXPECT_THAT(of_bias.to(at::kDouble), TensorNear(wanted[1], 1e-4, 1e-5));
}

struct Layer {
  at::Tensor input, weight, bias, gain, base, mean, variance;
  std::vector<at::Tensor> Leaves() const { return {weight, bias, gain, base}; }
};

Layer Draw(const std::vector<int64_t>& shape, int64_t filters) {
  at::manual_seed(9);
  return {ChannelsLast(at::randn(shape)),
          (0.2 * at::randn({filters, shape[1], 3, 3})).requires_grad_(),
          at::randn({filters}).requires_grad_(),
          at::randn({filters}).requires_grad_(),
          at::randn({filters}).requires_grad_(),
          at::zeros({filters}),
          at::ones({filters})};
}

struct Passed {
  at::Tensor output;
  std::vector<at::Tensor> gradients;
};

Passed Pass(const Layer& layer, double slope, const at::Tensor& given) {
  const at::Tensor output = ConvBatchNormAct(layer.input, layer.weight, layer.bias, layer.gain, layer.base, layer.mean,
                                             layer.variance, {.momentum = 0.3, .slope = slope, .pool = true});
  return {output.detach(), torch::autograd::grad({output}, layer.Leaves(), {given})};
}

double Error(const at::Tensor& found, const at::Tensor& expected) {
  return ((found - expected).norm() / expected.norm()).item<double>();
}

TEST_P(ConvStemBf16, TheLayerIsNearThatInFloat32AndItsStatisticsAreExact) {
  const auto& [shape, filters, slope] = GetParam();
  Layer layer = Draw(shape, filters);
  const at::Tensor given = at::randn({shape[0], filters, shape[2] / 2, shape[3] / 2});
  Passed half;
  {
    const Bfloat16Autocast autocast;
    half = Pass(layer, slope, given);
  }
  const at::Tensor mean = layer.mean.clone(), variance = layer.variance.clone();
  layer.mean.zero_();
  layer.variance.fill_(1);
  const at::Tensor input = layer.input;
  layer.input = ChannelsLast(Rounded(input));
  const Passed whole = Pass(layer, slope, given);
  EXPECT_THAT(mean, TensorEquals(layer.mean));
  EXPECT_THAT(variance, TensorEquals(layer.variance));
  EXPECT_LT(Error(half.output, whole.output), 0.003);
  EXPECT_GT(Error(half.output, whole.output), 0);
  // Where two pixels of a window are nearly equal another one may be argmax, and what is given here is as different for
  // neighbours as can be. The bias moves nothing behind a normalisation: its gradient is rounding alone.
  for (const size_t i : {0, 2, 3}) EXPECT_LT(Error(half.gradients[i], whole.gradients[i]), 0.1) << i;
}

INSTANTIATE_TEST_SUITE_P(Shapes, ConvStemBf16,
                         ::testing::Values(Case{{3, 3, 84, 84}, 64, 0.0}, Case{{2, 3, 33, 21}, 32, 0.1},
                                           Case{{5, 3, 8, 9}, 96, 0.0}, Case{{2, 1, 20, 16}, 64, 0.1},
                                           Case{{2, 2, 11, 37}, 32, 0.0}));

}  // namespace
}  // namespace tint
