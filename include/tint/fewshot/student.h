// SPDX-License-Identifier: Apache-2.0
// The small classifiers, Conv4 and ResNet12, built as TorchScript modules in C++. docs/method.md, Students.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tint/models/modules.h"
#include "tint/options/enum_names.h"
#include "tint/tensor/random.h"

namespace tint {

// Four max-pools, flattened; or three max-pools and the global average (LabelHalluc).
enum class Conv4Head { kFlatten, kGap };
template <>
struct EnumNames<Conv4Head> {
  static constexpr EnumName<Conv4Head> kNames[] = {{Conv4Head::kFlatten, "flatten"}, {Conv4Head::kGap, "gap"}};
};

// The slope of leaky_relu is 0.1.
enum class ResNet12Activation { kRelu, kLeakyRelu };
template <>
struct EnumNames<ResNet12Activation> {
  static constexpr EnumName<ResNet12Activation> kNames[] = {{ResNet12Activation::kRelu, "relu"},
                                                            {ResNet12Activation::kLeakyRelu, "leaky_relu"}};
};

struct StudentSpec {
  std::string architecture = "conv4";  // or "resnet12"
  Conv4Head conv4_head = Conv4Head::kFlatten;
  std::vector<int64_t> resnet12_widths = {64, 128, 256, 512};
  ResNet12Activation activation = ResNet12Activation::kRelu;
  int64_t image_size = 84;
  // resnet12, in training: see SetDropRate.
  double drop_rate = 0;
  int64_t drop_block = 5;
};

// A backbone with forward(normalised images [B, 3, S, S]) -> features [B, D], parameters and running statistics,
// train/eval by its `training` attribute. Weights drawn from `stream`: kaiming normal fan_out (gain of relu /
// leaky_relu(0.1)), BatchNorm 1/0, biases 0. Conv4 has 113,088 parameters (biases included), ResNet12(64,128,256,512)
// 7,996,800.
ScriptModule BuildBackbone(const StudentSpec& spec, RandomStream stream);
// Regularisation of resnet12, in training only: after its first two stages dropout of `rate`; after the others
// DropBlock (Ghiasi et al. 2018, arXiv 1810.12890): squares of side b = drop_block are zeroed, and the rest is scaled
// by (number of values) / (number of kept values). The share that is dropped grows to `rate` over the first 40,000
// training steps, which the module counts: keep = max(1 - rate n / 40000, 1 - rate), seeds drawn with (1 - keep) / b^2
// F^2 / (F - b + 1)^2, F the side of the feature map. It draws from the global generator, which the training loop seeds
// before each step. No effect on a module without such regularisation.
void SetDropRate(const ScriptModule& module, double rate);
// The names of the first convolution's parameters in such backbones.
const std::vector<std::string>& FirstConvolution();
int64_t FeatureWidth(const StudentSpec& spec);

// Backbone plus cosine-free linear head: forward(images) -> logits [B, ways]; features(images) -> [B, D].
// `normalize_features` divides features by their length before the linear layer, as LabelHalluc's released code does.
// Head: PyTorch's default Linear initialisation from `stream`.
ScriptModule BuildClassifier(const ScriptModule& backbone, int64_t feature_width, int64_t ways, bool normalize_features,
                             RandomStream stream);

// FLOP of one image through a student of the published widths, 2 a multiply-add; the backward pass takes twice that.
double ForwardFlop(const std::string& architecture, int64_t image_size);

int64_t CountParameters(const ScriptModule& module);

}  // namespace tint
