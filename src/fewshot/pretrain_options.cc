// SPDX-License-Identifier: Apache-2.0
#include "tint/base/text.h"
#include "tint/fewshot/precision.h"
#include "tint/fewshot/pretrain.h"

namespace tint {

void PretrainOptions::Declare(OptionList& list) {
  list.Add("recipe", &recipe,
           "ce: cross-entropy on the base classes; ier: also invariant and equivariant representation "
           "learning with 16 views.")
      .Source("IER (arXiv 2103.01315)");
  list.Add("epochs", &epochs, "Number of epochs.")
      .Range(1, 100000)
      .Preset("smoke", 2)
      .Source("IER's released code: 65");
  list.Add("batch-size", &batch_size, "Number of images per step; ier uses 16 views of each.")
      .Range(2, 100000)
      .Unit("images")
      .Preset("smoke", 30)
      .Source("IER's released code");
  list.Add("learning-rate", &learning_rate, "Learning rate of SGD.").Range(0, 10).Source("IER's released code");
  list.Add("decay-epochs", &decay_epochs, "Epochs after which the learning rate is multiplied by decay-factor.")
      .Matching("|[0-9]{1,6}(,[0-9]{1,6})*", "epochs separated by commas, such as 30,40,50; or nothing")
      .Source("IER's released code: 60 of 65");
  list.Add("decay-factor", &decay_factor, "Factor of the learning rate decay.")
      .Range(0, 1)
      .Source("IER's released code");
  list.Add("momentum", &momentum, "Momentum of SGD.").Range(0, 0.9999).Source("IER's released code");
  list.Add("weight-decay", &weight_decay, "Weight decay (L2 penalty).").Range(0, 1).Source("IER's released code");
  list.Add("gamma", &gamma, "ier: weight of the equivariance and invariance losses.")
      .Range(0, 1000)
      .Source("IER's released code");
  list.Add("negatives", &negatives, "ier: number of negatives per step, drawn from the memory bank.")
      .Range(1, 10'000'000)
      .Source("IER's released code");
  list.Add("bank-momentum", &bank_momentum, "ier: momentum of the memory bank.")
      .Range(0, 1)
      .Source("IER's released code");
  list.Add("bank-temperature", &bank_temperature, "ier: temperature of the contrastive loss.")
      .Range(0.001, 1000)
      .Source("IER's released code");
  list.Add("teacher-weight", &teacher_weight, "Generation 1: weight of the distillation loss.")
      .Range(0, 1000)
      .Source("IER's released code: w_div");
  list.Add("teacher-temperature", &teacher_temperature, "Generation 1: temperature of the distillation loss.")
      .Range(0.01, 1000)
      .Source("IER's released code");
  list.Add("batch-norm", &batch_norm,
           "ier: batch norm statistics: shared by all 16 views, or separate for the first and the last 8.")
      .Preset("upstream", "per-source")
      .Source("IER's released code on two GPUs");
  DeclarePrecision(list, &precision);
  list.Add("validate-every", &validate_every, "Number of epochs between validations; the best model is kept.")
      .Range(1, 100000);
  list.Add("patience", &patience, "Stop early after this number of validations without improvement; 0: never.")
      .Range(0, 100000);
  augmentation.Declare(list);
  student.Declare(list);
}

double PretrainLearningRate(const PretrainOptions& options, int64_t epoch) {
  double rate = options.learning_rate;
  for (const std::string& at : Split(options.decay_epochs, ',')) {
    if (!at.empty() && epoch >= std::stoll(at)) rate *= options.decay_factor;
  }
  return rate;
}

}  // namespace tint
