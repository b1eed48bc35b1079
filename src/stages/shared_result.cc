// SPDX-License-Identifier: Apache-2.0
#include "shared_result.h"

#include "tint/artifacts/lease.h"
#include "tint/base/durable.h"
#include "tint/base/error.h"
#include "tint/base/json.h"

namespace tint {

std::optional<CompletedStage> OpenOrMakeShared(const RunFolder& run, const StageKey& key, const c10::Device& device,
                                               const std::function<Json(StageWriter&)>& make) {
  const std::filesystem::path folder = run.SharedPath(key);
  if (auto done = CompletedStage::Open(folder)) {
    Lease::RemoveDead(folder.parent_path());
    return done;
  }
  CreateFoldersDurably(folder.parent_path());
  try {
    const Lease lease(folder.parent_path());
    if (auto done = CompletedStage::Open(folder)) return done;
    const CostMeter cost(device);
    StageWriter writer(folder, key);
    const Json metrics = make(writer);
    return writer.Finish(metrics, cost.SoFar());
  } catch (const Error& error) {
    if (error.code() != ExitCode::kLeased) throw;
  }
  return std::nullopt;
}

}  // namespace tint
