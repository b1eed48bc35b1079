// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <limits>
#include <string>
#include <vector>

#include "amx.h"
#include "bfloat16_autocast.h"
#include "tensor_matchers.h"
#include "tint/cpu/conv3x3.h"

namespace tint {
namespace {

using testing::Bfloat16Autocast;
using testing::TensorEquals;

struct World {
  at::Tensor input, weight, bias, given;
};

// batch, channels, filters, height, width
using Shape = std::vector<int64_t>;

World Draw(const Shape& shape) {
  at::manual_seed(6);
  const auto images = [&](int64_t channels) {
    return at::randn({shape[0], channels, shape[3], shape[4]}).contiguous(at::MemoryFormat::ChannelsLast);
  };
  return {images(shape[1]).requires_grad_(), at::randn({shape[2], shape[1], 3, 3}).requires_grad_(),
          at::randn({shape[2]}).requires_grad_(), images(shape[2])};
}

struct Found {
  at::Tensor output;
  std::vector<at::Tensor> gradients;  // of input, weight, bias
};

Found Passed(const World& world) {
  Found found;
  {
    const Bfloat16Autocast autocast;
    found.output = Conv3x3(world.input, world.weight, world.bias);
  }
  found.gradients = torch::autograd::grad({found.output}, {world.input, world.weight, world.bias}, {world.given});
  return found;
}

at::Tensor Rounded(const at::Tensor& tensor) { return tensor.detach().to(at::kBFloat16).to(at::kDouble); }

// Sums in float32 of products that are exact.
void ExpectClose(const at::Tensor& found, const at::Tensor& expected, const std::string& what) {
  ASSERT_EQ(found.sizes(), expected.sizes()) << what;
  const double error = (found.detach().to(at::kDouble) - expected).abs().max().item<double>();
  EXPECT_LE(error, 2e-6 * expected.abs().max().item<double>()) << what;
}

class ConvBf16 : public ::testing::TestWithParam<Shape> {
 protected:
  void SetUp() override {
    if (ActiveAmxKernels() == nullptr) GTEST_SKIP() << "this processor has no tiles";
  }
};

TEST_P(ConvBf16, IsTheSumOfRoundedFactorsAndItsGradient) {
  const World world = Draw(GetParam());
  const Found found = Passed(world);
  EXPECT_EQ(found.output.scalar_type(), at::kFloat);
  EXPECT_TRUE(found.output.is_contiguous(at::MemoryFormat::ChannelsLast));
  const at::Tensor input = Rounded(world.input).requires_grad_(), weight = Rounded(world.weight).requires_grad_();
  const at::Tensor bias = world.bias.detach().to(at::kDouble);
  const at::Tensor expected = at::conv2d(input, weight, bias, {1, 1}, {1, 1});
  const auto wanted = torch::autograd::grad({expected}, {input, weight}, {Rounded(world.given)});
  ExpectClose(found.output, expected.detach(), "output");
  ExpectClose(found.gradients[0], wanted[0], "gradient of the input");
  ExpectClose(found.gradients[1], wanted[1], "gradient of the weight");
  ExpectClose(found.gradients[2], world.given.to(at::kDouble).sum({0, 2, 3}), "gradient of the bias");
}

TEST_P(ConvBf16, IsTheSameForAnyNumberOfThreads) {
  const World world = Draw(GetParam());
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const Found alone = Passed(world);
  at::set_num_threads(3);
  const Found together = Passed(world), again = Passed(world);
  at::set_num_threads(threads);
  EXPECT_THAT(together.output.detach(), TensorEquals(alone.output.detach()));
  EXPECT_THAT(together.gradients[0], TensorEquals(alone.gradients[0]));
  // Of the weight the number of ranges shows; not which thread was first.
  for (size_t i = 0; i < again.gradients.size(); ++i)
    EXPECT_THAT(again.gradients[i], TensorEquals(together.gradients[i]));
}

INSTANTIATE_TEST_SUITE_P(Shapes, ConvBf16,
                         ::testing::Values(Shape{1, 32, 32, 1, 1}, Shape{2, 32, 64, 5, 3}, Shape{3, 64, 64, 42, 42},
                                           Shape{7, 64, 32, 21, 21}, Shape{2, 96, 160, 10, 17},
                                           Shape{5, 64, 64, 10, 10}, Shape{1, 320, 96, 2, 33}));

TEST(ConvBf16Dispatch, LeavesStemsInFloat32) {
  const World world = Draw({2, 3, 64, 8, 8});
  EXPECT_THAT(Passed(world).output.detach(), TensorEquals(Conv3x3(world.input, world.weight, world.bias).detach()));
}

TEST(ConvBf16Dispatch, LeavesOddWidthsToLibTorch) {
  const World world = Draw({2, 16, 16, 8, 8});
  EXPECT_EQ(Passed(world).output.scalar_type(), at::kBFloat16);
}

TEST(ConvBf16Dispatch, PropagatesNaN) {
  World world = Draw({2, 32, 32, 12, 12});
  world.input = world.input.detach();
  world.input[1][3][5][5] = std::numeric_limits<float>::quiet_NaN();
  world.input.requires_grad_();
  const at::Tensor output = Passed(world).output;
  EXPECT_TRUE(output[0].isfinite().all().item<bool>());
  const at::Tensor inside = output[1].slice(1, 4, 7).slice(2, 4, 7);
  EXPECT_TRUE(inside.isnan().all().item<bool>());
  EXPECT_EQ(output.isnan().sum().item<int64_t>(), inside.numel());
}

}  // namespace
}  // namespace tint
