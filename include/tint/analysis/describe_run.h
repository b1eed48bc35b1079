// SPDX-License-Identifier: Apache-2.0
// `tint inspect`: the results in a run folder, whether each is undamaged, and why a stage has several.
#pragma once

#include <string>
#include <vector>

#include "tint/artifacts/run_folder.h"
#include "tint/base/json.h"

namespace tint {

struct RunResult {
  std::string episode, stage, key;  // episode as EpisodeLabel has it
  bool complete = false;
  std::vector<std::string> problems = {};  // of a complete one: damage, one sentence each
  bool readable = false;                   // done.json could be read: only then the following is known
  Json components = {}, metrics = {};
  double seconds = 0;  // of work
  size_t files = 0;
  std::vector<std::string> differences = {};  // of its key from that of the result of this stage made before it
};

struct RunDescription {
  std::string run;
  Json manifest;
  std::vector<RunResult> results;  // by episode and stage, and there in the order in which they were made

  Json ToJson() const;
  std::string ToTable() const;
};

// Rehashes every file. `why`: fills RunResult::differences.
RunDescription DescribeRun(const RunFolder& run, bool why);

}  // namespace tint
