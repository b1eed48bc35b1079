// SPDX-License-Identifier: Apache-2.0
// Scoring every episode of a file with a method that trains nothing: features once per image, then each episode
// separately.
#pragma once

#include <string>

#include "tint/base/json.h"
#include "tint/data/episode_file.h"
#include "tint/stages/options.h"

namespace tint {

struct MethodReport {
  Json json;          // schema 1, described in docs/file-formats.md
  std::string table;  // per episode and mean, in percent
};
// `tint evaluate --method`: reads global.dataset, episodes, queries, models, student, student-weights, device, dtype
// and threads, and the options of evaluate. Model role, data set or file missing: Error(kMissingInput). Stops at a
// signal.
MethodReport ScoreMethod(const RunOptions& options);

}  // namespace tint
