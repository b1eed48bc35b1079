// Fits the scale of a teacher's cosine classifier, for teachers that no meta-training gave one.
#pragma once

#include <cstdint>
#include <string>

#include "tint/base/json.h"
#include "tint/stages/options.h"

namespace tint {

struct CalibrateOptions {
  std::string models, dataset, episodes, device = "auto";
  int64_t queries = 15, count = 0, image_size = 0, threads = 0;
  ShellOptions shell;

  void Declare(CommandOptions& command);
};

// Features of the episodes' images by the set's teacher, prototypes of each episode, and the one scale under which
// the queries' classes are likeliest (CalibrateScale); models.json then states it as the teacher's logit_scale, unless
// dry-run. Episodes of a split test are Error(kBadInput): what was chosen on them has seen them. Gives {"models",
// "episodes", "queries", "accuracy", "logit_scale_before", "cross_entropy_before", "logit_scale", "cross_entropy",
// "written"}.
Json CalibrateTeacher(const CalibrateOptions& options);

}  // namespace tint
