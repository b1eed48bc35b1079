// The photos as textual inversion sees them: encoded once, with the versions that augmentation draws from.
#pragma once

#include "tint/inversion/textual_inversion.h"
#include "tint/stages/stage.h"

namespace tint {

// One problem a class of `classes`, on the run's device: each photo (and each version of it) encoded alone, so that a
// latent does not depend on its neighbours.
std::vector<TextualInversionProblem> EncodeProblems(const StageContext& context, const CompletedStage& super_resolve,
                                                    const std::vector<int64_t>& classes);

}  // namespace tint
