// SPDX-License-Identifier: Apache-2.0
#include "tint/models/training.h"

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>

#include <optional>
#include <vector>

#include "tint/cpu/install.h"

namespace tint {
namespace {

using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::toIValue;
using torch::jit::Value;

// Of a constant list, or of a list made of constants.
std::optional<std::vector<int64_t>> IntegersOf(Value* value) {
  if (const auto constant = toIValue(value)) {
    if (constant->isIntList()) return constant->toIntVector();
    return std::nullopt;
  }
  if (value->node()->kind() != c10::prim::ListConstruct) return std::nullopt;
  std::vector<int64_t> integers;
  for (Value* element : value->node()->inputs()) {
    const auto constant = toIValue(element);
    if (!constant || !constant->isInt()) return std::nullopt;
    integers.push_back(constant->toInt());
  }
  return integers;
}

// The only node that reads `value`, if it is of this kind.
Node* OnlyReader(Value* value, c10::Symbol kind) {
  if (value->uses().size() != 1 || value->uses()[0].offset != 0) return nullptr;
  Node* reader = value->uses()[0].user;
  return reader->kind() == kind ? reader : nullptr;
}

bool AreBoth(Value* sides, int64_t size) { return IntegersOf(sides) == std::vector<int64_t>{size, size}; }

bool HalvesBothSides(Node* pool) {
  const auto ceil = toIValue(pool->input(5));
  return AreBoth(pool->input(1), 2) && AreBoth(pool->input(2), 2) && AreBoth(pool->input(3), 0) &&
         AreBoth(pool->input(4), 1) && ceil && ceil->isBool() && !ceil->toBool();
}

// batch_norm(input, weight, bias, mean, variance, training, momentum, epsilon, cudnn) with weights and statistics.
bool HasAllTensors(Node* norm) {
  for (size_t i = 1; i <= 4; ++i) {
    if (!norm->input(i)->type()->isSubtypeOf(*c10::TensorType::get())) return false;
  }
  return true;
}

void Fuse(Node* norm, Graph& graph) {
  if (!HasAllTensors(norm)) return;
  double slope = 0;
  std::vector<Node*> chain = {norm};
  Node* last = OnlyReader(norm->output(), c10::aten::relu);
  if (last == nullptr) {
    last = OnlyReader(norm->output(), c10::aten::leaky_relu);
    const auto constant = last ? toIValue(last->input(1)) : std::nullopt;
    if (!constant || !constant->isDouble()) return;
    slope = constant->toDouble();
    if (slope < 0) return;  // the function is not monotonic then, so pooling cannot come first
  }
  chain.push_back(last);
  bool pools = false;
  if (Node* pool = OnlyReader(last->output(), c10::aten::max_pool2d); pool != nullptr && HalvesBothSides(pool)) {
    last = pool;
    chain.push_back(pool);
    pools = true;
  }
  const torch::jit::WithInsertPoint before(last);
  std::vector<Value*> inputs = norm->inputs().slice(0, 8).vec();
  inputs.push_back(graph.insertConstant(slope));
  inputs.push_back(graph.insertConstant(pools));
  Node* fused = graph.insertNode(graph.create(c10::Symbol::fromQualString("tint::norm_activate"), inputs));
  fused->output()->setType(c10::TensorType::get());
  last->output()->replaceAllUsesWith(fused->output());
  // Nodes that are no longer read would still run, and update the running statistics again.
  for (auto node = chain.rbegin(); node != chain.rend(); ++node) (*node)->destroy();
}

// norm_activate(convolve3x3(input, weight, bias), ...) as one.
void Join(Node* convolution, Graph& graph) {
  Node* norm = OnlyReader(convolution->output(), c10::Symbol::fromQualString("tint::norm_activate"));
  if (norm == nullptr) return;
  const torch::jit::WithInsertPoint before(norm);
  std::vector<Value*> inputs = convolution->inputs().vec();
  for (Value* value : norm->inputs().slice(1)) inputs.push_back(value);
  Node* joined = graph.insertNode(graph.create(c10::Symbol::fromQualString("tint::convolve_norm_activate"), inputs));
  joined->output()->setType(c10::TensorType::get());
  norm->output()->replaceAllUsesWith(joined->output());
  norm->destroy();
  convolution->destroy();
}

// conv2d(input, weight, bias, stride, padding, dilation, groups) with padding 1 and all else 1; the filters' size is
// seen when it runs.
Node* OwnConvolution(Node* node, Graph& graph) {
  const auto groups = toIValue(node->input(6));
  const bool plain = AreBoth(node->input(3), 1) && AreBoth(node->input(4), 1) && AreBoth(node->input(5), 1) && groups &&
                     groups->isInt() && groups->toInt() == 1;
  if (!plain) return nullptr;
  const torch::jit::WithInsertPoint before(node);
  Node* own = graph.insertNode(
      graph.create(c10::Symbol::fromQualString("tint::convolve3x3"), node->inputs().slice(0, 3).vec()));
  own->output()->setType(c10::TensorType::get());
  node->output()->replaceAllUsesWith(own->output());
  node->destroy();
  return own;
}

void RewriteMethods(const torch::jit::Module& module) {
  for (const torch::jit::Module& part : module.modules()) {
    for (const torch::jit::Method& method : part.get_methods()) {
      const std::shared_ptr<Graph> graph = method.graph();
      std::vector<Node*> norms, convolutions;
      for (Node* node : graph->nodes()) {
        if (node->kind() == c10::aten::batch_norm) norms.push_back(node);
        if (node->kind() == c10::aten::conv2d) convolutions.push_back(node);
      }
      for (Node* norm : norms) Fuse(norm, *graph);
      for (Node* node : convolutions) {
        if (Node* own = OwnConvolution(node, *graph)) Join(own, *graph);
      }
    }
  }
}

}  // namespace

ScriptModule FuseForTraining(const ScriptModule& module) {
  InstallKernels();
  const torch::jit::Module twin = module.module().clone(/*inplace=*/true);
  RewriteMethods(twin);
  return ScriptModule(twin, module.file());
}

}  // namespace tint
