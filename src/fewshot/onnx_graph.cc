// SPDX-License-Identifier: Apache-2.0
#include "onnx_graph.h"

#include <ATen/ATen.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/passes/inliner.h>

#include <limits>
#include <unordered_map>
#include <vector>

#include "tint/base/error.h"

namespace tint::internal {
namespace {

using c10::IValue;
using torch::jit::Block;
using torch::jit::Node;
using torch::jit::Value;

// A value of the TorchScript graph: known now (constants, the module and its attributes), or computed by the ONNX
// graph.
struct Item {
  IValue known = {};
  Value* computed = nullptr;
  std::string name = {};    // of an attribute of the module: "backbone.conv1_weight"
  bool transposed = false;  // aten::t of it: Gemm has an attribute for that
};

class Translator {
 public:
  Translator(const ScriptModule& module, OnnxWriter* writer) : file_(module.file()), writer_(*writer) {}

  void Bind(const Value* value, Item item) { items_[value] = std::move(item); }

  void Run(const Block* block) {
    for (const Node* node : block->nodes()) Translate(node);
  }

  Value* Computed(const Value* value) {
    Item& item = items_.at(value);
    if (item.computed == nullptr) {
      if (!item.known.isTensor() || item.name.empty())
        FailTranslation("a value that is not a parameter where a tensor is expected");
      item.computed = writer_.Weight(item.name, item.known.toTensor());
    }
    return item.computed;
  }

 private:
  void Translate(const Node* node) {
    const std::string kind = node->kind().toQualString();
    if (kind == "prim::Constant") {
      Bind(node->output(), {.known = *torch::jit::toIValue(node->output())});
    } else if (kind == "prim::GetAttr") {
      Attribute(node);
    } else if (kind == "prim::ListConstruct") {
      c10::List<int64_t> list;
      for (const Value* part : node->inputs()) list.push_back(Known(part).toInt());
      Bind(node->output(), {.known = list});
    } else if (kind == "prim::If") {
      // `training` is known, so the branch is.
      const Block* taken = node->blocks().at(Known(node->input(0)).toBool() ? 0 : 1);
      Run(taken);
      for (size_t i = 0; i < node->outputs().size(); ++i) Bind(node->output(i), items_.at(taken->outputs()[i]));
    } else if (kind == "aten::t") {
      Item item = items_.at(node->input(0));
      item.transposed = !item.transposed;
      Bind(node->output(), item);
    } else if (kind == "aten::norm" || kind == "aten::clamp_min") {
      // Parts of DivideByLength, which inspects their nodes; no other operator may use their values.
    } else {
      Bind(node->output(), {.computed = Operator(kind, node)});
    }
  }

  void Attribute(const Node* node) {
    const Item& owner = items_.at(node->input(0));
    const std::string& name = node->s(c10::attr::name);
    Bind(node->output(),
         {.known = owner.known.toObject()->getAttr(name), .name = owner.name.empty() ? name : owner.name + "." + name});
  }

  Value* Operator(const std::string& kind, const Node* node) {
    if (kind == "aten::conv2d") return Convolution(node);
    if (kind == "aten::batch_norm") return BatchNorm(node);
    if (kind == "aten::relu") return writer_.Operator("Relu", {In(node, 0)});
    if (kind == "aten::leaky_relu") return writer_.Operator("LeakyRelu", {In(node, 0)}, {{"alpha", Number(node, 1)}});
    if (kind == "aten::max_pool2d") return MaxPool(node);
    if (kind == "aten::add" && Number(node, 2) == 1) return writer_.Operator("Add", {In(node, 0), In(node, 1)});
    if (kind == "aten::flatten" && Number(node, 1) == 1 && Number(node, 2) == -1) return Flatten(In(node, 0));
    if (kind == "aten::mean" && Ints(node, 1) == std::vector<int64_t>{2, 3} && !Known(node->input(2)).toBool())
      return Flatten(writer_.Operator("GlobalAveragePool", {In(node, 0)}));
    if (kind == "aten::addmm") return Linear(node);
    if (kind == "aten::div") return DivideByLength(node);
    FailTranslation(kind);
  }

  Value* Convolution(const Node* node) {
    std::vector<Value*> inputs = {In(node, 0), In(node, 1)};
    if (!Known(node->input(2)).isNone()) inputs.push_back(In(node, 2));
    return writer_.Operator("Conv", inputs,
                            {{"kernel_shape", IValue(Weights(node, 1).sizes().slice(2))},
                             {"strides", Ints(node, 3)},
                             {"pads", BothEnds(Ints(node, 4))},
                             {"dilations", Ints(node, 5)},
                             {"group", Known(node->input(6))}});
  }

  Value* BatchNorm(const Node* node) {
    if (Known(node->input(5)).toBool()) FailTranslation("aten::batch_norm with the statistics of the batch");
    return writer_.Operator("BatchNormalization", {In(node, 0), In(node, 1), In(node, 2), In(node, 3), In(node, 4)},
                            {{"epsilon", Number(node, 7)}});
  }

  Value* MaxPool(const Node* node) {
    if (Ints(node, 4) != std::vector<int64_t>{1, 1} || Known(node->input(5)).toBool())
      FailTranslation("aten::max_pool2d with gaps or rounding up");
    return writer_.Operator(
        "MaxPool", {In(node, 0)},
        {{"kernel_shape", Ints(node, 1)}, {"strides", Ints(node, 2)}, {"pads", BothEnds(Ints(node, 3))}});
  }

