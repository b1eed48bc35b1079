// Results that all episodes of a run use: RUN/shared/<stage>/<key>/.
#pragma once

#include <functional>
#include <optional>

#include "tint/artifacts/run_folder.h"
#include "tint/stages/cost_meter.h"

namespace tint {

// The result of this key, made first if it is not there: `make` writes its files and gives its metrics. Nothing where
// another worker is making it.
std::optional<CompletedStage> OpenOrMakeShared(const RunFolder& run, const StageKey& key, const c10::Device& device,
                                               const std::function<Json(StageWriter&)>& make);

}  // namespace tint
