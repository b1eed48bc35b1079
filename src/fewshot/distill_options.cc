// SPDX-License-Identifier: Apache-2.0
#include "tint/fewshot/distill.h"
#include "tint/fewshot/precision.h"

namespace tint {

void DistillOptions::Declare(OptionList& list) {
  list.Add("steps", &steps, "Number of training steps.")
      .Range(1, 10'000'000)
      .Preset("upstream", 307)
      .Preset("smoke", 40)
      .Source("paper section 3.3; upstream: LabelHalluc's released code, one pass over 38,400 base images");
  list.Add("batch-size", &batch_size,
           "Number of images per step, divided equally among the sources in use (support, base and synthetic images).")
      .Range(1, 100'000)
      .Unit("images")
      .Preset("upstream", 250)
      .Preset("smoke", 30)
      .Source("paper section 3.3; upstream: LabelHalluc's released code");
  list.Add("learning-rate", &learning_rate, "Learning rate of SGD.")
      .Range(0, 10)
      .Preset("upstream", 0.025)
      .Source("paper section 3.3; upstream: LabelHalluc's released code (backbone)");
  list.Add("classifier-learning-rate", &classifier_learning_rate,
           "Learning rate of the linear classifier; 0: --learning-rate.")
      .Range(0, 10)
      .Preset("upstream", 0.05)
      .Source("docs/method.md, Distillation; upstream: LabelHalluc's released code");
  list.Add("freeze-first-conv", &freeze_first_conv, "Do not train the first convolution.")
      .Preset("upstream", true)
      .Source("LabelHalluc's released code");
  list.Add("momentum", &momentum, "Momentum of SGD.").Range(0, 0.9999).Source("paper section 3.3");
  list.Add("weight-decay", &weight_decay, "Weight decay (L2 penalty).").Range(0, 1).Source("paper section 3.3");
  list.Add("decay-at", &decay_at, "Share of the steps after which the learning rate is multiplied by decay-factor.")
      .Range(0, 1)
      .Source("paper section 3.3: after 5,000 of 10,000");
  list.Add("decay-factor", &decay_factor, "Factor of the learning rate decay; 1: constant learning rate.")
      .Range(0, 1)
      .Preset("upstream", 1.0)
      .Source("paper section 3.3; upstream: LabelHalluc's released code, no schedule");
  list.Add("temperature", &temperature, "Temperature T of the distillation loss.")
      .Range(0.01, 1000)
      .Source("LabelHalluc's released code: 4; the paper states none");
  list.Add("support-weight", &support_weight,
           "Weight of the cross-entropy of support images; 0: no support images in the batch.")
      .Range(0, 1000)
      .Source("docs/method.md, Distillation");
  list.Add("base-weight", &base_weight,
           "Weight of the distillation loss of base images; 0: no base images in the batch.")
      .Range(0, 1000)
      .Preset("support-only", 0.0)
      .Source("docs/method.md, Distillation");
  list.Add("synthetic-weight", &synthetic_weight,
           "Weight of the distillation loss of synthetic images; 0: no synthetic images in the batch.")
      .Range(0, 1000)
      .Preset("labelhalluc", 0.0)
      .Preset("support-only", 0.0)
      .Preset("base-only", 0.0)
      .Source("docs/method.md, Distillation");
  list.Add("base-images", &base_images, "Number of base images, the same for each class; 0: all.")
      .Range(0, 100'000'000)
      .Unit("images")
      .Preset("smoke", 500);
  list.Add("normalize-features", &normalize_features, "L2-normalise features before the linear classifier.")
      .Source("LabelHalluc's released code: norm_feat");
  list.Add("synthetic-labels", &synthetic_labels,
           "Labels of the synthetic images: soft labels as for --base-labels, or the class that they were "
           "generated for (\"None\" in Table 2).")
      .Source("paper, Table 2");
  list.Add("base-labels", &base_labels,
           "Labels of the base images: teacher (cosine to class prototypes; for a meta-trained teacher), "
           "teacher-logistic-regression (on the teacher's features; for any teacher), or "
           "logistic-regression (on the pre-trained student's own features, as in LabelHalluc).")
      .Choices({"teacher", "teacher-logistic-regression", "logistic-regression"})
      .Preset("upstream", "logistic-regression")
      .Source("paper, Table 2; LabelHalluc (arXiv 2112.03340)");
  list.Add("batch-norm", &batch_norm,
           "Batch norm statistics: shared by all images of a batch, or per source of images (the running "
           "statistics are then those of the base images).")
      .Preset("upstream", "per-source")
      .Source("LabelHalluc's released code on two GPUs");
  list.Add("support-copies", &support_copies,
           "Number of augmented copies of each support image for fitting the logistic regression; 0: the "
           "support images themselves.")
      .Range(0, 1000)
      .Source("LabelHalluc's released code: 5");
  list.Add("synthetic-images", &synthetic_images, "Number of synthetic images per class, the first ones; 0: all.")
      .Range(0, 100'000'000)
      .Unit("images")
      .Source("paper, Table 2: 1,000 and 4,000");
  list.Add("evaluate-every", &evaluate_every,
           "Score the queries every N steps, for a curve of accuracy over steps; only for episodes of a "
           "validation split. 0: never.")
      .Range(0, 10'000'000)
      .Unit("steps")
      .Source("paper, Fig. 5");
  DeclarePrecision(list, &precision);
  augmentation.Declare(list);
  student.Declare(list);
}

}  // namespace tint
