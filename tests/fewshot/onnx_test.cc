// SPDX-License-Identifier: Apache-2.0
#include "tint/fewshot/onnx.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/jit/api/module.h>

#include <cstdlib>
#include <cstring>

#include "prelude.h"
#include "tensor_matchers.h"
#include "tint/fewshot/distill.h"
#include "tint/fewshot/student.h"

namespace tint {
namespace {

using testing::TensorNear;

const std::vector<double> kMean = {0.47, 0.45, 0.40}, kStd = {0.28, 0.27, 0.29};

// As after training: running statistics, scales and shifts that are not those of the start.
void Unsettle(const ScriptModule& module, RandomStream stream) {
  c10::NoGradGuard no_grad;
  for (auto& [name, buffer] : module.Buffers()) {
    at::Tensor values = buffer;
    if (name.ends_with("_mean")) values.copy_(stream.Normal(values.sizes()) * 0.2);
    if (name.ends_with("_variance")) values.copy_(stream.Uniform(values.sizes()) + 0.5);
  }
  for (auto& [name, parameter] : module.Parameters()) {
    at::Tensor values = parameter;
    if (name == "weight") values.mul_(10);  // logits of the size of 1
    if (name.find("norm") == std::string::npos) continue;
    if (name.ends_with("_weight")) values.copy_(stream.Uniform(values.sizes()) + 0.5);
    if (name.ends_with("_bias")) values.copy_(stream.Normal(values.sizes()) * 0.2);
  }
}

ScriptModule Student(const StudentSpec& spec, bool normalize_features) {
  const ScriptModule student = BuildClassifier(BuildBackbone(spec, RandomStream({1, "onnx test"})), FeatureWidth(spec),
                                               5, normalize_features, RandomStream({2, "onnx test"}));
  Unsettle(student, RandomStream({3, "onnx test"}));
  return student;
}

OnnxMetadata Facts(const StudentSpec& spec) {
  return {.architecture = spec.architecture,
          .classes = {"red fox", "b", "c", "d", "Köln"},
          .image_size = spec.image_size,
          .mean = kMean,
          .std = kStd};
}

at::Tensor RunByOpenCv(const std::string& onnx, const at::Tensor& images) {
  const TestFolder folder;
  const at::Tensor values = (images.to(at::kFloat) / 255).contiguous();
  testing::WriteAll(folder / "student.onnx", onnx);
  testing::WriteAll(folder / "images", std::string(static_cast<const char*>(values.const_data_ptr()), values.nbytes()));
  const std::string base = folder.path().string();
  const std::string command = std::string(TINT_ONNX_RUN) + " " + base + "/student.onnx " + base + "/images " +
                              std::to_string(images.size(0)) + " " + std::to_string(images.size(3)) + " " + base +
                              "/logits";
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  const std::string bytes = testing::ReadAll(folder / "logits");
  at::Tensor logits = at::empty({images.size(0), 5});
  EXPECT_EQ(bytes.size(), logits.nbytes());
  std::memcpy(logits.mutable_data_ptr(), bytes.data(), std::min(bytes.size(), logits.nbytes()));
  return logits;
}

struct Variant {
  std::string name;
  StudentSpec spec;
  bool normalize_features;
};

StudentSpec Spec(const std::string& architecture, int64_t image_size, Conv4Head head = Conv4Head::kFlatten,
                 const std::vector<int64_t>& widths = {64, 128, 256, 512},
                 ResNet12Activation activation = ResNet12Activation::kRelu) {
  StudentSpec spec;
  spec.architecture = architecture;
  spec.image_size = image_size;
  spec.conv4_head = head;
  spec.resnet12_widths = widths;
  spec.activation = activation;
  spec.drop_rate = 0.1;
  return spec;
}

class Onnx : public ::testing::TestWithParam<Variant> {};

TEST_P(Onnx, OpenCvAgreesWithTorchScript) {
  const Variant& variant = GetParam();
  const ScriptModule student = Student(variant.spec, variant.normalize_features);
  const std::string onnx = StudentToOnnx(student, Facts(variant.spec));
  for (const int64_t batch : {1, 3}) {
    RandomStream stream({4, "onnx test"});
    const int64_t side = variant.spec.image_size;
    const at::Tensor images = (stream.Uniform({batch, 3, side, side}) * 255).round().to(at::kByte);
    const at::Tensor expected = StudentLogits(student, images, kMean, kStd, c10::Device(c10::kCPU));
    EXPECT_GT(expected.std().item<double>(), 0.01);
    EXPECT_THAT(RunByOpenCv(onnx, images), TensorNear(expected, 1e-4)) << "batch " << batch;
  }
}

INSTANTIATE_TEST_SUITE_P(Students, Onnx,
                         ::testing::Values(Variant{"Conv4", Spec("conv4", 84), true},
                                           Variant{"Conv4LengthKept", Spec("conv4", 84), false},
                                           Variant{"Conv4Gap", Spec("conv4", 84, Conv4Head::kGap), true},
                                           Variant{"Conv4Of32", Spec("conv4", 32), true},
                                           Variant{"ResNet12", Spec("resnet12", 42), true},
                                           Variant{"ResNet12Wide",
                                                   Spec("resnet12", 42, Conv4Head::kFlatten, {64, 160, 320, 640},
                                                        ResNet12Activation::kLeakyRelu),
                                                   true}),
                         [](const auto& variant) { return variant.param.name; });

TEST(OnnxFile, IsDeterministicAndHasMetadata) {
  const StudentSpec spec = Spec("conv4", 32);
  const ScriptModule student = Student(spec, true);
  const std::string onnx = StudentToOnnx(student, Facts(spec));
  EXPECT_EQ(StudentToOnnx(Student(spec, true), Facts(spec)), onnx);
  student.SetTraining(true);
  EXPECT_EQ(StudentToOnnx(student, Facts(spec)), onnx) << "train mode is left aside";
  EXPECT_TRUE(student.module().is_training()) << "and the student itself is not touched";
  for (const char* text : {"backbone.conv1_weight", R"(["red fox","b","c","d","Köln"])", "image_size",
                           "[0.47,0.45,0.4]", "batch", "logits"})
    EXPECT_THAT(onnx, HasSubstr(text));
}

TEST(OnnxFile, RefusesAnOperatorWithoutATranslation) {
  torch::jit::Module module("__torch__.Other");
  module.register_attribute("training", c10::BoolType::get(), false);
  module.define("def forward(self, x: Tensor) -> Tensor:\n    return torch.sigmoid(torch.flatten(x, 1, -1))\n");
  EXPECT_THAT(CatchError([&] { StudentToOnnx(ScriptModule(module, "own.pt"), Facts(Spec("conv4", 32))); }),
              FailsWith(ExitCode::kBadInput, ::testing::AllOf(HasSubstr("own.pt"), HasSubstr("aten::sigmoid"))));
}

}  // namespace
}  // namespace tint
