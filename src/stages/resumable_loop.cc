// SPDX-License-Identifier: Apache-2.0
#include "tint/stages/resumable_loop.h"

#include <optional>

#include "tint/base/log.h"
#include "tint/base/stop.h"

namespace tint {

void RunResumable(StageWriter& writer, const ResumableLoop& loop,
                  const std::function<void(int64_t finished, const AfterSteps& after_steps)>& run) {
  int64_t done = 0;
  if (const auto saved = writer.LoadCheckpoint(loop.checkpoint)) {
    done = loop.load(*saved);
    spdlog::info("{}: resuming at step {} of {}", loop.name, done, loop.total);
  }
  std::optional<Progress> own;
  if (loop.progress != nullptr) {
    loop.progress->Advance(done);
  } else {
    own.emplace(loop.name, loop.unit, loop.total);
    own->StartFrom(done);
  }
  Progress& progress = loop.progress != nullptr ? *loop.progress : *own;
  run(done, [&](int64_t steps) {
    done += steps;
    progress.Advance(steps);
    if (StopRequested() || writer.CheckpointDue() || (loop.keep_finished && done == loop.total))
      writer.SaveCheckpoint(loop.checkpoint, loop.save());
    ThrowIfStopRequested();
  });
}

}  // namespace tint
