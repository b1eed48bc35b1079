// SPDX-License-Identifier: Apache-2.0
// A result in the making. Everything is written under a temporary name, synced and linked; work in progress is kept in
// `.partial/` below the result's folder, which is removed when the stage is complete.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tint/artifacts/completed_stage.h"
#include "tint/artifacts/stage_key.h"
#include "tint/base/json_fwd.h"

namespace tint {

// A result in the making.
class StageWriter {
 public:
  // Creates the folder (its last part must be key.Folder()) and continues from what an interrupted run left: files
  // whose bytes no longer match the ledger are removed, with a warning, so that they are computed again.
  // TINT_CHECKPOINT_SECONDS that is not a number >= 0: Error(kBadConfiguration).
  StageWriter(std::filesystem::path folder, const StageKey& key);

  // Commits a finished file and notes its hash in `.partial/ledger.json`. `name` is
  // IsArtifactName, never a user's.
  void Put(const std::string& name, std::string_view bytes);
  // True if an earlier run put this file and it is still true.
  bool Has(const std::string& name) const;
  std::string Read(const std::string& name) const;

  // State inside the stage, replaced at once. Load gives nothing if there is none, or if it does not match its own hash
  // (then the work is done again, and a warning says so).
  void SaveCheckpoint(const std::string& name, std::string_view bytes);
  std::optional<std::string> LoadCheckpoint(const std::string& name) const;
  void DropCheckpoint(const std::string& name);
  // True at most every TINT_CHECKPOINT_SECONDS (default 20; 0: always): time to save again. By a clock that only grows.
  bool CheckpointDue() const;

  // Cost of earlier, interrupted runs of this key, as their checkpoints noted it.
  const StageCost& EarlierCost() const { return earlier_; }
  // Asked, whenever finished work is noted, for what this process has cost so far: an interrupted run's cost counts.
  // Without it only wall time does.
  void MeasureCostBy(std::function<StageCost()> cost_so_far) { cost_so_far_ = std::move(cost_so_far); }

  // Writes done.json and removes `.partial`. `cost` is this process's; that of earlier runs is added here (seconds
  // summed, peaks the larger). An existing done.json is accepted if it differs in cost alone: else
  // Error(kInternal).
  CompletedStage Finish(const Json& metrics, StageCost cost);
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
  void ReadLedger();
  void WriteLedger() const;
  StageCost TotalCost(StageCost of_this_process) const;
  std::string CheckpointSeal(const std::string& name, std::string_view bytes) const;

  StageKey key_;
  std::string key_sha256_;
  std::map<std::string, FileRecord> ledger_;
  StageCost earlier_;
  std::function<StageCost()> cost_so_far_;
  double checkpoint_seconds_ = 20;
  double started_ = 0;  // seconds of the steady clock
  mutable double last_checkpoint_ = 0;
};

}  // namespace tint
