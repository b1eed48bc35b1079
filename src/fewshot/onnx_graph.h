// SPDX-License-Identifier: Apache-2.0
// One TorchScript method in eval mode as a graph of ONNX operators.
#pragma once

#include <ATen/core/Tensor.h>
#include <torch/csrc/jit/ir/ir.h>

#include <map>
#include <memory>
#include <string>

#include "tint/models/script_module.h"

namespace tint::internal {

struct OnnxGraph {
  std::shared_ptr<torch::jit::Graph> graph;
  std::map<std::string, at::Tensor> weights;  // by name of the graph's inputs after the first
};

// Adds nodes of the ONNX operators to a graph; weights become named inputs.
class OnnxWriter {
 public:
  OnnxWriter();
  torch::jit::Value* Input(const std::string& name, c10::IntArrayRef shape);
  torch::jit::Value* Weight(const std::string& name, const at::Tensor& value);
  torch::jit::Value* Operator(const std::string& type, at::ArrayRef<torch::jit::Value*> inputs,
                              const std::map<std::string, c10::IValue>& attributes = {});
  OnnxGraph Finish(torch::jit::Value* output, const std::string& name, c10::IntArrayRef shape);

 private:
  OnnxGraph result_;
};

// Appends module.forward(images) and returns its result. An operator without a translation: Error(kBadInput).
torch::jit::Value* TranslateForward(const ScriptModule& module, torch::jit::Value* images, OnnxWriter* writer);

}  // namespace tint::internal
