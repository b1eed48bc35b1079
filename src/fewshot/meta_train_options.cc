#include <algorithm>
#include <cmath>
#include <numbers>

#include "tint/fewshot/meta_train.h"

namespace tint {

void MetaTrainOptions::Declare(OptionList& list) {
  list.Add("epochs", &epochs, "Epochs.").Range(1, 100000).Preset("smoke", 1).Source("S13: TINT and PMF");
  list.Add("episodes-per-epoch", &episodes, "Episodes of an epoch, one a step.")
      .Range(1, 10'000'000)
      .Preset("pmf", 2000)
      .Preset("smoke", 4)
      .Source("S13: TINT 400, PMF 2,000");
  list.Add("ways", &ways, "Classes of an episode.").Range(2, 10000).Source("S13");
  list.Add("shots", &shots, "Supports of a class.").Range(1, 10000).Source("S13");
  list.Add("queries-per-class", &queries, "Queries of a class.").Range(1, 10000).Preset("smoke", 2).Source("S13");
  list.Add("optimizer", &optimizer, "adam, or sgd with momentum.")
      .Choices({"adam", "sgd"})
      .Preset("pmf", "sgd")
      .Source("S13");
  list.Add("learning-rate", &learning_rate, "Highest learning rate.")
      .Range(0, 10)
      .Preset("pmf", 6.25e-6)
      .Preset("smoke", 1e-5)
      .Source("S13: TINT 3e-3 as printed; PMF 5e-5 / 8 on one GPU");
  list.Add("momentum", &momentum, "Momentum of sgd, first beta of adam.").Range(0, 0.9999).Source("S13");
  list.Add("weight-decay", &weight_decay, "L2 penalty, added to the gradient.")
      .Range(0, 1)
      .Preset("pmf", 0.0)
      .Source("S13: TINT 1e-6; PMF none");
  list.Add("warmup-epochs", &warmup_epochs, "Epochs over which the learning rate grows.")
      .Range(0, 100000)
      .Preset("pmf", 5)
      .Source("S13");
  list.Add("warmup-rate", &warmup_rate, "Learning rate at the start of the warm-up.").Range(0, 1).Source("S13");
  list.Add("least-rate", &least_rate, "Learning rate at the end of the cosine.")
      .Range(0, 1)
      .Preset("pmf", 1e-6)
      .Source("S13");
  list.Add("late-epochs", &late_epochs, "Keep the schedule one epoch behind, as PMF's code does.")
      .Preset("pmf", true)
      .Source("S25");
  list.Add("crop-area", &crop_area, "Least share of the picture that a random crop keeps.")
      .Range(0.001, 1)
      .Source("S13");
  list.Add("color-jitter", &color_jitter, "Brightness, contrast and saturation are multiplied by 1 - j to 1 + j.")
      .Range(0, 1)
      .Source("S13");
  list.Add("flip-probability", &flip_probability, "Probability of a horizontal flip.").Range(0, 1).Source("S13");
  list.Add("validate-every", &validate_every, "Epochs between validations; the best one is kept.").Range(1, 100000);
}

double MetaTrainRate(const MetaTrainOptions& options, int64_t epoch) {
  const int64_t at = options.late_epochs ? std::max<int64_t>(0, epoch - 1) : epoch;
  if (at < options.warmup_epochs)
    return options.warmup_rate + (options.learning_rate - options.warmup_rate) * static_cast<double>(at) /
                                     static_cast<double>(options.warmup_epochs);
  const double share = static_cast<double>(at) / static_cast<double>(options.epochs);
  return options.least_rate +
         0.5 * (options.learning_rate - options.least_rate) * (1 + std::cos(std::numbers::pi * share));
}

}  // namespace tint
