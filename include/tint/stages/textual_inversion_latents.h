// SPDX-License-Identifier: Apache-2.0
// The photos as textual inversion sees them: encoded once, with the versions that augmentation draws from.
#pragma once

#include <vector>

#include "tint/artifacts/completed_stage.h"
#include "tint/inversion/textual_inversion.h"
#include "tint/models/model_set.h"
#include "tint/stages/run_settings.h"

namespace tint {

// One problem for each class of `classes`, on the run's device: each photo (and each version of it) encoded alone, so
// that a latent does not depend on its neighbours.
std::vector<TextualInversionProblem> EncodeProblems(const TextualInversionOptions& options, const RunEpisode& episode,
                                                    const RunSettings& settings, const ModelSet& models,
                                                    const CompletedStage& super_resolve,
                                                    const std::vector<int64_t>& classes);

}  // namespace tint
