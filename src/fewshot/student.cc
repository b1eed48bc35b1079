// SPDX-License-Identifier: Apache-2.0
#include "tint/fewshot/student.h"

#include <ATen/ATen.h>
#include <torch/csrc/jit/api/module.h>

#include <cmath>

#include "tint/base/error.h"

namespace tint {
namespace {

using torch::jit::Module;

constexpr int64_t kConv4Width = 64;

// Collects parameters, buffers and source lines of one TorchScript module.
class ModuleWriter {
 public:
  ModuleWriter(const std::string& name, double gain, RandomStream stream)
      : module_("__torch__." + name), gain_(gain), stream_(stream) {
    module_.register_attribute("training", c10::BoolType::get(), true);
  }

  void Line(const std::string& statement) { source_ += "    " + statement + "\n"; }

  // Kaiming normal, fan_out: std = gain / sqrt(outputs * kernel^2). He et al. 2015 (arXiv 1502.01852).
  void Convolution(const std::string& name, const std::string& to, const std::string& from, int64_t inputs,
                   int64_t outputs, int64_t kernel, bool bias) {
    const double deviation = gain_ / std::sqrt(static_cast<double>(outputs * kernel * kernel));
    Parameter(name + "_weight", stream_.Normal({outputs, inputs, kernel, kernel}) * deviation);
    if (bias) Parameter(name + "_bias", at::zeros({outputs}));
    const std::string padding = std::to_string(kernel / 2);
    Line(to + " = torch.conv2d(" + from + ", self." + name + "_weight, " + (bias ? "self." + name + "_bias" : "None") +
         ", [1, 1], [" + padding + ", " + padding + "], [1, 1], 1)");
  }

  // PyTorch's BatchNorm2d: momentum 0.1, epsilon 1e-5.
  void BatchNorm(const std::string& name, const std::string& variable, int64_t channels) {
    Parameter(name + "_weight", at::ones({channels}));
    Parameter(name + "_bias", at::zeros({channels}));
    module_.register_buffer(name + "_mean", at::zeros({channels}));
    module_.register_buffer(name + "_variance", at::ones({channels}));
    const std::string self = "self." + name;
    Line(variable + " = torch.batch_norm(" + variable + ", " + self + "_weight, " + self + "_bias, " + self +
         "_mean, " + self + "_variance, self.training, 0.1, 1e-05, True)");
  }

  void MaxPool(const std::string& variable) {
    Line(variable + " = torch.max_pool2d(" + variable + ", [2, 2], [2, 2], [0, 0], [1, 1], False)");
  }

  void Attribute(const std::string& name, const c10::TypePtr& type, const torch::jit::IValue& value) {
    module_.register_attribute(name, type, value);
  }
  void Buffer(const std::string& name, const at::Tensor& value) { module_.register_buffer(name, value); }

  Module Finish() {
    module_.define("def forward(self, x: Tensor) -> Tensor:\n" + source_);
    return module_;
  }

 private:
  void Parameter(const std::string& name, at::Tensor value) {
    module_.register_parameter(name, value.set_requires_grad(true), false);
  }

