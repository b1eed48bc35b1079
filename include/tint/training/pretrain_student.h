// SPDX-License-Identifier: Apache-2.0
// Pre-trains a student on base classes and adds it to a model set.
#pragma once

#include <string>

#include "tint/base/json_fwd.h"
#include "tint/fewshot/pretrain.h"
#include "tint/training/training_options.h"

namespace tint {

struct PretrainStudentOptions : TrainingOptions {
  std::string generation_0;
  std::string student = "conv4";
  PretrainOptions training;

  void Declare(CommandOptions& command);
};

// Trains (or resumes, or reuses a finished training) in WORK/pretrain-student/<key>/: backbone.pt, the best of all
// validations; pretrainer.pt, the last state with its heads, which generation 1 follows; curve.json. Then puts the
// backbone into the model set as role student-<architecture>. WORK is MODELS/pretrain unless given; a missing model set
// is created. Returns {"student", "file", "folder", "epochs", "best_epoch", "validation_accuracy", "reused", ...}.
Json PretrainStudent(const PretrainStudentOptions& options);

}  // namespace tint
