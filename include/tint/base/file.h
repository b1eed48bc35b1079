// SPDX-License-Identifier: Apache-2.0
// Reading files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace tint {

inline constexpr uint64_t kNoSizeLimit = ~uint64_t{0};

// Opens regular files only (O_NOFOLLOW is not set: users may link their photos). Missing: kMissingInput; no permission:
// kUntrusted; not a regular file or larger than `limit`: kBadInput; read error: kInputOutput. EINTR is retried.
std::string ReadFile(const std::filesystem::path& path, uint64_t limit = kNoSizeLimit);

// Free bytes on the file system of `folder` (or of its nearest existing parent).
uint64_t FreeBytes(const std::filesystem::path& folder);

}  // namespace tint
