// Temporaries of the durable writes in file.h that nobody will finish.
#pragma once

#include <filesystem>
#include <vector>

namespace tint {

// Below `folder`, in no order: what RemoveDeadTemporaries would remove. Folders that may not be read are left out.
std::vector<std::filesystem::path> DeadTemporaries(const std::filesystem::path& folder);

}  // namespace tint
