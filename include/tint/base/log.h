// SPDX-License-Identifier: Apache-2.0
// Logging, on stderr, through spdlog: the only header that knows it.
#pragma once

#include <spdlog/spdlog.h>

#include <string>

namespace tint {

// level: trace, debug, info, warning, error, off. color: "auto", "always", "never"; NO_COLOR non-empty means never
// unless "always" was given on the command line.
void SetUpLogging(const std::string& level, const std::string& color);

}  // namespace tint
