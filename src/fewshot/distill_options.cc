#include "tint/fewshot/distill.h"
#include "tint/fewshot/precision.h"

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
      .Preset("support-only", 0.0)
      .Source("S17");
  list.Add("synthetic-weight", &synthetic_weight,
           "Weight of the synthetic pictures' distillation; 0: none in the batch.")
      .Range(0, 1000)
      .Preset("labelhalluc", 0.0)
      .Preset("support-only", 0.0)
      .Preset("base-only", 0.0)
      .Source("S17");
  list.Add("base-images", &base_images, "Number of base pictures to use, as many of each class; 0: all.")
      .Range(0, 100'000'000)
      .Unit("pictures")
      .Preset("smoke", 500);
  list.Add("normalize-features", &normalize_features, "Divide features by their length before the linear layer.")
      .Source("S16: norm_feat");
  list.Add(
          "synthetic-labels", &synthetic_labels,
          "What synthetic pictures teach: soft labels of the teacher or of logistic regression, as base-labels, or the "
          "class they were generated for (Table 2, None).")
      .Choices({"teacher", "teacher-logistic-regression", "logistic-regression", "class"})
      .Source("S24 row 17");
  list.Add(
          "base-labels", &base_labels,
          "Who labels the base pictures: the model set's teacher (cosine to prototypes; made for a "
          "meta-trained one, whose scale was learned), logistic regression on that teacher's features (for any other), "
          "or logistic regression on the student's own pre-trained features (LabelHalluc).")
      .Choices({"teacher", "teacher-logistic-regression", "logistic-regression"})
      .Preset("upstream", "logistic-regression")
      .Source("TINT Table 2; S16");
  list.Add("batch-norm", &batch_norm,
           "Whether the sources share a batch's statistics, or each is normalised by its own (running ones: those of "
           "the base pictures).")
      .Choices({"shared", "per-source"})
      .Preset("upstream", "per-source")
      .Source("S25: two GPUs");
  list.Add("support-copies", &support_copies,
           "Disturbed copies of each support that logistic regression is fitted to; 0: the supports as they are.")
      .Range(0, 1000)
      .Source("S16, S24 row 18");
  list.Add("synthetic-images", &synthetic_images,
           "Number of synthetic pictures of each class to use, the first ones; 0: all.")
      .Range(0, 100'000'000)
      .Unit("pictures")
      .Source("TINT Table 2: 1,000 and 4,000");
  list.Add("evaluate-every", &evaluate_every,
           "Score the queries every so many steps, for the curve of accuracy over steps; only for episodes of a "
           "validation split. 0: never.")
      .Range(0, 10'000'000)
      .Unit("steps")
      .Source("TINT Fig. 5");
  DeclarePrecision(list, &precision);
  disturbance.Declare(list);
  student.Declare(list);
}

}  // namespace tint
