// SPDX-License-Identifier: Apache-2.0
// What is in a run folder besides its results: leases of workers, and what killed workers left.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tint/artifacts/run_folder.h"

namespace tint {

struct LeaseSurvey {
  uint64_t episode_idx = 0;
  std::string host;  // "" where the lease cannot be read
  int64_t pid = 0;
  double age_seconds = 0;  // since the last heartbeat, by this machine's clock
  bool dead = false;       // the next worker takes the episode over at once
};
struct RunSurvey {
  std::vector<LeaseSurvey> leases;
  std::vector<RunFolder::Entry> unfinished;      // results without done.json, of episodes; without shared ones
  std::vector<std::filesystem::path> leftovers;  // temporaries of dead processes
  uint64_t leftover_bytes = 0;
};
// Reads only; hashes nothing.
RunSurvey SurveyRun(const RunFolder& run);

namespace internal {
// The lease of an episode's folder, judged as the next worker would; nothing where there is none.
std::optional<LeaseSurvey> ReadLease(const std::filesystem::path& episode_folder);
}  // namespace internal

}  // namespace tint
