// SPDX-License-Identifier: Apache-2.0
// Results that all episodes of a run use: RUN/shared/<stage>/<key>/.
#pragma once

#include <functional>
#include <optional>

#include "tint/artifacts/run_folder.h"
#include "tint/artifacts/stage_writer.h"
#include "tint/base/json.h"
#include "tint/stages/cost_meter.h"

namespace tint {

// The result of this key; where it does not exist, `make` writes its files and returns its metrics. Nothing while
// another worker is making it.
std::optional<CompletedStage> OpenOrMakeShared(const RunFolder& run, const StageKey& key, const c10::Device& device,
                                               const std::function<Json(StageWriter&)>& make);

}  // namespace tint
