// SPDX-License-Identifier: Apache-2.0
// Distillation of the teacher's labels into a student from up to three sources. Paper section 3.3; docs/method.md,
// Distillation.
//
//   L = w_s CE(support) + w_b KD(base) + w_g KD(synthetic),  KD = T^2/B sum_rows sum_c p_c (log p_c - log q_c),
//   p = softmax(teacher/T), q = softmax(student/T); SGD with momentum and weight decay, learning rate x 0.1 after half
//   of the steps.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tint/fewshot/precision.h"
#include "tint/fewshot/student_options.h"
#include "tint/image/augment.h"
#include "tint/models/script_module.h"
#include "tint/optim/sgd.h"
#include "tint/options/option.h"

namespace tint {

// Labels of images without labels. kTeacher: cosine to the teacher's prototypes; logistic regression: on the teacher's
// features, or on those of the pre-trained student (LabelHalluc); kClass, of synthetic images: the class that they were
// generated for (Table 2's "None").
enum class PseudoLabels { kTeacher, kTeacherLogisticRegression, kLogisticRegression, kClass };
template <>
struct EnumNames<PseudoLabels> {
  static constexpr EnumName<PseudoLabels> kNames[] = {
      {PseudoLabels::kTeacher, "teacher"},
      {PseudoLabels::kTeacherLogisticRegression, "teacher-logistic-regression"},
      {PseudoLabels::kLogisticRegression, "logistic-regression"},
      {PseudoLabels::kClass, "class"}};
};

// Of batch norm: over the whole batch, or over each source of images alone.
enum class BatchStatistics { kShared, kPerSource };
template <>
struct EnumNames<BatchStatistics> {
  static constexpr EnumName<BatchStatistics> kNames[] = {{BatchStatistics::kShared, "shared"},
                                                         {BatchStatistics::kPerSource, "per-source"}};
};

struct DistillOptions {
  int64_t steps = 10000;
  int64_t batch_size =
      150;  // in equal parts from the present sources; the first ones get one more if it does not divide
  double learning_rate = 0.02;
  double classifier_learning_rate = 0;  // 0: learning_rate
  bool freeze_first_conv = false;
  double momentum = 0.9;
  double weight_decay = 5e-4;
  double decay_at = 0.5;  // share of the steps after which the learning rate is multiplied by decay_factor
  double decay_factor = 0.1;
  double temperature = 4.0;
  double support_weight = 1.0, base_weight = 1.0, synthetic_weight = 1.0;
  int64_t base_images = 0;  // 0 = all
  bool normalize_features = true;
  PseudoLabels synthetic_labels = PseudoLabels::kTeacher;
  PseudoLabels base_labels = PseudoLabels::kTeacher;
  BatchStatistics batch_norm = BatchStatistics::kShared;
  int64_t support_copies = 5;
  int64_t synthetic_images = 0;
  int64_t evaluate_every = 0;
  TrainingPrecision precision = TrainingPrecision::kFloat32;
  AugmentationOptions augmentation;
  StudentOptions student;

  void Declare(OptionList& list);
};

// Images of one source, resident in memory, with their labels.
struct DistillSource {
  std::string name;   // "support", "base", "synthetic"
  at::Tensor images;  // uint8 [M, 3, S, S]
  at::Tensor labels;  // int64 [M] for CE, or undefined
  at::Tensor logits;  // float32 [M, N] teacher logits for KD, or undefined (exactly one of the two)
  double weight = 1.0;
};

// Mean cross-entropy; logits [B, N], labels int64 [B].
at::Tensor CrossEntropyLoss(const at::Tensor& logits, const at::Tensor& labels);
// T^2/B KL(teacher || student), both [B, N]. Equal logits give 0.
at::Tensor KnowledgeDistillationLoss(const at::Tensor& student_logits, const at::Tensor& teacher_logits,
                                     double temperature);
// lr of step k (from 0); the classifier's has the same schedule.
double DistillLearningRate(const DistillOptions& options, int64_t step);
double DistillClassifierLearningRate(const DistillOptions& options, int64_t step);

// Everything that resuming needs; the student's parameters and buffers are in `student`.
struct DistillState {
  ScriptModule student;
  Momenta momenta;
  at::Tensor losses;  // [steps, 3] support, base, synthetic (NaN where a source is absent)
  int64_t step = 0;
};

struct DistillStreams {
  uint64_t seed = 0;
  uint64_t episode_idx = 0;
};

// Mean loss of each source on its first (at most 64) images, not augmented, student in eval mode: comparable before
// and after.
std::vector<double> FixedImagesLoss(const ScriptModule& student, const std::vector<DistillSource>& sources,
                                    const DistillOptions& options, const std::vector<double>& mean,
                                    const std::vector<double>& std);

// Each step: batch/sources images of each source (shuffled passes), augmented, normalised, in ONE forward in train
// mode (shared batch statistics; batch_norm "per-source": a forward each, and the running statistics follow the first
// of base, synthetic, support that is present), weighted losses summed, SGD. Position p (from the start) of a source
// draws from the streams (seed, "distill/<source>/order", episode, 0, pass p / M) and (seed,
// "distill/<source>/augment", episode, 0, p). Computes where the student is; leaves it in eval mode. `after_step` is a
// safe point. Non-finite loss: Error(kInternal) naming step and learning rate.
void RunDistill(const std::vector<DistillSource>& sources, const DistillOptions& options,
                const std::vector<double>& mean, const std::vector<double>& std, const DistillStreams& streams,
                DistillState* state, const std::function<void(const DistillState&)>& after_step = {});

// Logits float32 [M, N] on the CPU of uint8 images in eval mode, in fixed batches: a prediction does not depend on
// the other images.
inline constexpr int64_t kStudentBatch = 64;
at::Tensor StudentLogits(const ScriptModule& student, const at::Tensor& images, const std::vector<double>& mean,
                         const std::vector<double>& std, const c10::Device& device,
                         const std::function<void(int64_t)>& after_batch = {});

}  // namespace tint
