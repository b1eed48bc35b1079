// SPDX-License-Identifier: Apache-2.0
// A check of an archive's names that libzip does not make.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace tint::internal {

// libzip returns names with each NUL byte replaced by a blank. If a name has a blank, this reads the archive's own
// directory. `names` as returned by libzip. A NUL byte: Error(kBadInput).
void CheckNoNulInNames(const std::filesystem::path& archive, const std::vector<std::string>& names);

}  // namespace tint::internal
