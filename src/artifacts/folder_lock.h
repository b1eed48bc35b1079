// SPDX-License-Identifier: Apache-2.0
// Holds other processes of this machine off a folder for a moment: while run.json is merged, or a lease changes hands.
#pragma once

#include <filesystem>

namespace tint::internal {

// flock(2) on the folder itself, so no file is left. Best effort: where the file system cannot lock folders (NFS), or
// the lock is not free within 2 s, it continues without a lock: no file depends on it.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace tint::internal
