// SPDX-License-Identifier: Apache-2.0
// Temporary files of durable writes (durable.h) whose process is gone.
//
// Their names are `.tmp-HOST-BOOT-PID-START-RANDOM-NAME`.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace tint {

// True for names that WriteFileDurably and CommitFileOnce use before a file is complete.
bool IsTemporaryName(const std::string& file_name);

// Below `folder`, in no order: temporaries whose process no longer lives on this host (same boot: pid and start time
// are looked up; another boot of this host: dead; another host: dead when older than 24 h by the folder's file system).
// Folders that may not be read are left out.
std::vector<std::filesystem::path> DeadTemporaries(const std::filesystem::path& folder);
// Removes them.
void RemoveDeadTemporaries(const std::filesystem::path& folder);

}  // namespace tint
