#include "tint/base/text.h"
#include "tint/fewshot/precision.h"
#include "tint/fewshot/pretrain.h"

namespace tint {

void PretrainOptions::Declare(OptionList& list) {
  list.Add("recipe", &recipe,
           "ce: cross-entropy over the base classes; ier: with 16 views, telling them apart and being equal in them.")
      .Choices({"ce", "ier"})
      .Source("IER (arXiv 2103.01315)");
  list.Add("epochs", &epochs, "Passes over the base images.")
      .Range(1, 100000)
      .Preset("smoke", 2)
      .Source("IER's released code: 65");
  list.Add("batch-size", &batch_size, "Images a step; ier sees 16 views of each.")
      .Range(2, 100000)
      .Unit("images")
      .Preset("smoke", 30)
      .Source("IER's released code");
  list.Add("learning-rate", &learning_rate, "Learning rate of SGD.").Range(0, 10).Source("IER's released code");
  list.Add("decay-epochs", &decay_epochs, "Epochs after which the learning rate is multiplied by decay-factor.")
      .Matching("|[0-9]{1,6}(,[0-9]{1,6})*", "epochs joined by commas, such as 30,40,50; or nothing")
      .Source("IER's released code: 60 of 65");
  list.Add("decay-factor", &decay_factor, "What the learning rate is multiplied by then.")
      .Range(0, 1)
      .Source("IER's released code");
  list.Add("momentum", &momentum, "Momentum of SGD.").Range(0, 0.9999).Source("IER's released code");
  list.Add("weight-decay", &weight_decay, "L2 penalty, added to the gradient.")
      .Range(0, 1)
      .Source("IER's released code");
  list.Add("gamma", &gamma, "ier: weight of both view losses.").Range(0, 1000).Source("IER's released code");
  list.Add("negatives", &negatives, "ier: rows of the memory bank drawn at each step.")
      .Range(1, 10'000'000)
      .Source("IER's released code");
  list.Add("bank-momentum", &bank_momentum, "ier: share of itself that a row of the bank keeps.")
      .Range(0, 1)
      .Source("IER's released code");
  list.Add("bank-temperature", &bank_temperature, "ier: temperature of the contrast.")
      .Range(0.001, 1000)
      .Source("IER's released code");
  list.Add("teacher-weight", &teacher_weight, "Generation 1: weight of following the teacher.")
      .Range(0, 1000)
      .Source("IER's released code: w_div");
  list.Add("teacher-temperature", &teacher_temperature, "Generation 1: temperature of its soft labels.")
      .Range(0.01, 1000)
      .Source("IER's released code");
  list.Add("batch-norm", &batch_norm,
           "ier: whether all views share a batch's statistics, or the first 8 and the last 8 have their own.")
      .Choices({"shared", "per-source"})
      .Preset("upstream", "per-source")
      .Source("IER's released code on two GPUs");
  DeclarePrecision(list, &precision);
  list.Add("validate-every", &validate_every, "Epochs between validations; the best one is kept.").Range(1, 100000);
  list.Add("patience", &patience, "End after so many validations without a better one; 0: never before the last epoch.")
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
