// SPDX-License-Identifier: Apache-2.0
#include "tint/fewshot/student_options.h"

#include "tint/base/text.h"

namespace tint {

void StudentOptions::Declare(OptionList& list) {
  list.Add("conv4-head", &conv4_head,
           "conv4: flatten (four poolings, flattened features) or gap (three poolings, global average "
           "pooling).")
      .Preset("upstream", "gap")
      .Source("the paper; upstream: LabelHalluc's released code");
  list.Add("resnet12-widths", &resnet12_widths,
           "resnet12: channels of its four stages; the last number is the feature dimension.")
      .Matching("[1-9][0-9]{0,3}(-[1-9][0-9]{0,3}){3}", "four numbers separated by dashes, such as 64-128-256-512")
      .Preset("upstream", "64-160-320-640")
      .Source("the paper; upstream: LabelHalluc's released code");
  list.Add("activation", &activation, "resnet12: activation function; leaky_relu has slope 0.1.")
      .Preset("upstream", "leaky_relu")
      .Source("the paper; upstream: LabelHalluc's released code");
  list.Add("drop-rate", &drop_rate,
           "resnet12, in training: dropout rate of the first two stages and DropBlock rate of the last two.")
      .Range(0, 0.9)
      .Preset("upstream", 0.1)
      .Source("DropBlock (arXiv 1810.12890); upstream: LabelHalluc's released code");
  list.Add("drop-block", &drop_block, "resnet12: DropBlock size; 0: 2 for images of up to 32 pixels, else 5.")
      .Range(0, 64)
      .Source("LabelHalluc's released code");
}

StudentSpec StudentOptions::Spec(const std::string& architecture, int64_t image_size) const {
  StudentSpec spec;
  spec.architecture = architecture;
  spec.image_size = image_size;
  spec.conv4_head = conv4_head;
  spec.activation = activation;
  spec.resnet12_widths.clear();
  for (const std::string& width : Split(resnet12_widths, '-')) spec.resnet12_widths.push_back(std::stoll(width));
  spec.drop_rate = drop_rate;
  spec.drop_block = drop_block > 0 ? drop_block : image_size <= 32 ? 2 : 5;
  return spec;
}

void AugmentationOptions::Declare(OptionList& list) {
  list.Add("crop-padding", &crop_padding,
           "Zero padding before the random crop; -1: 4 for images of up to 32 pixels, else 8.")
      .Range(-1, 512)
      .Unit("pixels")
      .Source("LabelHalluc's released code");
  list.Add("color-jitter", &color_jitter, "Random factor of brightness, contrast and saturation: in [1 - j, 1 + j].")
      .Range(0, 1)
      .Source("LabelHalluc's released code");
  list.Add("flip-probability", &flip_probability, "Probability of a horizontal flip.")
      .Range(0, 1)
      .Source("LabelHalluc's released code");
}

int64_t AugmentationOptions::CropPadding(int64_t image_size) const {
  if (crop_padding >= 0) return crop_padding;
  return image_size <= 32 ? 4 : 8;
}

AugmentOptions AugmentationOptions::Augmentation(int64_t image_size) const {
  return {CropPadding(image_size), color_jitter, flip_probability};
}

}  // namespace tint
