// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/run_survey.h"

#include "record.h"
#include "tint/base/temporaries.h"

namespace tint {

namespace fs = std::filesystem;

RunSurvey SurveyRun(const RunFolder& run) {
  RunSurvey survey;
  const fs::path episodes = run.path() / internal::kEpisodesFolder;
  for (const std::string& name : internal::NamesIn(episodes)) {
    const auto episode_idx = EpisodeOfFolderName(name);
    if (!episode_idx) continue;
    if (auto lease = internal::ReadLease(episodes / name)) {
      lease->episode_idx = *episode_idx;
      survey.leases.push_back(*lease);
    }
  }
  for (const RunFolder::Entry& entry : run.Entries()) {
    if (!entry.complete) survey.unfinished.push_back(entry);
  }
  survey.leftovers = DeadTemporaries(run.path());
  for (const fs::path& file : survey.leftovers) {
    std::error_code error;
    const uint64_t size = fs::file_size(file, error);
    if (!error) survey.leftover_bytes += size;
  }
  return survey;
}

}  // namespace tint
