// SPDX-License-Identifier: Apache-2.0
// Episode files that come with the program.
#pragma once

#include <filesystem>
#include <string>

namespace tint {

// configs/episodes/<dataset>-<list>.json, such as miniimagenet-test-5way-5shot.json: in the source tree of the build,
// or below share/tint where tint is installed. If it does not exist: Error(kUsage) with the flag that names another
// file and the command that draws one.
std::filesystem::path BundledEpisodes(const std::string& dataset, const std::string& list, const std::string& flag);

}  // namespace tint