  Value* Linear(const Node* node) {
    if (!items_.at(node->input(2)).transposed || Number(node, 3) != 1 || Number(node, 4) != 1)
      FailTranslation("aten::addmm that is not a linear layer");
    return writer_.Operator("Gemm", {In(node, 1), In(node, 2), In(node, 0)}, {{"transB", IValue(int64_t{1})}});
  }

  Value* Flatten(Value* value) { return writer_.Operator("Flatten", {value}, {{"axis", IValue(int64_t{1})}}); }

  // f / clamp_min(norm(f, 2, [1], True), c).
  Value* DivideByLength(const Node* node) {
    const Node* clamp = node->input(1)->node();
    const bool clamped = clamp->kind() == c10::Symbol::fromQualString("aten::clamp_min");
    const Node* norm = clamped ? clamp->input(0)->node() : clamp;
    if (!clamped || norm->kind() != c10::Symbol::fromQualString("aten::norm") || norm->input(0) != node->input(0) ||
        Number(norm, 1) != 2 || Ints(norm, 2) != std::vector<int64_t>{1} || !Known(norm->input(3)).toBool())
      FailTranslation("aten::div by anything but the norm of the features");
    // LpNormalization would be one node, but has no lower bound and is not supported by OpenCV 4.6, unlike these nodes.
    Value* features = In(node, 0);
    Value* length =
        writer_.Operator("ReduceL2", {features}, {{"axes", std::vector<int64_t>{1}}, {"keepdims", IValue(int64_t{1})}});
    length = writer_.Operator("Clip", {length, writer_.Weight("shortest", at::tensor(Number(clamp, 1), at::kFloat)),
                                       writer_.Weight("longest", at::tensor(std::numeric_limits<float>::max()))});
    length = writer_.Operator("Expand", {length, writer_.Operator("Shape", {features})});
    return writer_.Operator("Div", {features, length});
  }

  Value* In(const Node* node, size_t index) { return Computed(node->input(index)); }
  const IValue& Known(const Value* value) {
    const Item& item = items_.at(value);
    if (item.computed != nullptr) FailTranslation(std::string(value->node()->kind().toQualString()) + " as a setting");
    return item.known;
  }
  double Number(const Node* node, size_t index) { return Known(node->input(index)).toScalar().toDouble(); }
  std::vector<int64_t> Ints(const Node* node, size_t index) { return Known(node->input(index)).toIntVector(); }
  at::Tensor Weights(const Node* node, size_t index) { return items_.at(node->input(index)).known.toTensor(); }

  // ONNX lists the padding before and after each axis.
  static std::vector<int64_t> BothEnds(std::vector<int64_t> padding) {
    padding.insert(padding.end(), padding.begin(), padding.end());
    return padding;
  }

  [[noreturn]] void FailTranslation(const std::string& what) const {
    Fail(ExitCode::kBadInput, {.file = file_,
                               .field = "forward",
                               .found = what,
                               .expected = "the operators of tint's own students: others cannot be exported to ONNX"});
  }

  std::string file_;
  OnnxWriter& writer_;
  std::unordered_map<const Value*, Item> items_;
};

}  // namespace

OnnxWriter::OnnxWriter() { result_.graph = std::make_shared<torch::jit::Graph>(); }

Value* OnnxWriter::Input(const std::string& name, c10::IntArrayRef shape) {
  Value* value = result_.graph->addInput();
  value->setDebugName(name);
  return value->setType(c10::TensorType::createContiguous(at::kFloat, at::kCPU, shape));
}

Value* OnnxWriter::Weight(const std::string& name, const at::Tensor& tensor) {
  const at::Tensor weight = tensor.detach().to(at::kCPU, at::kFloat).contiguous();
  TINT_CHECK(result_.weights.emplace(name, weight).second) << "weight " << name << " is used twice";
  return Input(name, weight.sizes());
}

Value* OnnxWriter::Operator(const std::string& type, at::ArrayRef<Value*> inputs,
                            const std::map<std::string, IValue>& attributes) {
  Node* node = result_.graph->create(c10::Symbol::fromQualString("onnx::" + type), inputs);
  for (const auto& [name, value] : attributes) {
    const c10::Symbol symbol = c10::Symbol::attr(name);
    if (value.isInt()) node->i_(symbol, value.toInt());
    if (value.isDouble()) node->f_(symbol, value.toDouble());
    if (value.isIntList()) node->is_(symbol, value.toIntVector());
  }
  return result_.graph->insertNode(node)->output();
}

OnnxGraph OnnxWriter::Finish(Value* output, const std::string& name, c10::IntArrayRef shape) {
  output->setDebugName(name);
  output->setType(c10::TensorType::createContiguous(at::kFloat, at::kCPU, shape));
  result_.graph->registerOutput(output);
  return std::move(result_);
}

Value* TranslateForward(const ScriptModule& module, Value* images, OnnxWriter* writer) {
  const std::shared_ptr<torch::jit::Graph> graph = module.module().get_method("forward").graph()->copy();
  torch::jit::Inline(*graph);
  Translator translator(module, writer);
  TINT_CHECK_EQ(graph->inputs().size(), 2u) << "forward(self, images)";
  translator.Bind(graph->inputs()[0], {.known = module.module()._ivalue()});
  translator.Bind(graph->inputs()[1], {.computed = images});
  translator.Run(graph->block());
  return translator.Computed(graph->outputs().at(0));
}

}  // namespace tint::internal
