#include "tint/fewshot/distill.h"
#include "tint/fewshot/precision.h"

namespace tint {

void DistillOptions::Declare(OptionList& list) {
  list.Add("steps", &steps, "Training steps.")
      .Range(1, 10'000'000)
      .Preset("upstream", 307)
      .Preset("smoke", 40)
      .Source("paper section 3.3; upstream: LabelHalluc's released code, one pass over 38,400 base images");
  list.Add("batch-size", &batch_size, "Images a step, in equal parts from support, base and synthetic images.")
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
           "Learning rate of the linear layer; 0: learning-rate.")
      .Range(0, 10)
      .Preset("upstream", 0.05)
      .Source("docs/method.md, Distillation; upstream: LabelHalluc's released code");
  list.Add("freeze-first-conv", &freeze_first_conv,
           "Leave the first convolution as it is, as the published code of LabelHalluc does.")
      .Preset("upstream", true)
      .Source("LabelHalluc's released code");
  list.Add("momentum", &momentum, "Momentum of SGD.").Range(0, 0.9999).Source("paper section 3.3");
  list.Add("weight-decay", &weight_decay, "L2 penalty, added to the gradient.").Range(0, 1).Source("paper section 3.3");
  list.Add("decay-at", &decay_at, "Share of the steps after which the learning rate is multiplied by decay-factor.")
      .Range(0, 1)
      .Source("paper section 3.3: after 5,000 of 10,000");
  list.Add("decay-factor", &decay_factor, "What the learning rate is multiplied by then; 1 keeps it.")
      .Range(0, 1)
      .Preset("upstream", 1.0)
      .Source("paper section 3.3; upstream: LabelHalluc's released code, no schedule");
  list.Add("temperature", &temperature, "Temperature T of the distillation loss.")
      .Range(0.01, 1000)
      .Source("LabelHalluc's released code: 4; the paper states none");
  list.Add("support-weight", &support_weight, "Weight of the supports' cross-entropy; 0: no supports in the batch.")
      .Range(0, 1000)
      .Source("docs/method.md, Distillation");
  list.Add("base-weight", &base_weight, "Weight of the base images' distillation; 0: none in the batch.")
      .Range(0, 1000)
      .Preset("support-only", 0.0)
      .Source("docs/method.md, Distillation");
  list.Add("synthetic-weight", &synthetic_weight, "Weight of the synthetic images' distillation; 0: none in the batch.")
      .Range(0, 1000)
      .Preset("labelhalluc", 0.0)
      .Preset("support-only", 0.0)
      .Preset("base-only", 0.0)
      .Source("docs/method.md, Distillation");
  list.Add("base-images", &base_images, "Number of base images to use, as many of each class; 0: all.")
      .Range(0, 100'000'000)
      .Unit("images")
      .Preset("smoke", 500);
  list.Add("normalize-features", &normalize_features, "Divide features by their length before the linear layer.")
      .Source("LabelHalluc's released code: norm_feat");
  list.Add("synthetic-labels", &synthetic_labels,
           "What synthetic images teach: soft labels of the teacher or of logistic regression, as base-labels, or the "
           "class they were generated for (Table 2, None).")
      .Choices({"teacher", "teacher-logistic-regression", "logistic-regression", "class"})
      .Source("paper, Table 2");
  list.Add(
          "base-labels", &base_labels,
          "Who labels the base images: the model set's teacher (cosine to prototypes; made for a "
          "meta-trained one, whose scale was learned), logistic regression on that teacher's features (for any other), "
          "or logistic regression on the student's own pre-trained features (LabelHalluc).")
      .Choices({"teacher", "teacher-logistic-regression", "logistic-regression"})
      .Preset("upstream", "logistic-regression")
      .Source("paper, Table 2; LabelHalluc (arXiv 2112.03340)");
  list.Add("batch-norm", &batch_norm,
           "Whether the sources share a batch's statistics, or each is normalised by its own (running ones: those of "
           "the base images).")
      .Choices({"shared", "per-source"})
      .Preset("upstream", "per-source")
      .Source("LabelHalluc's released code on two GPUs");
  list.Add("support-copies", &support_copies,
           "Augmented copies of each support that logistic regression is fitted to; 0: the supports as they are.")
      .Range(0, 1000)
      .Source("LabelHalluc's released code: 5");
  list.Add("synthetic-images", &synthetic_images,
           "Number of synthetic images of each class to use, the first ones; 0: all.")
      .Range(0, 100'000'000)
      .Unit("images")
      .Source("paper, Table 2: 1,000 and 4,000");
  list.Add("evaluate-every", &evaluate_every,
           "Score the queries every so many steps, for the curve of accuracy over steps; only for episodes of a "
           "validation split. 0: never.")
      .Range(0, 10'000'000)
      .Unit("steps")
      .Source("paper, Fig. 5");
  DeclarePrecision(list, &precision);
  augmentation.Declare(list);
  student.Declare(list);
}

}  // namespace tint
