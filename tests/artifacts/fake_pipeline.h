// SPDX-License-Identifier: Apache-2.0
// Three small stages that build on each other, with checkpoints: what kills and damage are tried on.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>

#include "result_tree.h"
#include "tint/artifacts/stage_key.h"

namespace tint::testing {

inline constexpr int kUnitsOfFakePipeline = 18;  // 3 stages, 3 files each, 2 steps a file

// Runs what is missing of episode 0 of `run_folder`, under a lease. `units`, if given, counts steps computed.
void RunFakePipeline(const std::filesystem::path& run_folder, std::atomic<int>* units = nullptr);

// The key of a stage named `stage`, with one option.
StageKey FakeKey(const std::string& stage, double alpha = 1.0);

// A folder for a result of that key below `parent`.
inline std::filesystem::path FolderOf(const std::filesystem::path& parent, const StageKey& key) {
  return parent / key.Folder();
}

}  // namespace tint::testing
