// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tint/models/script_module.h"

namespace tint::internal {

// Replaces operators by those of cpu/ that are faster; the result is the same up to rounding. Rewrites the module's
// graphs: only for models that are not saved again, since other programs do not have these operators.
void RewriteWithCustomOps(const ScriptModule& module);

}  // namespace tint::internal
