// What `tint doctor` finds, area by area.
#pragma once

#include <string>
#include <vector>

#include "tint/base/error.h"

namespace tint {

struct Finding {
  enum class State { kOk, kNote, kBroken };  // kNote: something is absent that not every run needs
  std::string topic;                         // "processor", "models", ...
  State state = State::kOk;
  std::string what;                 // one line
  std::string fix;                  // a line for the shell; "" where nothing is to be done, or nothing can be
  std::vector<std::string> blocks;  // commands that cannot do their work meanwhile
  ExitCode code = ExitCode::kDone;  // of a broken one: that of the command that would meet it
};
using Findings = std::vector<Finding>;

// Processor, memory, disk of `folder` (or of its nearest existing parent), locale, libraries, GPU.
Findings ExamineMachine(const std::string& folder);
// models.json, the hash of every file it lists, roles that are absent. `folder` may be "": no set was named.
Findings ExamineModels(const std::string& folder);
// The data sets below $TINT_DATA.
Findings ExamineData();
// A run folder: whether it can be written, every hash of its results, leases, unfinished stages, leftovers.
Findings ExamineRun(const std::string& folder);

}  // namespace tint
