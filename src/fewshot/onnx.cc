// SPDX-License-Identifier: Apache-2.0
#include "tint/fewshot/onnx.h"

#include <ATen/ATen.h>
#define ONNX_NAMESPACE onnx_torch  // what LibTorch was built with: its header leaves it open
#include <torch/csrc/jit/serialization/export.h>
#undef ONNX_NAMESPACE

#include "onnx_graph.h"
#include "tint/base/error.h"
#include "tint/base/json.h"
#include "tint/base/protobuf.h"

namespace tint {
namespace {

constexpr int64_t kOpset = 13;
constexpr uint64_t kIrVersion = 8;

// LibTorch's exporter sets no metadata and an older IR version, and offers no message to set them in. Two protobuf
// messages one after the other are read as one message: later scalars replace earlier ones, repeated fields grow. So
// the few fields are appended. Numbers from onnx.proto: ModelProto.ir_version = 1, .metadata_props = 14,
// StringStringEntryProto.key = 1, .value = 2.
std::string Metadata(const std::string& key, const std::string& value) {
  return ProtobufBytes(14, ProtobufBytes(1, key) + ProtobufBytes(2, value));
}

std::string Tail(const OnnxMetadata& facts) {
  return ProtobufNumber(1, kIrVersion) + Metadata("architecture", facts.architecture) +
         Metadata("classes", CanonicalJson(facts.classes)) + Metadata("image_size", std::to_string(facts.image_size)) +
         Metadata("mean", CanonicalJson(facts.mean)) + Metadata("std", CanonicalJson(facts.std)) +
         Metadata("resize_rule", "bilinear-antialias") +
         Metadata("input", "RGB in [0, 1]; the graph subtracts mean and divides by std");
}

at::Tensor PerChannel(const std::vector<double>& values) {
  TINT_CHECK_EQ(values.size(), 3u);
  return at::tensor(values, at::kFloat).reshape({3, 1, 1});
}

}  // namespace

std::string StudentToOnnx(const ScriptModule& student, const OnnxMetadata& facts) {
  const ScriptModule copy = student.Clone();
  copy.MoveTo(c10::Device(c10::kCPU));
  copy.SetTraining(false);
  internal::OnnxWriter writer;
  torch::jit::Value* images = writer.Input("images", {1, 3, facts.image_size, facts.image_size});
  images = writer.Operator("Sub", {images, writer.Weight("mean", PerChannel(facts.mean))});
  images = writer.Operator("Div", {images, writer.Weight("std", PerChannel(facts.std))});
  torch::jit::Value* logits = internal::TranslateForward(copy, images, &writer);
  const internal::OnnxGraph onnx = writer.Finish(logits, "logits", {1, static_cast<int64_t>(facts.classes.size())});
  const auto exported = torch::jit::export_onnx(onnx.graph, onnx.weights, kOpset,
                                                {{"images", {{0, "batch"}}}, {"logits", {{0, "batch"}}}}, false,
                                                torch::onnx::OperatorExportTypes::ONNX, true,
                                                /*keep_initializers_as_inputs=*/false);
  return torch::jit::serialize_model_proto_to_string(std::get<0>(exported)) + Tail(facts);
}

}  // namespace tint
