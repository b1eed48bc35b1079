#include "tint/fewshot/distill.h"

namespace tint {

void DistillOptions::Declare(OptionList& list) {
  list.Add("steps", &steps, "Training steps.")
      .Range(1, 10'000'000)
      .Preset("upstream", 307)
      .Preset("smoke", 40)
      .Source("TINT paper 3.3; upstream: one pass over 38,400 base images (S16)");
  list.Add("batch", &batch, "Pictures a step, in equal parts from support, base and synthetic pictures.")
      .Range(1, 100'000)
      .Unit("pictures")
      .Preset("upstream", 250)
      .Preset("smoke", 30)
      .Source("TINT paper 3.3; upstream: S16");
  list.Add("learning-rate", &learning_rate, "Learning rate of SGD.")
      .Range(0, 10)
      .Preset("upstream", 0.025)
      .Source("TINT paper 3.3; upstream: S16 (backbone)");
  list.Add("lr-classifier", &lr_classifier, "Learning rate of the linear layer; 0: learning-rate.")
      .Range(0, 10)
      .Preset("upstream", 0.05)
      .Source("S17: not printed in the paper; upstream: S16");
  list.Add("freeze-first-conv", &freeze_first_conv,
           "Leave the first convolution as it is, as the published code of LabelHalluc does.")
      .Preset("upstream", true)
      .Source("S16 TRAP");
  list.Add("momentum", &momentum, "Momentum of SGD.").Range(0, 0.9999).Source("TINT paper 3.3");
  list.Add("weight-decay", &weight_decay, "L2 penalty, added to the gradient.").Range(0, 1).Source("TINT paper 3.3");
  list.Add("decay-at", &decay_at, "Share of the steps after which the learning rate is multiplied by decay-factor.")
      .Range(0, 1)
      .Source("TINT paper 3.3: after 5,000 of 10,000");
  list.Add("decay-factor", &decay_factor, "What the learning rate is multiplied by then; 1 keeps it.")
      .Range(0, 1)
      .Preset("upstream", 1.0)
      .Source("TINT paper 3.3; upstream: no schedule (S16)");
  list.Add("temperature", &temperature, "Temperature T of the distillation loss.")
      .Range(0.01, 1000)
      .Source("S16: T = 4; not printed in the paper (S17)");
  list.Add("support-weight", &support_weight, "Weight of the supports' cross-entropy; 0: no supports in the batch.")
      .Range(0, 1000)
      .Source("S17");
  list.Add("base-weight", &base_weight, "Weight of the base pictures' distillation; 0: none in the batch.")
      .Range(0, 1000)
      .Source("S17");
  list.Add("synthetic-weight", &synthetic_weight,
           "Weight of the synthetic pictures' distillation; 0: none in the batch.")
      .Range(0, 1000)
      .Source("S17");
  list.Add("base-images", &base_images, "Number of base pictures to use, as many of each class; 0: all.")
      .Range(0, 100'000'000)
      .Unit("pictures")
      .Preset("smoke", 500);
  list.Add("normalize-features", &normalize_features, "Divide features by their length before the linear layer.")
      .Source("S16: norm_feat");
  list.Add("synthetic-labels", &synthetic_labels,
           "What synthetic pictures teach: the teacher's soft labels, or the class they were generated for (Table 2, "
           "None).")
      .Choices({"teacher", "class"})
      .Source("S24 row 17");
  list.Add("crop-padding", &crop_padding, "Zero padding before the random crop; -1: 4 for sides up to 32, else 8.")
      .Range(-1, 512)
      .Unit("pixels")
      .Source("S16");
  list.Add("color-jitter", &color_jitter, "Brightness, contrast and saturation are multiplied by 1 - j to 1 + j.")
      .Range(0, 1)
      .Source("S16");
  list.Add("flip-probability", &flip_probability, "Probability of a horizontal flip.").Range(0, 1).Source("S16");
  list.Add("conv4-head", &conv4_head,
           "conv4: four poolings, flattened; or three poolings and the mean over all places (LabelHalluc).")
      .Choices({"flatten", "gap"})
      .Preset("upstream", "gap")
      .Source("S14, S24 row 8");
  list.Add("resnet12-widths", &resnet12_widths, "resnet12: channels of its four stages.")
      .Choices({"64-128-256-512", "64-160-320-640"})
      .Preset("upstream", "64-160-320-640")
      .Source("S14, S24 row 7");
  list.Add("activation", &activation, "resnet12: what follows its convolutions; leaky_relu has slope 0.1.")
      .Choices({"relu", "leaky_relu"})
      .Preset("upstream", "leaky_relu")
      .Source("S14, S24 row 7");
}

int64_t CropPadding(const DistillOptions& options, int64_t image_size) {
  if (options.crop_padding >= 0) return options.crop_padding;
  return image_size <= 32 ? 4 : 8;
}

}  // namespace tint