  Module module_;
  std::string source_;
  double gain_;
  RandomStream stream_;
};

// docs/method.md, Students: 4 x [conv 3x3 with bias, BN, ReLU, maxpool 2]; LabelHalluc's variant has no fourth pool.
Module BuildConv4(const StudentSpec& spec, RandomStream stream) {
  const bool flatten = spec.conv4_head == Conv4Head::kFlatten;
  ModuleWriter writer("Conv4", std::sqrt(2.0), stream);
  for (int64_t block = 1; block <= 4; ++block) {
    const std::string number = std::to_string(block);
    writer.Convolution("conv" + number, "x", "x", block == 1 ? 3 : kConv4Width, kConv4Width, 3, true);
    writer.BatchNorm("norm" + number, "x", kConv4Width);
    writer.Line("x = torch.relu(x)");
    if (block < 4 || flatten) writer.MaxPool("x");
  }
  writer.Line(flatten ? "return torch.flatten(x, 1, -1)" : "return torch.mean(x, [2, 3])");
  return writer.Finish();
}

constexpr char kDropRate[] = "drop_rate";

// Dropout after the first two stages, DropBlock after the others.
void Drop(ModuleWriter& writer, size_t block, int64_t drop_block) {
  writer.Line("if self.training and self.drop_rate > 0.0:");
  if (block < 2) {
    writer.Line("    x = torch.dropout(x, self.drop_rate, True)");
    return;
  }
  for (const std::string& statement : {
           "b = min(x.size(2), " + std::to_string(drop_block) + ")",
           std::string("places = x.size(2) - b + 1"),
           std::string("share = torch.clamp_max(self.drop_rate * self.drop_steps / 40000.0, self.drop_rate)"),
           std::string("rate = share * (float(x.size(2)) / float(b * places)) ** 2"),
           std::string("seeds = torch.rand([x.size(0), x.size(1), places, places], dtype=x.dtype, device=x.device)"),
           std::string("seeds = torch.constant_pad_nd((seeds < rate).to(x.dtype), [b - 1, b - 1, b - 1, b - 1], 0.0)"),
           std::string("kept = 1.0 - torch.max_pool2d(seeds, [b, b], [1, 1], [0, 0], [1, 1], False)"),
           std::string("x = x * kept * (float(kept.numel()) / torch.clamp_min(kept.sum(), 1.0))"),
       })
    writer.Line("    " + statement);
}

// docs/method.md, Students: 4 x [3 x (conv 3x3, BN), 1x1 shortcut with BN, sum, maxpool 2], global average.
Module BuildResNet12(const StudentSpec& spec, RandomStream stream) {
  const bool leaky = spec.activation == ResNet12Activation::kLeakyRelu;
  const std::string activation = leaky ? "torch.leaky_relu(x, 0.1)" : "torch.relu(x)";
  ModuleWriter writer("ResNet12", std::sqrt(2.0 / (leaky ? 1.01 : 1.0)), stream);
  writer.Attribute(kDropRate, c10::FloatType::get(), spec.drop_rate);
  writer.Buffer("drop_steps", at::zeros({1}, at::kLong));
  int64_t inputs = 3;
  for (size_t block = 0; block < spec.resnet12_widths.size(); ++block) {
    const std::string prefix = "block" + std::to_string(block + 1) + "_";
    const int64_t width = spec.resnet12_widths[block];
    writer.Convolution(prefix + "shortcut", "s", "x", inputs, width, 1, false);
    writer.BatchNorm(prefix + "shortcut_norm", "s", width);
    for (int64_t layer = 1; layer <= 3; ++layer) {
      const std::string number = std::to_string(layer);
      writer.Convolution(prefix + "conv" + number, "x", "x", layer == 1 ? inputs : width, width, 3, false);
      writer.BatchNorm(prefix + "norm" + number, "x", width);
      if (layer < 3) writer.Line("x = " + activation);
    }
    writer.Line("x = x + s");
    writer.Line("x = " + activation);
    writer.MaxPool("x");
    Drop(writer, block, spec.drop_block);
    inputs = width;
  }
  writer.Line("if self.training:");
  writer.Line("    self.drop_steps.add_(1)");
  writer.Line("return torch.mean(x, [2, 3])");
  return writer.Finish();
}

void CheckSpec(const StudentSpec& spec) {
  TINT_CHECK(spec.architecture == "conv4" || spec.architecture == "resnet12") << spec.architecture;
  TINT_CHECK_EQ(spec.resnet12_widths.size(), 4u);
  TINT_CHECK_GE(spec.image_size, 16) << "four poolings";
}

}  // namespace

ScriptModule BuildBackbone(const StudentSpec& spec, RandomStream stream) {
  CheckSpec(spec);
  const bool conv4 = spec.architecture == "conv4";
  return ScriptModule(conv4 ? BuildConv4(spec, stream) : BuildResNet12(spec, stream), spec.architecture);
}

void SetDropRate(const ScriptModule& module, double rate) {
  for (torch::jit::Module part : module.module().modules()) {
    if (part.hasattr(kDropRate)) part.setattr(kDropRate, rate);
  }
}

const std::vector<std::string>& FirstConvolution() {
  static const std::vector<std::string> names = {"conv1_weight", "conv1_bias", "block1_conv1_weight"};
  return names;
}

int64_t FeatureWidth(const StudentSpec& spec) {
  CheckSpec(spec);
  if (spec.architecture == "resnet12") return spec.resnet12_widths.back();
  const int64_t side = spec.image_size / 16;
  return spec.conv4_head == Conv4Head::kGap ? kConv4Width : kConv4Width * side * side;
}

ScriptModule BuildClassifier(const ScriptModule& backbone, int64_t feature_width, int64_t ways, bool normalize_features,
                             RandomStream stream) {
  TINT_CHECK_GT(feature_width, 0);
  TINT_CHECK_GT(ways, 0);
  Module module("__torch__.Classifier");
  module.register_attribute("training", c10::BoolType::get(), true);
  module.register_module("backbone", backbone.Clone().module());
  const double bound = 1 / std::sqrt(static_cast<double>(feature_width));
  auto draw = [&](c10::IntArrayRef shape) { return ((stream.Uniform(shape) * 2 - 1) * bound).set_requires_grad(true); };
  const at::Tensor weight = draw({ways, feature_width});
  module.register_parameter("weight", weight, false);
  module.register_parameter("bias", draw({ways}), false);
  // The clamp of 1e-12 is that of torch.nn.functional.normalize.
  const std::string normalized = "f / torch.clamp_min(torch.norm(f, 2, [1], True), 1e-12)";
  module.define("def features(self, images: Tensor) -> Tensor:\n    return self.backbone.forward(images)\n");
  module.define("def forward(self, images: Tensor) -> Tensor:\n    f = self.backbone.forward(images)\n    f = " +
                (normalize_features ? normalized : "f") +
                "\n    return torch.addmm(self.bias, f, torch.t(self.weight))\n");
  ScriptModule classifier(module, "the student");
  classifier.SetRequiresGrad(true);
  classifier.MoveTo(backbone.device());
  return classifier;
}

double ForwardFlop(const std::string& architecture, int64_t image_size) {
  const double at_84 = architecture == "conv4" ? 0.194e9 : 4.93e9;
  return at_84 * static_cast<double>(image_size * image_size) / (84.0 * 84.0);
}

int64_t CountParameters(const ScriptModule& module) {
  int64_t count = 0;
  for (const auto& [name, parameter] : module.Parameters()) count += parameter.numel();
  return count;
}

}  // namespace tint
