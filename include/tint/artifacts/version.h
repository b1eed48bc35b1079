// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace tint {

// "0.1.0": written into every record, beside the schema of records.
std::string ToolVersion();

}  // namespace tint
