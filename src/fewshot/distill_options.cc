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
  list.Add("support-weight", &support_weight, "Weight of the supports' cross-entropy.").Range(0, 1000).Source("S17");
  list.Add("base-weight", &base_weight, "Weight of the base pictures' distillation.").Range(0, 1000).Source("S17");
  list.Add("synthetic-weight", &synthetic_weight, "Weight of the synthetic pictures' distillation.")
      .Range(0, 1000)
      .Source("S17");
  list.Add("base-images", &base_images, "Number of base pictures to use, spread over the classes; 0 = all.")
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
  list.Add("crop-padding", &crop_padding, "Zero padding before the random crop; 4 is usual for pictures of 32 x 32.")
      .Range(0, 512)
      .Unit("pixels")
      .Source("S16");
  list.Add("color-jitter", &color_jitter, "Brightness, contrast and saturation are multiplied by 1 - j to 1 + j.")
      .Range(0, 1)
      .Source("S16");
  list.Add("flip-probability", &flip_probability, "Probability of a horizontal flip.").Range(0, 1).Source("S16");
}

}  // namespace tint
