// SPDX-License-Identifier: Apache-2.0
#include "tint/models/script_module.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/graph_executor.h>

#include <thread>

#include "prelude.h"
#include "tensor_matchers.h"
#include "tiny_modules.h"

namespace tint {
namespace {

using tint::testing::MakeModule;
using tint::testing::TensorEquals;
using tint::testing::TinyDenoiser;
using tint::testing::TinyTextEncoder;

const c10::Device kCpu(c10::kCPU);

ScriptModule Network(double weight) {
  return MakeModule(
      "def forward(self, x: Tensor) -> Tensor:\n"
      "  return torch.sigmoid(torch.mm(x, self.weight) + self.shift) * torch.tanh(x)\n",
      {{"weight", at::full({4, 4}, weight)}}, {{"shift", at::ones({4})}, {"count", at::zeros({1}, at::kLong)}});
}

TEST(ScriptModule, TwoSavesOfEqualModulesAreByteIdentical) {
  const std::string bytes = Network(0.5).ToBytes();
  EXPECT_EQ(bytes, Network(0.5).ToBytes());
  EXPECT_NE(bytes, Network(0.25).ToBytes());
}

TEST(ScriptModule, SavingAReloadedModuleIsAFixedPoint) {
  const std::string bytes = Network(0.5).ToBytes();
  const std::string again = ScriptModule::FromBytes(bytes, "n.pt", kCpu).ToBytes();
  EXPECT_EQ(bytes, again);
  EXPECT_EQ(again, ScriptModule::FromBytes(again, "m.pt", kCpu).ToBytes());
}

TEST(ScriptModule, SaveDoesNotDependOnCallsBefore) {
  const ScriptModule module = Network(0.5);
  const std::string bytes = module.ToBytes();
  for (int i = 0; i < 4; ++i) module.Call("forward", {at::ones({2, 4})});
  EXPECT_EQ(bytes, module.ToBytes());
}

TEST(ScriptModule, DtypeOfFloatingPointTensorsAloneChanges) {
  const ScriptModule module = ScriptModule::FromBytes(Network(0.5).ToBytes(), "n.pt", kCpu, at::kBFloat16);
  EXPECT_EQ(module.dtype(), at::kBFloat16);
  EXPECT_EQ(module.Parameters()[0].second.scalar_type(), at::kBFloat16);
  for (const auto& [name, buffer] : module.Buffers()) {
    EXPECT_EQ(buffer.scalar_type(), name == "count" ? at::kLong : at::kBFloat16) << name;
  }
}

TEST(ScriptModule, EveryCallGivesTheSameBitsOnAnyThread) {
  const ScriptModule module = Network(0.37);
  at::Tensor x = at::linspace(-2, 2, 12).reshape({3, 4}).requires_grad_(true);
  auto run = [&] {
    const at::Tensor y = module.Call("forward", {x});
    return std::pair(y.detach(), torch::autograd::grad({y.sum()}, {x})[0]);
  };
  const auto first = run();
  for (int i = 0; i < 5; ++i) {
    const auto later = run();
    EXPECT_THAT(later.first, TensorEquals(first.first));
    EXPECT_THAT(later.second, TensorEquals(first.second));
  }
  std::pair<at::Tensor, at::Tensor> elsewhere;
  std::thread([&] { elsewhere = run(); }).join();
  EXPECT_THAT(elsewhere.second, TensorEquals(first.second));
}

// The witness that nothing is rewritten behind our back: the executed graph stays the one that was written.
TEST(ScriptModule, GraphIsNotRewrittenByLaterCalls) {
  const ScriptModule module = Network(0.37);
  for (int i = 0; i < 5; ++i) module.Call("forward", {at::ones({3, 4})});
  EXPECT_FALSE(torch::jit::getProfilingMode().load());
  std::ostringstream executed;
  const torch::jit::GraphOptimizerEnabledGuard plain(false);
  auto& executor = module.module().get_method("forward").get_executor();
  executed << *executor.getDebugState().graph;
  for (const auto& [spec, plan] : executor.getDebugState().execution_plans) executed << *plan.graph;
  EXPECT_THAT(executed.str(), AllOf(HasSubstr("aten::mm"), Not(HasSubstr("prim::profile")),
                                    Not(HasSubstr("TensorExpr")), Not(HasSubstr("DifferentiableGraph"))));
}

TEST(ScriptModule, CloneSharesNothingAndIsTrainable) {
  const ScriptModule module = Network(0.5), clone = module.Clone();
  EXPECT_TRUE(clone.Parameters()[0].second.is_leaf() && clone.Parameters()[0].second.requires_grad());
  clone.Parameters()[0].second.data().zero_();
  EXPECT_THAT(module.Parameters()[0].second.detach(), TensorEquals(at::full({4, 4}, 0.5)));
}

TEST(ScriptModule, TrainingAndGradientsAreSwitched) {
  const ScriptModule module = Network(0.5);
  module.SetTraining(false);
  EXPECT_FALSE(module.module().is_training());
  module.SetRequiresGrad(false);
  EXPECT_FALSE(module.Parameters()[0].second.requires_grad());
}

TEST(ScriptModule, DescribesMethods) {
  EXPECT_EQ(TinyDenoiser().DescribeMethod("forward"), "forward(Tensor, Tensor, Tensor) -> Tensor");
  EXPECT_EQ(TinyDenoiser().DescribeMethod("encode"), "");
}

TEST(ScriptModule, FailedCallNamesFileAndMethodInOneLineOfReason) {
  const Error error = CatchError([] { Network(0.5).Call("forward", {at::ones({2, 3})}); });
  EXPECT_THAT(error, FailsWith(ExitCode::kInternal, AllOf(HasSubstr("tiny.pt: forward: "), HasSubstr("2x3 and 4x4"),
                                                          Not(HasSubstr("Traceback")))));
}

TEST(ScriptModule, ResultThatIsNoTensorIsRefused) {
  const ScriptModule module = MakeModule("def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:\n  return (x, x)\n");
  EXPECT_THAT(CatchError([&] { module.Call("forward", {at::ones({1})}); }),
              FailsWith(ExitCode::kBadInput, HasSubstr("Tuple; expected one tensor")));
}

TEST(ScriptModule, BytesThatAreNoArchiveAreRefusedWithTheFilesName) {
  const std::string whole = Network(0.5).ToBytes();
  for (const std::string& bytes : {std::string(), std::string("not an archive"), whole.substr(0, whole.size() / 2)}) {
    EXPECT_THAT(CatchError([&] { ScriptModule::FromBytes(bytes, "odd.pt", kCpu); }),
                FailsWith(ExitCode::kBadInput, AllOf(HasSubstr("odd.pt: cannot be loaded"), HasSubstr("TorchScript"))));
  }
}

}  // namespace
}  // namespace tint
