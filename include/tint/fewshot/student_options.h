// SPDX-License-Identifier: Apache-2.0
// Architecture of a student and augmentation of its training images; shared by pre-training and distillation.
#pragma once

#include <cstdint>
#include <string>

#include "tint/fewshot/student.h"
#include "tint/image/augment.h"
#include "tint/options/option.h"

namespace tint {

// docs/method.md, Students.
struct StudentOptions {
  Conv4Head conv4_head = Conv4Head::kFlatten;
  std::string resnet12_widths = "64-128-256-512";
  ResNet12Activation activation = ResNet12Activation::kRelu;
  double drop_rate = 0;
  int64_t drop_block = 0;

  void Declare(OptionList& list);
  StudentSpec Spec(const std::string& architecture, int64_t image_size) const;
};

// LabelHalluc's train transform.
struct AugmentationOptions {
  int64_t crop_padding = -1;  // -1: 4 for sides up to 32, else 8
  double color_jitter = 0.4;
  double flip_probability = 0.5;

  void Declare(OptionList& list);
  // Zero padding of the random crop for images of this side, in pixels: crop_padding, or by the rule above.
  int64_t CropPadding(int64_t image_size) const;
  // The augmentation of images of this size.
  AugmentOptions Augmentation(int64_t image_size) const;
};

}  // namespace tint
