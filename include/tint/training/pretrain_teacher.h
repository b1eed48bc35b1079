// Meta-trains the teacher of a model set on base classes.
#pragma once

#include <string>

#include "tint/base/json.h"
#include "tint/fewshot/meta_train.h"
#include "tint/training/training_options.h"

namespace tint {

struct PretrainTeacherOptions : TrainingOptions {
  int64_t validation_queries = 15;
  MetaTrainOptions training;

  void Declare(CommandOptions& command);
};

// Starts from the set's role teacher and trains (or goes on, or finds it done) in WORK/pretrain-teacher/<key>/:
// teacher.pt, the best of all validations, and curve.json; then the set's teacher is that one, with its logit scale.
// Validation below the untrained teacher's: Error(kInternal), and the set keeps its teacher. WORK is MODELS/pretrain
// unless given. What it gives: {"file", "folder", "epochs", "best_epoch", "validation_accuracy", "untrained_accuracy",
// "logit_scale", "reused", ...}.
Json PretrainTeacher(const PretrainTeacherOptions& options);

}  // namespace tint
