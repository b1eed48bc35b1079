// SPDX-License-Identifier: Apache-2.0
// Pre-training of a student on the base classes, before any episode. IER (Rizve et al. 2021, arXiv 2103.01315).
//
//   recipe "ce":  L = CE(class), one augmented view of each image
//   recipe "ier": L = CE(class) + gamma (L_eq + L_inv) over 16 views: 4 crops x 4 rotations (pretrain_views.h)
//   generation 1: a teacher of the same shape (generation 0) is distilled as well,
//                 L + w (KL(class, T) + KL(view, T) + MSE(invariant) + MSE(features))
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tint/fewshot/distill.h"
#include "tint/fewshot/precision.h"
#include "tint/fewshot/student_options.h"
#include "tint/models/module_tensors.h"
#include "tint/optim/sgd.h"
#include "tint/options/option.h"

namespace tint {

enum class PretrainRecipe { kCrossEntropy, kIer };
template <>
struct EnumNames<PretrainRecipe> {
  static constexpr EnumName<PretrainRecipe> kNames[] = {{PretrainRecipe::kCrossEntropy, "ce"},
                                                        {PretrainRecipe::kIer, "ier"}};
};

struct PretrainOptions {
  PretrainRecipe recipe = PretrainRecipe::kCrossEntropy;
  int64_t epochs = 65;
  int64_t batch_size = 64;
  double learning_rate = 0.05;
  std::string decay_epochs = "60";  // joined by commas
  double decay_factor = 0.1;
  double momentum = 0.9;
  double weight_decay = 5e-4;
  double gamma = 1;
  int64_t negatives = 6400;
  double bank_momentum = 0.99;
  double bank_temperature = 1;
  double teacher_weight = 1;
  double teacher_temperature = 4;
  BatchStatistics batch_norm = BatchStatistics::kShared;
  TrainingPrecision precision = TrainingPrecision::kAuto;
  int64_t validate_every = 1;  // epochs
  int64_t patience = 0;        // validations without improvement before training ends; 0: never
  AugmentationOptions augmentation;
  StudentOptions student;

  PretrainOptions() { student.drop_rate = 0.1; }
  void Declare(OptionList& list);
};

// Learning rate of an epoch (from 0): multiplied by decay_factor at each of decay_epochs.
double PretrainLearningRate(const PretrainOptions& options, int64_t epoch);

// Backbone with a linear layer for the base classes and, for IER, the equivariant and the invariant head. Methods:
// features(images) -> [B, D]; classify(f) -> [B, C]; and equivariant(f) -> [B, 16], invariant(f) -> [B, 64].
ScriptModule BuildPretrainer(const ScriptModule& backbone, int64_t feature_width, int64_t classes, bool ier,
                             RandomStream stream);
// Its backbone; shares the tensors.
ScriptModule BackboneOf(const ScriptModule& pretrainer);

// Everything that resuming needs; parameters and buffers are in `pretrainer`.
struct PretrainState {
  ScriptModule pretrainer;
  Momenta momenta;
  at::Tensor bank;  // float32 [M, 64], for IER
  int64_t step = 0;
  double loss_sum = 0;                     // of the current epoch
  std::vector<double> losses, accuracies;  // of each epoch; of each validation
  double best_accuracy = -1;
  int64_t best_epoch = -1, since_best = 0;
  NamedTensors best;  // tensors of the best validation's backbone, by name
};

struct PretrainData {
  at::Tensor images;  // uint8 [M, 3, S, S]
  at::Tensor labels;  // int64 [M]
  std::vector<double> mean, std;
  // The accuracy of a backbone (in eval mode) on validation episodes.
  std::function<double(const ScriptModule& backbone)> validate;
  ScriptModule teacher;  // generation 0, or empty
};

// Trains from `state` to its end: options.epochs, or `patience` validations without improvement. Each step draws from
// streams (seed, "pretrain/...", 0, 0, step), so that a resumed training gives the same bits. `after_step` is a safe
// point. A loss that is not finite: Error(kInternal) with step and learning rate.
void RunPretrain(const PretrainData& data, const PretrainOptions& options, uint64_t seed, PretrainState* state,
                 const std::function<void(const PretrainState&)>& after_step);
int64_t StepsPerEpoch(const PretrainData& data,
                      const PretrainOptions& options);  // without an incomplete last batch

}  // namespace tint
