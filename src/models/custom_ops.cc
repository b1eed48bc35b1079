// SPDX-License-Identifier: Apache-2.0
#include "custom_ops.h"

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/passes/subgraph_rewrite.h>

#include "tint/cpu/install.h"

namespace tint::internal {

void RewriteWithCustomOps(const ScriptModule& module) {
  InstallKernels();
  torch::jit::SubgraphRewriter rewriter;
  rewriter.RegisterRewritePattern(R"(
    graph(%both):
      %two : int = prim::Constant[value=2]()
      %last : int = prim::Constant[value=-1]()
      %exact : str = prim::Constant[value="none"]()
      %halves : Tensor[] = aten::chunk(%both, %two, %last)
      %values : Tensor, %gates : Tensor = prim::ListUnpack(%halves)
      %weights : Tensor = aten::gelu(%gates, %exact)
      %output : Tensor = aten::mul(%values, %weights)
      return (%output))",
                                  R"(
    graph(%both):
      %output : Tensor = tint::gated_gelu(%both)
      return (%output))");
  rewriter.runOnModule(module.module());
}

}  // namespace tint::internal
