// SPDX-License-Identifier: Apache-2.0
#include "tint/cpu/conv3x3.h"

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

using testing::TensorEquals;
using testing::TensorNear;

struct World {
  at::Tensor input, weight, bias;

  World To(at::ScalarType dtype) const {
    const auto leaf = [&](const at::Tensor& t) {
      return t.to(dtype).clone(at::MemoryFormat::Preserve).requires_grad_();
    };
    return {leaf(input), leaf(weight), leaf(bias)};
  }
};

// batch, channels, filters, height, width
using Shape = std::vector<int64_t>;

World Draw(const Shape& shape) {
  at::manual_seed(5);
  return {at::randn({shape[0], shape[1], shape[3], shape[4]}).contiguous(at::MemoryFormat::ChannelsLast),
          at::randn({shape[2], shape[1], 3, 3}), at::randn({shape[2]})};
}

std::vector<at::Tensor> Gradients(const at::Tensor& output, const World& world, const at::Tensor& given) {
  return torch::autograd::grad({output}, {world.input, world.weight, world.bias}, {given.to(output.scalar_type())});
}

// Off by at most 1.5e-5 of the largest value.
void ExpectClose(const at::Tensor& found, const at::Tensor& expected, const std::string& what) {
  ASSERT_EQ(found.sizes(), expected.sizes()) << what;
  const double error = (found.to(at::kDouble) - expected).abs().max().item<double>();
  EXPECT_LE(error, 1.5e-5 * expected.abs().max().item<double>()) << what;
}

class Conv3x3Case : public ::testing::TestWithParam<Shape> {};

TEST_P(Conv3x3Case, IsTheSumInDoubleAndItsGradient) {
  const World drawn = Draw(GetParam()), single = drawn.To(at::kFloat), exact = drawn.To(at::kDouble);
  const at::Tensor output = Conv3x3(single.input, single.weight, single.bias);
  const at::Tensor expected = at::conv2d(exact.input, exact.weight, exact.bias, {1, 1}, {1, 1});
  EXPECT_TRUE(output.is_contiguous(at::MemoryFormat::ChannelsLast));
  ExpectClose(output.detach(), expected.detach(), "output");
  const at::Tensor given = at::randn(expected.sizes());
  const auto found = Gradients(output, single, given), wanted = Gradients(expected, exact, given);
  for (size_t i = 0; i < found.size(); ++i) ExpectClose(found[i], wanted[i], "gradient " + std::to_string(i));
}

INSTANTIATE_TEST_SUITE_P(Shapes, Conv3x3Case,
                         ::testing::Values(Shape{1, 16, 16, 4, 4}, Shape{3, 16, 32, 6, 9}, Shape{2, 64, 64, 42, 42},
                                           Shape{5, 32, 16, 21, 21}, Shape{2, 48, 80, 10, 10}, Shape{7, 32, 48, 5, 12},
                                           Shape{2, 160, 320, 21, 11},
                                           // Stems.
                                           Shape{2, 3, 64, 8, 8}, Shape{3, 1, 16, 1, 7}, Shape{2, 5, 48, 6, 1},
                                           Shape{1, 15, 80, 9, 14},
                                           // LibTorch's: filters of any number, tiles that are mostly padding.
                                           Shape{2, 64, 20, 8, 8}, Shape{2, 16, 16, 5, 5}));

TEST(Conv3x3, NeedsNoBias) {
  const World drawn = Draw({2, 16, 32, 9, 8}), single = drawn.To(at::kFloat), exact = drawn.To(at::kDouble);
  const at::Tensor output = Conv3x3(single.input, single.weight, {});
  const at::Tensor expected = at::conv2d(exact.input, exact.weight, {}, {1, 1}, {1, 1});
  ExpectClose(output.detach(), expected.detach(), "output");
  const at::Tensor given = at::randn(expected.sizes());
  const auto found = torch::autograd::grad({output}, {single.weight}, {given});
  const auto wanted = torch::autograd::grad({expected}, {exact.weight}, {given.to(at::kDouble)});
  ExpectClose(found[0], wanted[0], "gradient of the weight");
}

// What tiles of 4x4 and padding could get wrong is seen by one pixel and one weight at a time.
TEST(Conv3x3, MovesASinglePixelWhereEachWeightPutsIt) {
  for (const int64_t y : {0, 3, 4, 9}) {
    for (int64_t u = 0; u < 3; ++u) {
      at::Tensor input = at::zeros({1, 16, 10, 10}).contiguous(at::MemoryFormat::ChannelsLast);
      at::Tensor weight = at::zeros({16, 16, 3, 3});
      input[0][2][y][7] = 3;
      weight[5][2][u][2] = 2;
      at::Tensor expected = at::zeros({1, 16, 10, 10});
      if (const int64_t row = y + 1 - u; row >= 0 && row < 10) expected[0][5][row][6] = 6;
      EXPECT_THAT(Conv3x3(input, weight, {}), TensorNear(expected, 1e-5, 0)) << y << " " << u;
    }
  }
}

