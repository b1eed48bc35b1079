// SPDX-License-Identifier: Apache-2.0
#include "tint/models/flops.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include "tiny_modules.h"

namespace tint {
namespace {

TEST(CountFlops, MatrixProducts) {
  const at::Tensor a = at::ones({3, 5}), b = at::ones({5, 7});
  EXPECT_EQ(CountFlops([&] { at::mm(a, b); }), 2 * 3 * 5 * 7);
  EXPECT_EQ(CountFlops([&] { at::matmul(a, b); }), 2 * 3 * 5 * 7);
  EXPECT_EQ(CountFlops([&] { at::addmm(at::ones({7}), a, b); }), 2 * 3 * 5 * 7);
  EXPECT_EQ(CountFlops([&] { at::linear(a, b.t().contiguous(), at::ones({7})); }), 2 * 3 * 5 * 7);
  EXPECT_EQ(CountFlops([&] { at::matmul(at::ones({4, 3, 5}), at::ones({4, 5, 7})); }), 2 * 4 * 3 * 5 * 7);
  EXPECT_EQ(CountFlops([&] { at::mv(a, at::ones({5})); }), 2 * 3 * 5);
}

TEST(CountFlops, Convolutions) {
  const at::Tensor x = at::ones({2, 6, 9, 9});
  auto count = [&](const at::Tensor& weight, int64_t stride, int64_t padding, int64_t groups) {
    return CountFlops([&] { at::conv2d(x, weight, {}, stride, padding, 1, groups); });
  };
  EXPECT_EQ(count(at::ones({8, 6, 3, 3}), 1, 1, 1), 2 * 2 * 9 * 9 * 8 * 6 * 9);
  EXPECT_EQ(count(at::ones({8, 6, 3, 3}), 2, 0, 1), 2 * 2 * 4 * 4 * 8 * 6 * 9);
  EXPECT_EQ(count(at::ones({6, 1, 3, 3}), 1, 1, 6), 2 * 2 * 9 * 9 * 6 * 9);
  EXPECT_EQ(CountFlops([&] { at::conv_transpose2d(x, at::ones({6, 4, 2, 2}), {}, 2); }), 2 * 2 * 9 * 9 * 6 * 4 * 4);
}

// As torch.jit.trace writes it.
TEST(CountFlops, ConvolutionsOfTracedModules) {
  const ScriptModule traced = testing::MakeModule(
      "def forward(self, x: Tensor) -> Tensor:\n"
      "  return torch.relu(x) + torch._convolution(x, self.weight, None, [1, 1], [1, 1], [1, 1], False, [0, 0], 1, "
      "False, False, True, True)\n",
      {{"weight", at::ones({6, 6, 3, 3})}});
  EXPECT_EQ(CountFlops([&] { traced.Call("forward", {at::ones({2, 6, 9, 9})}); }), 2 * 2 * 9 * 9 * 6 * 6 * 9);
}

TEST(CountFlops, AttentionIsCountedOnce) {
  const at::Tensor query = at::ones({2, 3, 10, 8}), key = at::ones({2, 3, 6, 8}), value = at::ones({2, 3, 6, 4});
  const int64_t expected = 2 * 2 * 3 * 10 * 6 * (8 + 4);
  EXPECT_EQ(CountFlops([&] { at::scaled_dot_product_attention(query, key, value); }), expected);
  const c10::NoGradGuard no_grad;
  EXPECT_EQ(CountFlops([&] {
              at::scaled_dot_product_attention(query, key, at::ones({2, 3, 6, 8}));
            }),
            2 * 2 * 3 * 10 * 6 * 16);
}

TEST(CountFlops, SeesInsideTorchScript) {
  const ScriptModule module = testing::MakeModule("def forward(self, x: Tensor) -> Tensor:\n  return torch.mm(x, x)\n");
  EXPECT_EQ(CountFlops([&] { module.Call("forward", {at::ones({4, 4})}); }), 2 * 64);
}

TEST(CountFlops, CountsNothingElseAndResets) {
  EXPECT_EQ(CountFlops([] { at::exp(at::ones({100})); }), 0);
  EXPECT_ANY_THROW(CountFlops([] { at::mm(at::ones({2, 3}), at::ones({4, 5})); }));
  EXPECT_EQ(CountFlops([] { at::mm(at::ones({2, 2}), at::ones({2, 2})); }), 16);
}

}  // namespace
}  // namespace tint
