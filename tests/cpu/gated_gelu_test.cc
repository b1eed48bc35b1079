// SPDX-License-Identifier: Apache-2.0
#include "tint/cpu/gated_gelu.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/jit/api/compilation_unit.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <vector>

#include "active_kernels.h"
#include "custom_ops.h"
#include "tensor_matchers.h"
#include "tint/models/script_module.h"

namespace tint {
namespace {

using testing::TensorNear;

at::Tensor Formula(const at::Tensor& both) {
  const auto halves = both.chunk(2, -1);
  return halves[0] * at::gelu(halves[1]);
}

class GatedGeluOfWidth : public ::testing::TestWithParam<int64_t> {};

TEST_P(GatedGeluOfWidth, IsTheFormulaAndItsGradient) {
  at::manual_seed(3);
  const at::Tensor input = at::randn({2, 5, 2 * GetParam()}) * 3, given = at::randn({2, 5, GetParam()});
  const at::Tensor exact = input.to(at::kDouble).requires_grad_(), single = input.clone().requires_grad_();
  const at::Tensor expected = Formula(exact), output = GatedGelu(single);
  EXPECT_THAT(output.detach().to(at::kDouble), TensorNear(expected.detach(), 3e-6, 1e-6));
  const at::Tensor gradient = torch::autograd::grad({output}, {single}, {given})[0];
  const at::Tensor expected_gradient = torch::autograd::grad({expected}, {exact}, {given.to(at::kDouble)})[0];
  EXPECT_THAT(gradient.to(at::kDouble), TensorNear(expected_gradient, 3e-6, 1e-6));
}

INSTANTIATE_TEST_SUITE_P(Widths, GatedGeluOfWidth, ::testing::Values(1, 5, 8, 13, 64, 256));

// gelu(x) / x - 1/2 is erf(x / sqrt(2)) / 2: the whole line, against the C library's erf in double.
TEST(GatedGeluKernels, FollowTheErrorFunctionEverywhere) {
  const int64_t count = 80008;
  const at::Tensor gates = at::linspace(-10, 10, count), row = at::cat({at::ones({count}), gates});
  for (const CpuKernels& kernels : SupportedKernels()) {
    const at::Tensor output = at::empty({count});
    kernels.gated_gelu_forward(row.const_data_ptr<float>(), count, output.mutable_data_ptr<float>());
    double greatest = 0;
    for (int64_t i = 0; i < count; ++i) {
      const double x = gates[i].item<double>();
      greatest = std::max(greatest, std::abs(output[i].item<double>() - x * (1 + std::erf(x / std::sqrt(2.0))) / 2));
    }
    EXPECT_LT(greatest, 1e-6);  // 10 times the rounding of a number near 10 would be 5e-6: gates of 10 pass unchanged
    EXPECT_GT(greatest, 0);
  }
}

TEST(GatedGelu, TakesAnyStridesAndDtypes) {
  at::manual_seed(4);
  const at::Tensor strided = at::randn({2, 6, 10}).transpose(0, 1);
  EXPECT_THAT(GatedGelu(strided), TensorNear(Formula(strided), 1e-6, 1e-6));
  const at::Tensor exact = at::randn({3, 8}, at::kDouble);
  EXPECT_THAT(GatedGelu(exact), TensorNear(Formula(exact), 0));
}

ScriptModule Loaded(const std::string& approximation) {
  torch::jit::Module module("gated");
  module.define("def forward(self, x):\n  a, b = torch.chunk(x, 2, -1)\n  return a * torch.gelu(b, approximate='" +
                approximation + "')\n");
  std::ostringstream bytes;
  module.save(bytes);
  return ScriptModule::FromBytes(bytes.str(), "gated.pt", c10::kCPU);
}

// The pattern is handed to the kernel, nothing that only looks like it, and nothing before it is asked for.
TEST(GatedGelu, IsFoundInModules) {
  const at::Tensor input = at::linspace(-3, 3, 40).reshape({2, 20});
  const ScriptModule exact = Loaded("none"), tanh = Loaded("tanh"), kept = Loaded("none");
  internal::RewriteWithCustomOps(exact);
  internal::RewriteWithCustomOps(tanh);
  EXPECT_EQ(kept.module().get_method("forward").graph()->toString().find("tint::gated_gelu"), std::string::npos);
  EXPECT_NE(exact.module().get_method("forward").graph()->toString().find("tint::gated_gelu"), std::string::npos);
  EXPECT_EQ(tanh.module().get_method("forward").graph()->toString().find("tint::gated_gelu"), std::string::npos);
  EXPECT_THAT(exact.Call("forward", {input}), TensorNear(Formula(input), 1e-6, 1e-6));
  const auto halves = input.chunk(2, -1);
  EXPECT_THAT(tanh.Call("forward", {input}), TensorNear(halves[0] * at::gelu(halves[1], "tanh"), 1e-6, 1e-6));
}

}  // namespace
}  // namespace tint
