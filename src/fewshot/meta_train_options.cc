// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>
#include <numbers>

#include "tint/fewshot/meta_train.h"

namespace tint {

void MetaTrainOptions::Declare(OptionList& list) {
  list.Add("epochs", &epochs, "Number of epochs.")
      .Range(1, 100000)
      .Preset("smoke", 1)
      .Source("the paper and PMF's released code: 100");
  list.Add("episodes-per-epoch", &episodes, "Number of episodes per epoch, one per step.")
      .Range(1, 10'000'000)
      .Preset("pmf", 2000)
      .Preset("smoke", 4)
      .Source("the paper: 400; PMF's released code: 2,000");
  list.Add("ways", &ways, "Number of classes per episode.").Range(2, 10000).Source("the paper; PMF's released code");
  list.Add("shots", &shots, "Number of support images per class.")
      .Range(1, 10000)
      .Source("the paper; PMF's released code");
  list.Add("queries-per-class", &queries, "Number of query images per class.")
      .Range(1, 10000)
      .Preset("smoke", 2)
      .Source("the paper; PMF's released code");
  list.Add("optimizer", &optimizer, "Optimiser; sgd has momentum.")
      .Preset("pmf", "sgd")
      .Source("the paper: adam; PMF's released code: sgd");
  list.Add("learning-rate", &learning_rate, "Maximum learning rate.")
      .Range(0, 10)
      .Preset("pmf", 6.25e-6)
      .Preset("smoke", 1e-5)
      .Source("the paper: 3e-3 as printed; PMF's released code: 5e-5 / 8 on one GPU");
  list.Add("momentum", &momentum, "Momentum of sgd, beta1 of adam.")
      .Range(0, 0.9999)
      .Source("the paper; PMF's released code");
  list.Add("weight-decay", &weight_decay, "Weight decay (L2 penalty).")
      .Range(0, 1)
      .Preset("pmf", 0.0)
      .Source("the paper: 1e-6; PMF's released code: none");
  list.Add("warmup-epochs", &warmup_epochs, "Number of epochs of learning rate warm-up.")
      .Range(0, 100000)
      .Preset("pmf", 5)
      .Source("PMF's released code");
  list.Add("warmup-learning-rate", &warmup_learning_rate, "Learning rate at the start of the warm-up.")
      .Range(0, 1)
      .Source("PMF's released code");
  list.Add("min-learning-rate", &min_learning_rate, "Learning rate at the end of the cosine schedule.")
      .Range(0, 1)
      .Preset("pmf", 1e-6)
      .Source("PMF's released code");
  list.Add("delayed-schedule", &delayed_schedule, "Apply the learning rate schedule one epoch late.")
      .Preset("pmf", true)
      .Source("PMF's released code");
  list.Add("crop-area", &crop_area, "Minimum share of the image area that a random crop keeps.")
      .Range(0.001, 1)
      .Source("PMF's released code");
  list.Add("color-jitter", &color_jitter, "Random factor of brightness, contrast and saturation: in [1 - j, 1 + j].")
      .Range(0, 1)
      .Source("PMF's released code");
  list.Add("flip-probability", &flip_probability, "Probability of a horizontal flip.")
      .Range(0, 1)
      .Source("PMF's released code");
  list.Add("validate-every", &validate_every, "Number of epochs between validations; the best model is kept.")
      .Range(1, 100000);
}

double MetaTrainRate(const MetaTrainOptions& options, int64_t epoch) {
  const int64_t at = options.delayed_schedule ? std::max<int64_t>(0, epoch - 1) : epoch;
  if (at < options.warmup_epochs)
    return options.warmup_learning_rate + (options.learning_rate - options.warmup_learning_rate) *
                                              static_cast<double>(at) / static_cast<double>(options.warmup_epochs);
  const double share = static_cast<double>(at) / static_cast<double>(options.epochs);
  return options.min_learning_rate +
         0.5 * (options.learning_rate - options.min_learning_rate) * (1 + std::cos(std::numbers::pi * share));
}

}  // namespace tint
