// SPDX-License-Identifier: Apache-2.0
// Meta-training of the teacher: prototypes of each episode's supports, cosine logits of its queries. PMF (Hu et al.
// 2022, arXiv 2204.07305); docs/method.md, Meta-training of the teacher.
//
//   L = cross-entropy of s (cos(f(q), p_c) + b) over the queries, p_c the mean of f over the supports of class c
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tint/models/module_tensors.h"
#include "tint/models/modules.h"
#include "tint/options/option.h"
#include "tint/tensor/random.h"

namespace tint {

enum class MetaOptimizer { kAdam, kSgd };
template <>
struct EnumNames<MetaOptimizer> {
  static constexpr EnumName<MetaOptimizer> kNames[] = {{MetaOptimizer::kAdam, "adam"}, {MetaOptimizer::kSgd, "sgd"}};
};

struct MetaTrainOptions {
  int64_t epochs = 100;
  int64_t episodes = 400;  // an epoch; one a step
  int64_t ways = 5, shots = 5, queries = 15;
  MetaOptimizer optimizer = MetaOptimizer::kAdam;
  double learning_rate = 3e-3;
  double momentum = 0.9;
  double weight_decay = 1e-6;
  int64_t warmup_epochs = 0;
  double warmup_learning_rate = 1e-6, min_learning_rate = 0;
  bool delayed_schedule = false;
  double crop_area = 0.05, color_jitter = 0.4, flip_probability = 0.5;
  int64_t validate_every = 1;  // epochs

  void Declare(OptionList& list);
};

// Learning rate of an epoch (from 0): warm-up, then half a cosine over all epochs. With delayed_schedule the schedule
// is one epoch behind, as in the published code (epochs 0 and 1 both at 1e-6, the peak 6.2177e-6).
double MetaTrainRate(const MetaTrainOptions& options, int64_t epoch);

struct MetaTrainData {
  std::vector<at::Tensor> classes;  // of each class its images, uint8 [M_c, 3, S, S]
  InputConfig input;
  // Accuracy of the current teacher on validation episodes.
  std::function<double(const ScriptModule& teacher)> validate;
};

// Everything that resuming needs; parameters and buffers are in `teacher`.
struct MetaTrainState {
  ScriptModule teacher;
  at::Tensor scale;  // s, float32 [1]
  NamedTensors first_moments, second_moments;
  int64_t step = 0;
  double loss_sum = 0;
  std::vector<double> losses, accuracies;  // accuracies[0]: before the first step
  double best_accuracy = -1, best_scale = 0;
  int64_t best_epoch = -1;  // 0: before the first step
  NamedTensors best;
};

// torchvision's RandomResizedCrop: a random crop of a share `area`...1 of the image with an aspect ratio of 3/4 to 4/3,
// resized to `side` (bilinear, antialiased, rounded to bytes); uint8 [3, H, W].
at::Tensor RandomResizedCrop(const at::Tensor& image, int64_t side, double area, RandomStream& stream);

// Trains from `state` to the last epoch. The network stays in eval mode, as in PMF's released code. A loss that is not
// finite, or a validation accuracy below that of the untrained teacher: Error(kInternal) with the learning rate. Each
// step draws from streams (seed, "meta-train/...", 0, 0, step). `after_step` is a safe point.
void RunMetaTrain(const MetaTrainData& data, const MetaTrainOptions& options, uint64_t seed, MetaTrainState* state,
                  const std::function<void(const MetaTrainState&)>& after_step);

}  // namespace tint
