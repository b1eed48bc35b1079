// SPDX-License-Identifier: Apache-2.0
// Files that survive a kill and a power cut: a file under its final name is complete.
//
// Every write goes to a temporary name in the same folder, is fsynced, then renamed (WriteFileDurably) or linked
// (CommitFileOnce), and the folder is fsynced. temporaries.h names and removes what a killed process leaves.
#pragma once

#include <filesystem>
#include <string_view>

namespace tint {

// Replaces `path` atomically and durably. ENOSPC, EDQUOT, EIO, EFBIG and the like: kInputOutput naming file and errno;
// EACCES, EROFS, ENOENT, ENOTDIR at creation: kCannotCreate. The temporary is removed on failure; fsync is never
// retried.
void WriteFileDurably(const std::filesystem::path& path, std::string_view bytes);

// As WriteFileDurably, but an existing file is never replaced: equal bytes are accepted, different ones are
// Error(kInternal) "two runs of the same key differ".
void CommitFileOnce(const std::filesystem::path& path, std::string_view bytes);

// mkdir -p, each new folder's parent fsynced. Not possible: kCannotCreate.
void CreateFoldersDurably(const std::filesystem::path& folder);
void SyncFolder(const std::filesystem::path& folder);

}  // namespace tint