TEST(Conv3x3, IsTheSameForAnyNumberOfThreads) {
  const World world = Draw({40, 16, 32, 13, 10});
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const at::Tensor alone = Conv3x3(world.input, world.weight, world.bias);
  at::set_num_threads(3);
  const at::Tensor together = Conv3x3(world.input, world.weight, world.bias);
  const World leaf = world.To(at::kFloat);
  const at::Tensor given = at::randn(alone.sizes());
  const auto first = Gradients(Conv3x3(leaf.input, leaf.weight, leaf.bias), leaf, given);
  const auto second = Gradients(Conv3x3(leaf.input, leaf.weight, leaf.bias), leaf, given);
  at::set_num_threads(threads);
  EXPECT_THAT(together, TensorEquals(alone));
  for (size_t i = 0; i < first.size(); ++i) EXPECT_THAT(second[i], TensorEquals(first[i])) << "gradient " << i;
}

// An image's output does not depend on the other images of its batch.
TEST(Conv3x3, DoesNotDependOnTheBatch) {
  const World world = Draw({5, 16, 16, 21, 21});
  const at::Tensor all = Conv3x3(world.input, world.weight, world.bias);
  for (int64_t b = 0; b < 5; ++b) {
    const at::Tensor one = world.input.slice(0, b, b + 1).contiguous(at::MemoryFormat::ChannelsLast);
    EXPECT_THAT(Conv3x3(one, world.weight, world.bias), TensorNear(all.slice(0, b, b + 1), 1e-5, 1e-5));
  }
}

// Sizes with every remainder of a tile's rows and an odd number of panels; and added to what was there.
TEST(MatrixTile, OfAllProcessorsIsTheProduct) {
  at::manual_seed(9);
  for (int64_t rows = 1; rows <= 25; ++rows) {
    const int64_t depth = 7, width = rows % 2 == 0 ? 48 : 64;
    const at::Tensor a = at::randn({rows, depth}), b = at::randn({depth, width}), before = at::randn({rows, width});
    const at::Tensor panels = b.reshape({depth, width / 16, 16}).transpose(0, 1).contiguous();
    const at::Tensor expected = a.to(at::kDouble).mm(b.to(at::kDouble));
    for (const CpuKernels& kernels : SupportedKernels()) {
      for (const bool adds : {false, true}) {
        const at::Tensor c = before.clone();
        kernels.multiply({rows, depth, width, depth, 1, depth * 16, 16, adds}, a.const_data_ptr<float>(),
                         panels.const_data_ptr<float>(), c.mutable_data_ptr<float>());
        const at::Tensor wanted = adds ? expected + before : expected;
        EXPECT_THAT(c.to(at::kDouble), TensorNear(wanted, 1e-5, 1e-5)) << rows << (adds ? " added" : "");
      }
    }
  }
}

TEST(Conv3x3, PropagatesNaN) {
  World world = Draw({2, 16, 16, 12, 12});
  world.input[1][3][5][5] = std::numeric_limits<float>::quiet_NaN();
  const at::Tensor output = Conv3x3(world.input, world.weight, world.bias);
  EXPECT_TRUE(output[0].isfinite().all().item<bool>());
  EXPECT_TRUE(output[1].slice(1, 4, 7).slice(2, 4, 7).isnan().all().item<bool>());
}

TEST(Conv3x3, TransformsOfAllProcessorsAgree) {
  const at::Tensor image = at::randn({9, 7, 16});
  const at::Tensor zeros = at::zeros({16});
  const WinogradTiles tiles{9, 7, 16, 3, 2};
  const WinogradBlock block{1, 5, 6};
  const auto points = [&](const CpuKernels& kernels, auto pass) {
    at::Tensor to = at::zeros({36, 6, 16});
    (kernels.*pass)(image.const_data_ptr<float>(), tiles, block, zeros.const_data_ptr<float>(),
                    to.mutable_data_ptr<float>());
    return to;
  };
  const at::Tensor products = at::randn({36, 6, 16});
  const auto images = [&](const CpuKernels& kernels) {
    at::Tensor to = at::zeros({9, 7, 16});
    kernels.winograd_output(products.const_data_ptr<float>(), tiles, block, nullptr, to.mutable_data_ptr<float>());
    return to;
  };
  for (const CpuKernels& kernels : SupportedKernels()) {
    for (const auto pass : {&CpuKernels::winograd_input, &CpuKernels::winograd_gradient})
      EXPECT_THAT(points(kernels, pass), TensorNear(points(SupportedKernels().front(), pass), 1e-5, 1e-5));
    EXPECT_THAT(images(kernels), TensorNear(images(SupportedKernels().front()), 1e-5, 1e-4));
  }
}

}  // namespace
}  // namespace tint
