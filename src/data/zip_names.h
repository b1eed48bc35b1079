// The one thing about an archive's names that libzip does not tell.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace tint::internal {

// libzip hands out names with each NUL byte turned into a blank. Where a name holds a blank, this looks at the
// archive's own directory. `names` as libzip gave them. A NUL: Error(kBadInput).
void RefuseNulInNames(const std::filesystem::path& archive, const std::vector<std::string>& names);

}  // namespace tint::internal
