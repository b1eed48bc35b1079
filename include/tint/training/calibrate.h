// SPDX-License-Identifier: Apache-2.0
// Fits the scale of a teacher's cosine classifier, for teachers whose scale was not meta-trained.
#pragma once

#include <cstdint>
#include <string>

#include "tint/base/json_fwd.h"
#include "tint/stages/options.h"

namespace tint {

struct CalibrateOptions {
  std::string models, dataset, episodes, device = "auto";
  int64_t queries = 15, count = 0, image_size = 0, threads = 0;
  bool dry_run = false;  // set by the command, from ShellOptions

  void Declare(CommandOptions& command);
};

// Features of the episodes' images by the set's teacher, prototypes of each episode, and the scale that maximizes
// the likelihood of the queries' classes (CalibrateScale), which becomes the teacher's logit_scale in models.json
// unless dry-run. Episodes of a test split: Error(kBadInput), since the scale must not be fitted to them. Returns
// {"models", "episodes", "queries", "accuracy", "logit_scale_before", "cross_entropy_before", "logit_scale",
// "cross_entropy", "written"}.
Json CalibrateTeacher(const CalibrateOptions& options);

}  // namespace tint
