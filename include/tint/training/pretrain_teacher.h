// SPDX-License-Identifier: Apache-2.0
// Meta-trains the teacher of a model set on base classes.
#pragma once

#include <string>

#include "tint/base/json_fwd.h"
#include "tint/fewshot/meta_train.h"
#include "tint/training/training_options.h"

namespace tint {

struct PretrainTeacherOptions : TrainingOptions {
  int64_t validation_queries = 15;
  MetaTrainOptions training;

  void Declare(CommandOptions& command);
};

// Starts from the set's role teacher and trains (or resumes, or reuses a finished training) in
// WORK/pretrain-teacher/<key>/: teacher.pt, the best of all validations, and curve.json; then replaces the set's
// teacher and its logit scale. Validation below the untrained teacher's: Error(kInternal), and the set keeps its
// teacher. WORK is MODELS/pretrain unless given. Returns {"file", "folder", "epochs", "best_epoch",
// "validation_accuracy", "untrained_accuracy", "logit_scale", "reused", ...}.
Json PretrainTeacher(const PretrainTeacherOptions& options);

}  // namespace tint
