// SPDX-License-Identifier: Apache-2.0
#include "tint/cpu/attention.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <limits>
#include <vector>

#include "active_kernels.h"
#include "tensor_matchers.h"
#include "tint/cpu/install.h"

namespace tint {
namespace {

using testing::TensorEquals;
using testing::TensorNear;

struct Case {
  int64_t batch, heads, queries, keys, width;
};

// As the linear layers before it leave them: the heads of a row side by side.
at::Tensor Rows(int64_t batch, int64_t heads, int64_t rows, int64_t width) {
  return at::randn({batch, rows, heads, width}).transpose(1, 2);
}

struct Inputs {
  explicit Inputs(const Case& c)
      : query(Rows(c.batch, c.heads, c.queries, c.width)),
        key(Rows(c.batch, c.heads, c.keys, c.width)),
        value(Rows(c.batch, c.heads, c.keys, c.width)),
        output_gradient(Rows(c.batch, c.heads, c.queries, c.width)) {}
  at::Tensor query, key, value, output_gradient;
};

// The formula, in double.
at::Tensor Formula(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value, double scale) {
  return at::matmul(at::softmax(at::matmul(query, key.transpose(2, 3)) * scale, -1), value);
}

class Attention : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override { at::manual_seed(5); }
};

TEST_P(Attention, IsTheFormulaAndItsGradient) {
  const Inputs in(GetParam());
  const double scale = 1 / std::sqrt(static_cast<double>(GetParam().width));
  const at::Tensor query = in.query.to(at::kDouble).requires_grad_(), key = in.key.to(at::kDouble).requires_grad_();
  const at::Tensor value = in.value.to(at::kDouble).requires_grad_();
  const at::Tensor expected = Formula(query, key, value, scale);
  const auto gradients = torch::autograd::grad({expected}, {query, key, value}, {in.output_gradient.to(at::kDouble)});

  ASSERT_TRUE(AttentionFits(in.query, in.key, in.value));
  const auto [output, log_sum_exp] = AttentionForward(in.query, in.key, in.value, std::nullopt);
  EXPECT_THAT(output.to(at::kDouble), TensorNear(expected.detach(), 2e-6, 2e-6));
  const at::Tensor scores = at::matmul(query, key.transpose(2, 3)).detach() * scale;
  EXPECT_THAT(log_sum_exp.to(at::kDouble), TensorNear(at::logsumexp(scores, -1), 2e-6, 2e-6));
  const auto [dq, dk, dv] =
      AttentionBackward(in.output_gradient, in.query, in.key, in.value, output, log_sum_exp, std::nullopt);
  EXPECT_THAT(dq.to(at::kDouble), TensorNear(gradients[0], 1e-5, 1e-5));
  EXPECT_THAT(dk.to(at::kDouble), TensorNear(gradients[1], 1e-5, 1e-5));
  EXPECT_THAT(dv.to(at::kDouble), TensorNear(gradients[2], 1e-5, 1e-5));
}

TEST_P(Attention, IsTheSameForAnyNumberOfThreads) {
  const Inputs in(GetParam());
  const int threads = at::get_num_threads();
  std::vector<at::Tensor> results;
  for (const int count : {1, 2}) {
    at::set_num_threads(count);
    const auto [output, log_sum_exp] = AttentionForward(in.query, in.key, in.value, 0.3);
    const auto [dq, dk, dv] =
        AttentionBackward(in.output_gradient, in.query, in.key, in.value, output, log_sum_exp, 0.3);
    results.push_back(at::cat({output.flatten(), log_sum_exp.flatten(), dq.flatten(), dk.flatten(), dv.flatten()}));
  }
  at::set_num_threads(threads);
  EXPECT_THAT(results[1], TensorEquals(results[0]));
}

INSTANTIATE_TEST_SUITE_P(Sizes, Attention,
                         ::testing::Values(Case{1, 1, 1, 1, 8}, Case{2, 3, 5, 7, 8}, Case{2, 2, 64, 77, 8},
                                           Case{1, 2, 256, 256, 8}, Case{1, 1, 4, 8, 16}, Case{3, 2, 9, 77, 16},
                                           Case{1, 1, 66, 17, 16}));

HeadForward ForwardOf(const Inputs& in, float* output, float* log_sum_exp) {
  const int64_t width = in.query.size(3);
  return {.query = {in.query.const_data_ptr<float>(), width},
          .key = {in.key.const_data_ptr<float>(), width},
          .value = {in.value.const_data_ptr<float>(), width},
          .output = {output, width},
          .log_sum_exp = log_sum_exp,
          .log_sum_exp_stride = 1,
          .queries = in.query.size(2),
          .keys = in.key.size(2),
          .scale = 0.25F};
}

TEST(AttentionKernels, OfAllProcessorsAgree) {
  at::manual_seed(7);
  for (const int64_t width : {8, 16}) {
    const Inputs in({1, 1, 13, 29, width});
    std::vector<at::Tensor> results;
    for (const CpuKernels& kernels : SupportedKernels()) {
      const at::Tensor output = at::zeros({13, width}), log_sum_exp = at::zeros({13});
      std::vector<float> scratch(static_cast<size_t>(ForwardScratch(29, width)));
      kernels.attention_forward[width / 8 - 1](
          ForwardOf(in, output.mutable_data_ptr<float>(), log_sum_exp.mutable_data_ptr<float>()), scratch.data());
      results.push_back(at::cat({output.flatten(), log_sum_exp}));
      EXPECT_THAT(results.back(), TensorNear(results[0], 1e-6, 1e-6));
    }
  }
}

TEST(AttentionKernels, GreatScoresDoNotOverflowAndNansStayInTheirRow) {
  at::manual_seed(11);
  Inputs in({1, 1, 6, 20, 8});
  const auto [great, great_sum] = AttentionForward(in.query * 300, in.key, in.value, std::nullopt);
  EXPECT_THAT(great.to(at::kDouble), TensorNear(Formula((in.query * 300).to(at::kDouble), in.key.to(at::kDouble),
                                                        in.value.to(at::kDouble), 1 / std::sqrt(8.0)),
                                                2e-4));
  in.query[0][0][2][3] = std::numeric_limits<float>::quiet_NaN();
  const auto [output, log_sum_exp] = AttentionForward(in.query, in.key, in.value, std::nullopt);
  const at::Tensor bad_rows = output.isnan().any(-1).flatten();
  EXPECT_THAT(bad_rows, TensorEquals(at::arange(6).eq(2)));
  EXPECT_TRUE(output[0][0][2].isnan().all().item<bool>());
}

TEST(AttentionKernels, TakeWhatTheyWereWrittenForOnly) {
  const at::Tensor good = at::randn({2, 3, 4, 8});
  EXPECT_TRUE(AttentionFits(good, good, good));
  const at::Tensor wide = at::randn({2, 3, 4, 24}), exact = good.to(at::kDouble), flat = good[0];
  const at::Tensor strided = at::randn({2, 3, 8, 4}).transpose(2, 3), other_heads = at::randn({2, 1, 4, 8});
  for (const at::Tensor& bad : {wide, exact, flat, strided, other_heads}) EXPECT_FALSE(AttentionFits(good, bad, bad));
  EXPECT_FALSE(AttentionFits(good, good.slice(2, 0, 0), good.slice(2, 0, 0)));
}

TEST(InstallKernels, ReplacesLibTorchsKernelWhereOursFits) {
  InstallKernels();
  at::manual_seed(19);
  const Inputs in({2, 8, 64, 77, 8});
  const at::Tensor called = at::scaled_dot_product_attention(in.query, in.key, in.value);
  EXPECT_THAT(called, TensorEquals(std::get<0>(AttentionForward(in.query, in.key, in.value, std::nullopt))));
}

// What models call, after installation: own kernels or LibTorch's, the same formula and gradient.
TEST(InstallKernels, ScaledDotProductAttentionStaysItself) {
  InstallKernels();
  at::manual_seed(13);
  for (const int64_t width : {8, 16, 24}) {
    for (const bool causal : {false, true}) {
      const Inputs in({2, 3, 10, 10, width});
      std::vector<at::Tensor> results;
      for (const at::ScalarType dtype : {at::kFloat, at::kDouble}) {
        const at::Tensor query = in.query.to(dtype).requires_grad_(), key = in.key.to(dtype).requires_grad_();
        const at::Tensor value = in.value.to(dtype).requires_grad_();
        const double scale = width == 8 && !causal ? -0.3 : 0.3;  // below zero: not for our kernel
        const at::Tensor output = at::scaled_dot_product_attention(query, key, value, {}, 0, causal, scale);
        const auto gradients = torch::autograd::grad({output}, {query, key, value}, {in.output_gradient.to(dtype)});
        results.push_back(at::cat({output.detach(), gradients[0], gradients[1], gradients[2]}).to(at::kDouble));
      }
      EXPECT_THAT(results[0], TensorNear(results[1], 1e-5, 1e-5)) << width << " " << causal;
    }
  }
}

}  // namespace
}  // namespace tint
