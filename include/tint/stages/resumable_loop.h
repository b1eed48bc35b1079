// SPDX-License-Identifier: Apache-2.0
// A long loop inside a stage that can be stopped at any step and run again: the result is that of one run.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "tint/artifacts/stage_writer.h"
#include "tint/base/progress.h"

namespace tint {

struct ResumableLoop {
  std::string name;        // of the stage, for log and progress: "distill"
  std::string unit;        // of the progress: "steps"
  int64_t total = 0;       // number of steps
  std::string checkpoint;  // name of the file that keeps the state
  // Restores the state from the checkpoint's bytes and returns the number of finished steps; bytes of the state.
  std::function<int64_t(const std::string& bytes)> load;
  std::function<std::string()> save;
  bool keep_finished = false;    // also save the state after the last step, for loops whose checkpoint is read later
  Progress* progress = nullptr;  // of several loops together; null: one for this loop alone
};

// To be called after `steps` more steps, with the state of that moment: a safe point.
using AfterSteps = std::function<void(int64_t steps)>;

// Loads the checkpoint, if there is one, and calls run(finished, after_steps), which does the remaining steps and calls
// `after_steps`. There the state is saved when a stop is requested or a checkpoint is due (StageWriter::CheckpointDue),
// and a requested stop throws Error(kStopped).
void RunResumable(StageWriter& writer, const ResumableLoop& loop,
                  const std::function<void(int64_t finished, const AfterSteps& after_steps)>& run);

}  // namespace tint
