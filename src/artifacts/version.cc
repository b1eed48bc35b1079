// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/version.h"

namespace tint {

std::string ToolVersion() { return TINT_VERSION; }

}  // namespace tint
