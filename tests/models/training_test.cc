// SPDX-License-Identifier: Apache-2.0
#include "tint/models/training.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/jit/api/module.h>

#include "tensor_matchers.h"

namespace tint {
namespace {

using testing::TensorNear;

// Two convolution blocks; what follows the second is not what the kernel does.
torch::jit::Module Blocks(const std::string& after_second) {
  torch::jit::Module module("__torch__.Blocks");
  module.register_attribute("training", c10::BoolType::get(), true);
  at::manual_seed(5);
  for (const std::string block : {"1", "2"}) {
    module.register_parameter("conv" + block, at::randn({16, block == "1" ? 3 : 16, 3, 3}) * 0.3, false);
    module.register_parameter("weight" + block, at::randn({16}), false);
    module.register_parameter("bias" + block, at::randn({16}), false);
    module.register_buffer("mean" + block, at::zeros({16}));
    module.register_buffer("variance" + block, at::ones({16}));
  }
  const auto norm = [](const std::string& block) {
    return "    x = torch.batch_norm(torch.conv2d(x, self.conv" + block +
           ", None, [1, 1], [1, 1], [1, 1], 1), self.weight" + block + ", self.bias" + block + ", self.mean" + block +
           ", self.variance" + block + ", self.training, 0.1, 1e-05, True)\n";
  };
  module.define("def forward(self, x: Tensor) -> Tensor:\n" + norm("1") +
                "    x = torch.relu(x)\n    x = torch.max_pool2d(x, [2, 2], [2, 2], [0, 0], [1, 1], False)\n" +
                norm("2") + "    " + after_second + "\n    return x\n");
  return module;
}

std::string Graph(const ScriptModule& module) { return module.module().get_method("forward").graph()->toString(); }

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(FuseForTraining, SharesTheTensorsAndComputesTheSame) {
  const ScriptModule module(Blocks("x = torch.leaky_relu(x, 0.1)")), reference = module.Clone();
  const ScriptModule twin = FuseForTraining(module);
  EXPECT_EQ(Count(Graph(twin), "tint::convolve_norm_activate"), 2u);
  EXPECT_EQ(Count(Graph(twin), "aten::batch_norm") + Count(Graph(twin), "aten::max_pool2d"), 0u);
  EXPECT_EQ(Count(Graph(twin), "aten::conv2d"), 0u);
  EXPECT_EQ(Count(Graph(module), "tint::"), 0u);
  const at::Tensor images = at::randn({4, 3, 12, 12}).contiguous(at::MemoryFormat::ChannelsLast);
  EXPECT_THAT(twin.Call("forward", {images}), TensorNear(reference.Call("forward", {images}), 2e-5, 1e-4));
  // One update of the running statistics, which are the module's own.
  for (const auto& [name, buffer] : reference.Buffers()) {
    const auto own = module.Buffers();
    const auto same = std::find_if(own.begin(), own.end(), [&](const auto& one) { return one.first == name; });
    ASSERT_NE(same, own.end());
    EXPECT_THAT(same->second, TensorNear(buffer, 1e-6, 1e-5)) << name;
  }
  for (const auto& [name, parameter] : module.Parameters()) parameter.detach().zero_();
  for (const auto& [name, parameter] : twin.Parameters())
    EXPECT_EQ(parameter.count_nonzero().item<int64_t>(), 0) << name;
  EXPECT_EQ(module.ToBytes().find("tint"), std::string::npos) << "what is saved keeps LibTorch's operators";
}

TEST(FuseForTraining, LeavesSimilarGraphsAlone) {
  for (const char* after : {"x = torch.sigmoid(x)", "x = torch.relu(x) + x", "x = torch.leaky_relu(x, -0.1)"}) {
    EXPECT_EQ(Count(Graph(FuseForTraining(ScriptModule(Blocks(after)))), "norm_activate("), 1u) << after;
  }
  // Another pooling stays, behind the fused activation.
  const ScriptModule other = FuseForTraining(
      ScriptModule(Blocks("x = torch.max_pool2d(torch.relu(x), [3, 3], [2, 2], [0, 0], [1, 1], False)")));
  EXPECT_EQ(Count(Graph(other), "norm_activate("), 2u);
  EXPECT_EQ(Count(Graph(other), "aten::max_pool2d"), 1u);
  for (const char* how : {"[2, 2], [1, 1], [1, 1], 1", "[1, 1], [0, 0], [1, 1], 1", "[1, 1], [1, 1], [2, 2], 1"}) {
    const std::string after = "x = torch.conv2d(x, self.conv2, None, " + std::string(how) + ")";
    EXPECT_EQ(Count(Graph(FuseForTraining(ScriptModule(Blocks(after)))), "aten::conv2d"), 1u) << how;
  }
}

}  // namespace
}  // namespace tint
