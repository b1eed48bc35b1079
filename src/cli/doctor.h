// SPDX-License-Identifier: Apache-2.0
// The checks of `tint doctor`, area by area.
#pragma once

#include <string>
#include <vector>

#include "tint/base/error.h"

namespace tint {

struct Finding {
  enum class State { kOk, kWarning, kError };  // kWarning: something is missing that only some commands need
  std::string topic;                           // "processor", "models", ...
  State state = State::kOk;
  std::string what;                 // one line
  std::string fix;                  // a shell command; "" where there is nothing to do, or nothing can be done
  std::vector<std::string> blocks;  // commands that do not work until it is fixed
  ExitCode code = ExitCode::kDone;  // of an error: the exit code of a command that would meet it
};
using Findings = std::vector<Finding>;

// Processor, memory, disk of `folder` (or of its nearest existing parent), locale, libraries, GPU.
Findings ExamineMachine(const std::string& folder);
// models.json, the hash of every file it lists, missing roles. `folder` may be "": no model set was given.
Findings ExamineModels(const std::string& folder);
// The data sets in $TINT_DATA.
Findings ExamineData();
// A run folder: whether it can be written, every hash of its results, leases, unfinished stages, leftovers.
Findings ExamineRun(const std::string& folder);

}  // namespace tint
