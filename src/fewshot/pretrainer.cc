// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <torch/csrc/jit/api/module.h>

#include <cmath>

#include "pretrain_losses.h"
#include "pretrain_views.h"
#include "tint/base/error.h"
#include "tint/fewshot/pretrain.h"

namespace tint {
namespace {

using torch::jit::Module;

// Linear layers with PyTorch's default initialisation, and the batch norm and ReLU between them.
class HeadWriter {
 public:
  HeadWriter(Module& module, RandomStream stream) : module_(module), stream_(stream) {}

  void Linear(const std::string& name, int64_t inputs, int64_t outputs) {
    const double bound = 1 / std::sqrt(static_cast<double>(inputs));
    auto draw = [&](c10::IntArrayRef shape) {
      return ((stream_.Uniform(shape) * 2 - 1) * bound).set_requires_grad(true);
    };
    module_.register_parameter(name + "_weight", draw({outputs, inputs}), false);
    module_.register_parameter(name + "_bias", draw({outputs}), false);
    body_ += "    f = torch.addmm(self." + name + "_bias, f, torch.t(self." + name + "_weight))\n";
  }

  void NormRelu(const std::string& name, int64_t width) {
    module_.register_parameter(name + "_weight", at::ones({width}).set_requires_grad(true), false);
    module_.register_parameter(name + "_bias", at::zeros({width}).set_requires_grad(true), false);
    module_.register_buffer(name + "_mean", at::zeros({width}));
    module_.register_buffer(name + "_variance", at::ones({width}));
    const std::string self = "self." + name;
    body_ += "    f = torch.relu(torch.batch_norm(f, " + self + "_weight, " + self + "_bias, " + self + "_mean, " +
             self + "_variance, self.training, 0.1, 1e-05, True))\n";
  }

  void Define(const std::string& method) {
    module_.define("def " + method + "(self, f: Tensor) -> Tensor:\n" + body_ + "    return f\n");
    body_.clear();
  }

 private:
  Module& module_;
  RandomStream stream_;
  std::string body_;
};

// Linear D-D, BN, ReLU, Linear D-D, BN, ReLU, Linear D-outputs.
void DefineHead(HeadWriter& writer, const std::string& name, int64_t width, int64_t outputs) {
  for (const char* layer : {"1", "2"}) {
    writer.Linear(name + layer, width, width);
    writer.NormRelu(name + layer + "_norm", width);
  }
  writer.Linear(name + "3", width, outputs);
  writer.Define(name);
}

}  // namespace

ScriptModule BuildPretrainer(const ScriptModule& backbone, int64_t feature_width, int64_t classes, bool ier,
                             RandomStream stream) {
  TINT_CHECK_GT(feature_width, 0);
  TINT_CHECK_GE(classes, 2);
  Module module("__torch__.Pretrainer");
  module.register_attribute("training", c10::BoolType::get(), true);
  module.register_module("backbone", backbone.Clone().module());
  module.define("def features(self, images: Tensor) -> Tensor:\n    return self.backbone.forward(images)\n");
  HeadWriter writer(module, stream);
  writer.Linear("classifier", feature_width, classes);
  writer.Define("classify");
  if (ier) {
    DefineHead(writer, "equivariant", feature_width, internal::kViews);
    DefineHead(writer, "invariant", feature_width, internal::kInvariantWidth);
  }
  ScriptModule pretrainer(module, "the pretrainer");
  pretrainer.SetRequiresGrad(true);
  pretrainer.MoveTo(backbone.device());
  return pretrainer;
}

ScriptModule BackboneOf(const ScriptModule& pretrainer) {
  return ScriptModule(pretrainer.module().attr("backbone").toModule(), "the backbone");
}

}  // namespace tint
