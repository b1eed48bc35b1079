#pragma once

#include "tint/models/script_module.h"

namespace tint::internal {

// Hands what own kernels do faster to them; the result is the same to rounding. Rewrites the module's graphs: for
// models that are only used. One that is saved again would ask other programs for an operator they do not have.
void RewriteWithCustomOps(const ScriptModule& module);

}  // namespace tint::internal
