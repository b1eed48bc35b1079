// Files that survive a kill and a power cut: what stands under a final name is whole.
//
// Every write goes to a temporary name in the same folder, is fsynced, then renamed (WriteFileDurably) or linked
// (CommitFileOnce), and the folder is fsynced. Temporary names are `.tmp-HOST-BOOT-PID-START-RANDOM-NAME`; they are
// removed by RemoveDeadTemporaries when the process that made them is gone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace tint {

inline constexpr uint64_t kNoSizeLimit = ~uint64_t{0};

// Opens regular files only (O_NOFOLLOW is not set: users may link their photos). Missing: kMissingInput; no permission:
// kUntrusted; not a regular file or larger than `limit`: kBadInput; read error: kInputOutput. EINTR is retried.
std::string ReadFile(const std::filesystem::path& path, uint64_t limit = kNoSizeLimit);

// Replaces `path` at once and durably. ENOSPC, EDQUOT, EIO, EFBIG and the like: kInputOutput naming file and errno;
// EACCES, EROFS, ENOENT, ENOTDIR at creation: kCannotCreate. The temporary is removed on failure; fsync is never
// retried.
void WriteFileDurably(const std::filesystem::path& path, std::string_view bytes);

// As WriteFileDurably, but an existing file is never replaced: equal bytes are accepted, different ones are
// Error(kInternal) "two runs of the same key differ".
void CommitFileOnce(const std::filesystem::path& path, std::string_view bytes);

// mkdir -p, each new folder's parent fsynced. Not possible: kCannotCreate.
void CreateFoldersDurably(const std::filesystem::path& folder);
void SyncFolder(const std::filesystem::path& folder);

// True for names that WriteFileDurably and CommitFileOnce use before a file is whole.
bool IsTemporaryName(const std::string& file_name);
// Removes, below `folder`, temporaries whose process no longer lives on this host (same boot: pid and start time are
// looked up; another boot of this host: dead; another host: dead when older than 24 h by the folder's file system).
void RemoveDeadTemporaries(const std::filesystem::path& folder);

// Free bytes on the file system of `folder` (or of its nearest existing parent).
uint64_t FreeBytes(const std::filesystem::path& folder);

// Who this process is, for temporaries and leases.
struct ProcessIdentity {
  std::string host;     // its name; inside a container also the number of its process-id namespace
  std::string boot_id;  // /proc/sys/kernel/random/boot_id
  int64_t pid = 0;
  uint64_t start_ticks = 0;  // field 22 of /proc/PID/stat: tells a reused pid from the old process
  bool operator==(const ProcessIdentity&) const = default;
};
ProcessIdentity ThisProcess();
// Same host and boot, and no process with this pid and start time. False when it runs elsewhere: nobody can know.
bool IsKnownDead(const ProcessIdentity& process);

}  // namespace tint
